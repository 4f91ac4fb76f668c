/* Buffers owned by Lua. */
#include "scratch.h"

#include <lauxlib.h>

#define CLASS "almanac.scratch"

static int free_scratch(lua_State *L) {
  alm_buf_free(lua_touserdata(L, 1));
  return 0;
}

alm_buf *alm_lua_scratch(lua_State *L, size_t maximum) {
  alm_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
  alm_buf_init(buf, maximum);
  if (luaL_newmetatable(L, CLASS)) {
    lua_pushcfunction(L, free_scratch);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return buf;
}

int alm_lua_scratch_push(lua_State *L) {
  alm_buf *buf = lua_touserdata(L, -1);
  lua_pushlstring(L, alm_buf_text(buf), buf->length);
  alm_buf_free(buf);
  lua_replace(L, -2);
  return 1;
}
