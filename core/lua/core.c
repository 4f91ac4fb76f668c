/* require "almanac.core": a table of the primitives. */
#include <lauxlib.h>

#include "../../include/almanac.h"
#include "modules.h"

int luaopen_almanac_core(lua_State *L) {
  lua_newtable(L);
  lua_pushstring(L, ALMANAC_VERSION);
  lua_setfield(L, -2, "version");
#define OPEN_MODULE(name) \
  alm_open_##name(L);     \
  lua_setfield(L, -2, #name);
  ALM_MODULES(OPEN_MODULE)
#undef OPEN_MODULE
  return 1;
}
