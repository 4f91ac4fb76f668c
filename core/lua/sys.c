/* almanac.core.sys: clocks, names, signals. */
#include <lauxlib.h>
#include <unistd.h>

#include "../base/standard.h"
#include "../base/sys.h"
#include "modules.h"
#include "util.h"

static int f_monotonic(lua_State *L) {
  lua_pushnumber(L, alm_sys_monotonic());
  return 1;
}

static int f_time(lua_State *L) {
  lua_pushnumber(L, alm_sys_time());
  return 1;
}

static int f_sleep(lua_State *L) {
  alm_sys_sleep(luaL_checknumber(L, 1));
  return 0;
}

static int f_pid(lua_State *L) {
  lua_pushinteger(L, getpid());
  return 1;
}

static int f_user(lua_State *L) {
  lua_pushstring(L, alm_sys_user());
  return 1;
}

static int f_hostname(lua_State *L) {
  lua_pushstring(L, alm_sys_hostname());
  return 1;
}

static int f_stdin_closed(lua_State *L) {
  lua_pushboolean(L, alm_sys_stdin_closed());
  return 1;
}

static int f_env(lua_State *L) {
  lua_pushstring(L, alm_sys_env(luaL_checkstring(L, 1)));
  return 1;
}

static int f_is_terminal(lua_State *L) {
  lua_pushboolean(L, alm_sys_is_terminal((int)luaL_checkinteger(L, 1)));
  return 1;
}

static int f_columns(lua_State *L) {
  lua_pushinteger(L, alm_sys_columns((int)luaL_checkinteger(L, 1)));
  return 1;
}

static int f_catch_signals(lua_State *L) {
  (void)L;
  alm_sys_catch_signals();
  return 0;
}

static int f_interrupts(lua_State *L) {
  lua_pushinteger(L, alm_sys_interrupts());
  return 1;
}

static int f_flush(lua_State *L) {
  alm_error err;
  return alm_lua_done(L, alm_standard_flush(&err), &err);
}

int alm_open_sys(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"monotonic", f_monotonic},     {"time", f_time},
      {"sleep", f_sleep},             {"pid", f_pid},
      {"user", f_user},               {"hostname", f_hostname},
      {"is_terminal", f_is_terminal}, {"columns", f_columns},
      {"env", f_env},
      {"catch_signals", f_catch_signals},
      {"interrupts", f_interrupts},
      {"stdin_closed", f_stdin_closed},
      {"flush", f_flush},             {NULL, NULL},
  };
  luaL_newlib(L, functions);
  return 1;
}
