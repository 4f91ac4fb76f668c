/* Answers that Lua reads: answers.lua has a function for each target, whose
 * name the program's name ends in. The lines of Lua that run count as coverage,
 * so that libFuzzer finds its way through them too. A Lua error is a finding. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/almanac.h"
#include "records.h"

enum { COUNTERS = 1 << 14 };
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

static lua_State *L;

static void count_line(lua_State *state, lua_Debug *line) {
  lua_getinfo(state, "S", line);
  uint32_t hash = (uint32_t)line->currentline * 2654435761u;
  for (const char *c = line->short_src; *c; c++) hash = hash * 31 + (uint8_t)*c;
  uint8_t *counter = &counters[(hash >> 7) % COUNTERS];
  if (*counter < 255) ++*counter;
}

static void fail(void) {
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  const char *name = strrchr(**argv, '/') + 1;
  (void)argc;
  L = luaL_newstate();
  luaL_openlibs(L);
  luaL_requiref(L, "almanac.core", luaopen_almanac_core, 0);
  lua_settop(L, 0);
  if (luaL_dostring(L, "package.path = 'lua/?.lua;lua/?/init.lua;spec/?.lua;' .. package.path") ||
      luaL_dofile(L, "spec/fuzz/answers.lua"))
    fail();
  lua_getfield(L, -1, name);
  luaL_checktype(L, -1, LUA_TFUNCTION);
  lua_replace(L, 1);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_sethook(L, count_line, LUA_MASKLINE, 0);
  lua_pushvalue(L, 1);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 0)) fail();
  lua_sethook(L, NULL, 0, 0);
  return 0;
}
