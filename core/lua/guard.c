/* almanac.core.guard: a process without rights that answers messages. */
#include "../guard/guard.h"

#include <lauxlib.h>

#include "modules.h"
#include "scratch.h"
#include "util.h"
#include "wire.h"

#define CLASS "almanac.guard"

static alm_guard *check_guard(lua_State *L) {
  return alm_lua_handle(L, 1, CLASS, "the guard is closed");
}

static int f_open(lua_State *L) {
  static const char *const known[] = {"library", "seconds", "silence", NULL};
  luaL_checktype(L, 1, LUA_TTABLE);
  alm_lua_known_fields(L, 1, known);
  alm_guard_options options = {
      .library = alm_lua_field_string(L, 1, "library", "", NULL),
      .seconds = alm_lua_field_number(L, 1, "seconds", 5),
      .silence = alm_lua_field_number(L, 1, "silence", 30)};
  luaL_argcheck(L, options.seconds >= 0.01, 1, "seconds: at least 0.01");
  alm_error err;
  void **box = alm_lua_box(L, CLASS);
  *box = alm_guard_open(&options, &err);
  return *box ? 1 : alm_lua_fail(L, &err);
}

static int f_send(lua_State *L) {
  alm_guard *guard = check_guard(L);
  alm_error err;
  luaL_checkany(L, 2);
  alm_buf *buf = alm_lua_scratch(L, ALM_GUARD_LONGEST);
  alm_lua_wire_add(L, buf, 2);
  bool ok = alm_guard_send(guard, buf->data, buf->length, &err);
  alm_lua_scratch_done(L, -1);
  return alm_lua_done(L, ok, &err);
}

static int f_receive(lua_State *L) {
  alm_guard *guard = check_guard(L);
  alm_error err;
  lua_Integer signs = luaL_optinteger(L, 2, 0);
  alm_buf *buf = alm_lua_scratch(L, ALM_GUARD_LONGEST);
  if (!alm_guard_receive(guard, (long)signs, buf, &err))
    return alm_lua_fail(L, &err);
  int place = lua_gettop(L);
  bool ok = alm_lua_wire_push(L, alm_buf_text(buf), buf->length);
  alm_lua_scratch_done(L, place);
  if (ok) return 1;
  alm_fail(&err, ALM_PARSE, "the recipe's process answered nonsense");
  return alm_lua_fail(L, &err);
}

static int f_pid(lua_State *L) {
  lua_pushinteger(L, alm_guard_pid(check_guard(L)));
  return 1;
}

static int f_close(lua_State *L) {
  alm_guard_close(alm_lua_take(L, CLASS));
  return 0;
}

int alm_open_guard(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"send", f_send}, {"receive", f_receive}, {"pid", f_pid}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"open", f_open}, {NULL, NULL}};
  alm_lua_class(L, CLASS, methods, f_close);
  luaL_newlib(L, functions);
  return 1;
}
