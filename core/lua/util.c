/* Helpers shared by the bindings. */
#include "util.h"

#include <string.h>

int alm_lua_fail(lua_State *L, const alm_error *err) {
  lua_pushnil(L);
  lua_pushstring(L, err->message);
  lua_pushstring(L, alm_code_name(err->code));
  return 3;
}

void alm_lua_class(lua_State *L, const char *name, const luaL_Reg *methods,
                   lua_CFunction close) {
  luaL_newmetatable(L, name);
  lua_newtable(L); /* metatable, methods */
  luaL_setfuncs(L, methods, 0);
  if (close) {
    lua_pushcfunction(L, close);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "close");
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "__gc");
    lua_setfield(L, -3, "__close");
  }
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

/* ---- handles ---- */

void **alm_lua_box(lua_State *L, const char *name) {
  void **box = lua_newuserdatauv(L, sizeof *box, 1);
  *box = NULL;
  luaL_setmetatable(L, name);
  return box;
}

void *alm_lua_handle(lua_State *L, int index, const char *name, const char *closed) {
  void **box = luaL_checkudata(L, index, name);
  luaL_argcheck(L, *box, index, closed);
  return *box;
}

void *alm_lua_take(lua_State *L, const char *name) {
  void **box = luaL_checkudata(L, 1, name), *handle = *box;
  *box = NULL;
  return handle;
}

/* ---- results ---- */

int alm_lua_done(lua_State *L, bool done, const alm_error *err) {
  if (!done) return alm_lua_fail(L, err);
  lua_pushboolean(L, true);
  return 1;
}

void alm_lua_set_string(lua_State *L, const char *name, const char *text, size_t length) {
  lua_pushlstring(L, text, length);
  lua_setfield(L, -2, name);
}

void alm_lua_set_integer(lua_State *L, const char *name, lua_Integer value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

/* ---- fields of an argument ---- */

static int bad_field(lua_State *L, int index, const char *name,
                     const char *expected) {
  const char *message =
      lua_pushfstring(L, "bad field '%s' (%s expected, got %s)", name, expected,
                      luaL_typename(L, -1));
  return luaL_argerror(L, index, message);
}

const char *alm_lua_field_string(lua_State *L, int index, const char *name,
                                 const char *fallback, size_t *length) {
  const char *text = fallback;
  if (length) *length = fallback ? strlen(fallback) : 0;
  int type = lua_getfield(L, index, name);
  if (type == LUA_TSTRING)
    text = lua_tolstring(L, -1, length);
  else if (type != LUA_TNIL)
    bad_field(L, index, name, "string");
  lua_pop(L, 1);
  return text;
}

double alm_lua_field_number(lua_State *L, int index, const char *name,
                            double fallback) {
  double number = fallback;
  int type = lua_getfield(L, index, name);
  if (type == LUA_TNUMBER)
    number = lua_tonumber(L, -1);
  else if (type != LUA_TNIL)
    bad_field(L, index, name, "number");
  lua_pop(L, 1);
  return number;
}

lua_Integer alm_lua_field_integer(lua_State *L, int index, const char *name,
                                  lua_Integer fallback) {
  lua_Integer number = fallback;
  int type = lua_getfield(L, index, name);
  if (type != LUA_TNIL) {
    int whole = 0;
    number = type == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : 0;
    if (!whole) bad_field(L, index, name, "integer");
  }
  lua_pop(L, 1);
  return number;
}

bool alm_lua_field_bool(lua_State *L, int index, const char *name,
                        bool fallback) {
  bool value = fallback;
  int type = lua_getfield(L, index, name);
  if (type == LUA_TBOOLEAN)
    value = lua_toboolean(L, -1);
  else if (type != LUA_TNIL)
    bad_field(L, index, name, "boolean");
  lua_pop(L, 1);
  return value;
}

static bool is_known(const char *name, const char *const *known) {
  for (; *known; known++)
    if (strcmp(name, *known) == 0) return true;
  return false;
}

void alm_lua_known_fields(lua_State *L, int index, const char *const *known) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_argerror(L, index, "fields have names");
    if (!is_known(lua_tostring(L, -1), known))
      luaL_argerror(L, index, lua_pushfstring(L, "unknown field '%s'",
                                              lua_tostring(L, -1)));
  }
}
