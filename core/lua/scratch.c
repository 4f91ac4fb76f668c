#include "scratch.h"

#include <lauxlib.h>

#define KEPT ((size_t)1 << 20) /* what one big result took is given back */

static const char place; /* its address: where the registry has the buffer */

static int free_scratch(lua_State *L) {
  alm_buf_free(lua_touserdata(L, 1));
  return 0;
}

static void push_new(lua_State *L) {
  alm_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
  alm_buf_init(buf, 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, free_scratch);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
}

alm_buf *alm_lua_scratch(lua_State *L, size_t maximum) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &place) == LUA_TNIL) {
    lua_pop(L, 1);
    push_new(L);
  } else { /* taken: a finalizer that runs meanwhile gets another */
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &place);
  }
  alm_buf *buf = lua_touserdata(L, -1);
  if (buf->capacity > KEPT) alm_buf_free(buf);
  alm_buf_clear(buf);
  buf->maximum = maximum;
  return buf;
}

void alm_lua_scratch_done(lua_State *L, int index) {
  lua_pushvalue(L, index);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &place);
}

int alm_lua_scratch_push(lua_State *L) {
  const alm_buf *buf = lua_touserdata(L, -1);
  lua_pushlstring(L, alm_buf_text(buf), buf->length);
  alm_lua_scratch_done(L, -2);
  lua_replace(L, -2);
  return 1;
}
