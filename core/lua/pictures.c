/* almanac.core.pictures: workers that look at pictures and make derivatives. */
#include "../picture/pictures.h"

#include <lauxlib.h>
#include <string.h>

#include "modules.h"
#include "util.h"

#define CLASS "almanac.pictures"

static alm_pictures *check_pool(lua_State *L) {
  return alm_lua_handle(L, 1, CLASS, "the picture workers are closed");
}

static int f_open(lua_State *L) {
  static const char *const known[] = {"workers", "memory", "silence", NULL};
  luaL_checktype(L, 1, LUA_TTABLE);
  alm_lua_known_fields(L, 1, known);
  alm_pictures_options options = {.workers = (int)alm_lua_field_integer(L, 1, "workers", 0),
                                  .memory = alm_lua_field_number(L, 1, "memory", 1 << 30),
                                  .silence = alm_lua_field_number(L, 1, "silence", 60)};
  luaL_argcheck(L, options.workers >= 0, 1, "workers: not negative");
  alm_error err;
  void **box = alm_lua_box(L, CLASS);
  *box = alm_pictures_open(&options, &err);
  return *box ? 1 : alm_lua_fail(L, &err);
}

static int f_free(lua_State *L) {
  lua_pushinteger(L, alm_pictures_free(check_pool(L)));
  return 1;
}

static int f_ask(lua_State *L) {
  static const char *const known[] = {"picture", "out", "scratch", NULL};
  alm_pictures *pool = check_pool(L);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  luaL_checktype(L, 3, LUA_TTABLE);
  alm_lua_known_fields(L, 3, known);
  alm_pictures_paths paths = {.picture = alm_lua_field_string(L, 3, "picture", "", NULL),
                              .out = alm_lua_field_string(L, 3, "out", NULL, NULL),
                              .scratch = alm_lua_field_string(L, 3, "scratch", NULL, NULL)};
  alm_error err;
  long number = alm_pictures_ask(pool, text, length, &paths, &err);
  if (number < 0) return alm_lua_fail(L, &err);
  lua_pushinteger(L, number);
  return 1;
}

static void push_result(lua_State *L, const alm_pictures_result *result) {
  lua_newtable(L);
  alm_lua_set_integer(L, "number", result->number);
  if (!result->ended) {
    alm_lua_set_string(L, "answer", result->answer->data, result->answer->length);
    return;
  }
  const char *code = alm_code_name(result->err.code);
  alm_lua_set_string(L, "message", result->err.message, strlen(result->err.message));
  alm_lua_set_string(L, "code", code, strlen(code));
}

/* seconds -> a list of { number, answer } or { number, message, code } */
static int f_wait(lua_State *L) {
  alm_pictures *pool = check_pool(L);
  double seconds = luaL_checknumber(L, 2);
  alm_pictures_result result;
  lua_newtable(L);
  for (lua_Integer n = 1; alm_pictures_wait(pool, n == 1 ? seconds : 0, &result); n++) {
    push_result(L, &result);
    lua_rawseti(L, -2, n);
  }
  return 1;
}

static int f_fd(lua_State *L) {
  lua_pushinteger(L, alm_pictures_fd(check_pool(L)));
  return 1;
}

static int f_close(lua_State *L) {
  alm_pictures_close(alm_lua_take(L, CLASS));
  return 0;
}

int alm_open_pictures(lua_State *L) {
  static const luaL_Reg methods[] = {{"free", f_free}, {"ask", f_ask}, {"wait", f_wait}, {"fd", f_fd}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"open", f_open}, {NULL, NULL}};
  alm_lua_class(L, CLASS, methods, f_close);
  luaL_newlib(L, functions);
  return 1;
}
