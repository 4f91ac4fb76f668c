/* One lua_State: an allocator with a ceiling, the library on the search path,
 * and a protected call with a traceback around everything, start-up included. */
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../include/almanac.h"
#include "base/sys.h"

#define DEFAULT_CEILING ((size_t)4 << 30)

struct alm_host {
  lua_State *L;
  size_t used;
  size_t ceiling;
};

static void *allocate(void *userdata, void *block, size_t old, size_t wanted) {
  alm_host *host = userdata;
  if (!block) old = 0; /* Lua passes a type tag there */
  if (wanted == 0) {
    free(block);
    host->used -= old;
    return NULL;
  }
  if (wanted > old && host->used + (wanted - old) > host->ceiling) return NULL;
  void *fresh = realloc(block, wanted);
  if (fresh) host->used += wanted - old;
  return fresh;
}

static int add_traceback(lua_State *L) {
  const char *message = lua_tostring(L, 1);
  if (!message) message = luaL_tolstring(L, 1, NULL);
  if (strstr(message, "\nstack traceback:")) return 1; /* a task has added its own traceback */
  luaL_traceback(L, L, message, 1);
  return 1;
}

/* The folder with the Lua files: installed beside the program or the shared library, or in
 * the tree where it was built. ALMANAC_LUA overrides both. */
static const char *find_library(char *folder) {
  static const char *const places[] = {"/../share/lua/5.4", "/../../share/lua/5.4",
                                       "/../../lua", NULL};
  const char *named = getenv("ALMANAC_LUA");
  if (named) return named;
  if (alm_sys_find_installed(places, "/almanac/cli/init.lua", folder))
    return folder;
  return NULL;
}

/* Drops relative entries from package.path or package.cpath: "./?.lua" would let the working
 * folder, which may be anybody's, bring a module under a name that is asked for. */
static void keep_absolute(lua_State *L, const char *field) {
  lua_getglobal(L, "package");
  const char *entry = lua_getfield(L, -1, field) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  luaL_Buffer kept; /* the path stays on the stack below it */
  luaL_buffinit(L, &kept);
  while (*entry) {
    size_t length = strcspn(entry, ";");
    if (*entry == '/') {
      if (luaL_bufflen(&kept) > 0) luaL_addchar(&kept, ';');
      luaL_addlstring(&kept, entry, length);
    }
    entry += length + (entry[length] == ';');
  }
  luaL_pushresult(&kept);
  lua_setfield(L, -3, field);
  lua_pop(L, 2);
}

static void set_path(lua_State *L, const char *folder) {
  lua_getglobal(L, "package"); /* package */
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", folder, folder,
                  lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

/* argc, argv -> status; runs protected */
static int start(lua_State *L) {
  int argc = (int)lua_tointeger(L, 1);
  char **argv = lua_touserdata(L, 2);
  char folder[PATH_MAX];
  luaL_openlibs(L);
  luaL_requiref(L, "almanac.core", luaopen_almanac_core, 0);
  keep_absolute(L, "path");
  keep_absolute(L, "cpath");
  const char *library = find_library(folder);
  if (!library)
    return luaL_error(L, "the Lua library is not beside almanac; "
                         "set ALMANAC_LUA to the folder that holds almanac/");
  set_path(L, library);
  lua_pushstring(L, library);
  lua_setfield(L, LUA_REGISTRYINDEX, "almanac.library");
  lua_getglobal(L, "require");
  lua_pushliteral(L, "almanac.cli");
  lua_call(L, 1, 1);
  lua_createtable(L, argc, 0); /* cli.main, arguments */
  for (int i = 1; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i);
  }
  lua_call(L, 1, 1);
  return 1;
}

alm_host *alm_host_open(size_t ceiling) {
  alm_host *host = calloc(1, sizeof *host);
  if (!host) return NULL;
  host->ceiling = ceiling ? ceiling : DEFAULT_CEILING;
  host->L = lua_newstate(allocate, host);
  if (host->L) {
    lua_gc(host->L, LUA_GCGEN, 0, 0);
    return host;
  }
  free(host);
  return NULL;
}

int alm_host_main(alm_host *host, int argc, char **argv) {
  lua_State *L = host->L;
  lua_settop(L, 0);
  lua_pushcfunction(L, add_traceback);
  lua_pushcfunction(L, start);
  lua_pushinteger(L, argc);
  lua_pushlightuserdata(L, argv);
  if (lua_pcall(L, 2, 1, 1) != LUA_OK) {
    fprintf(stderr, "almanac: %s\n", lua_tostring(L, -1));
    return 1;
  }
  return (int)lua_tointeger(L, -1);
}

void alm_host_close(alm_host *host) {
  if (!host) return;
  lua_close(host->L);
  free(host);
}
