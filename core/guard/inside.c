/* The program `guard`: the process in which the rules of a recipe run.
 *   guard LIBRARY SECONDS
 * It loads almanac.recipe.inside from LIBRARY, gives its rights away, and from then
 * on answers messages on standard input until that ends. One lua_State, whose
 * allocator has a ceiling. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lua/modules.h"
#include "../lua/scratch.h"
#include "../lua/wire.h"
#include "guard.h"
#include "inside.h"
#include "inside_lock.h"
#include "inside_order.h"
#include "../base/standard.h"

#ifdef __SANITIZE_ADDRESS__
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "detect_leaks=0:allocator_may_return_null=1";
}
#endif

/* ---- memory ---- */

static size_t used;

static void *allocate(void *userdata, void *block, size_t old, size_t wanted) {
  (void)userdata;
  if (!block) old = 0; /* Lua passes a type tag there */
  if (wanted == 0) {
    free(block);
    used -= old;
    return NULL;
  }
  bool fits = wanted <= old || used + (wanted - old) <= ALM_GUARD_MEMORY;
  void *fresh = fits ? realloc(block, wanted) : NULL;
  if (fresh)
    used += wanted - old;
  else
    alm_inside_no_memory();
  return fresh;
}

/* ---- messages ---- */

static bool read_all(void *data, size_t length) {
  char *at = data;
  while (length > 0) {
    ssize_t got = read(STDIN_FILENO, at, length);
    if (got <= 0) return false;
    at += got;
    length -= (size_t)got;
  }
  return true;
}

static void write_all(const void *data, size_t length) {
  const char *at = data;
  while (length > 0) {
    ssize_t written = write(STDOUT_FILENO, at, length);
    if (written <= 0) _exit(1);
    at += written;
    length -= (size_t)written;
  }
}

/* -> the next message; the process ends when there is no other side any more */
static int f_receive(lua_State *L) {
  uint32_t size;
  if (!read_all(&size, sizeof size)) _exit(0);
  char *data = lua_newuserdatauv(L, size, 0);
  if (!read_all(data, size)) _exit(0);
  if (!alm_lua_wire_push(L, data, size)) return luaL_error(L, "not a message");
  return 1;
}

static int f_send(lua_State *L) {
  alm_buf *buf = alm_lua_scratch(L, ALM_GUARD_LONGEST);
  alm_lua_wire_add(L, buf, 1);
  uint32_t size = (uint32_t)buf->length;
  write_all(&size, sizeof size);
  write_all(buf->data, buf->length);
  alm_lua_scratch_done(L, -1);
  return 0;
}

/* rule, name, fn, … -> true, results … or false, error */
static int f_call(lua_State *L) {
  const char *rule = luaL_checkstring(L, 1), *name = luaL_checkstring(L, 2);
  static const uint32_t sign = 0;
  if (alm_inside_sign()) write_all(&sign, sizeof sign);
  return alm_inside_call(L, rule, name, lua_gettop(L) - 3);
}

/* seconds of processor time that the examples may take together; 0: the calls from now on are none */
static int f_budget(lua_State *L) {
  alm_inside_budget(luaL_checknumber(L, 1), "its examples took too long together");
  return 0;
}

/* ---- the state ---- */

/* almanac.core, as far as there is one in here */
static int open_core(lua_State *L) {
  static const luaL_Reg functions[] = {{"receive", f_receive}, {"send", f_send},
                                       {"call", f_call}, {"budget", f_budget}, {NULL, NULL}};
  lua_newtable(L);
  alm_open_text(L);
  lua_setfield(L, -2, "text");
  alm_open_marc(L); /* title.record is parsed in here */
  lua_setfield(L, -2, "marc");
  alm_open_xml(L);
  lua_setfield(L, -2, "xml");
  luaL_newlib(L, functions);
  alm_inside_order(L);
  lua_setfield(L, -2, "inside");
  return 1;
}

static void set_path(lua_State *L, const char *library) {
  lua_getglobal(L, "package");
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua", library, library);
  lua_setfield(L, -2, "path");
  lua_pop(L, 1);
}

static void lock_in(lua_State *L) {
  bool filtered = false;
#ifndef __SANITIZE_ADDRESS__
  close(STDERR_FILENO);
#endif
  if (!alm_inside_lock(&filtered))
    luaL_error(L, "this system lets no process give its rights away");
  lua_pushboolean(L, filtered);
}

/* library, seconds; runs protected, never returns */
static int serve(lua_State *L) {
  luaL_openlibs(L);
  luaL_requiref(L, "almanac.core", open_core, 0);
  set_path(L, lua_tostring(L, 1));
  lua_getglobal(L, "require");
  lua_pushliteral(L, "almanac.recipe.inside");
  lua_call(L, 1, 1); /* serve */
  lua_gc(L, LUA_GCGEN, 0, 0);
  alm_inside_start(L, strtod(lua_tostring(L, 2), NULL), lua_tostring(L, 1));
  lock_in(L); /* serve, filtered */
  lua_call(L, 1, 0);
  return 0;
}

int main(int argc, char **argv) {
  alm_error err;
  if (argc != 3 || !alm_standard_take(&err)) return 1;
  /* Ctrl-C is for the other side, which then closes standard input. */
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  lua_State *L = lua_newstate(allocate, NULL);
  if (!L) return 1;
  lua_pushcfunction(L, serve);
  for (int i = 1; i < argc; i++) lua_pushstring(L, argv[i]);
  if (lua_pcall(L, argc - 1, 0, 0) != LUA_OK)
    alm_inside_stop(luaL_tolstring(L, -1, NULL));
  return 0;
}
