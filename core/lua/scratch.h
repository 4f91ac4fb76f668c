/* A buffer that Lua owns: freed also when a later push raises. */
#ifndef ALM_LUA_SCRATCH_H
#define ALM_LUA_SCRATCH_H

#include <lua.h>

#include "../buf.h"

/* Pushes an empty buffer with that maximum. */
alm_buf *alm_lua_scratch(lua_State *L, size_t maximum);

/* Pushes the text of the scratch buffer at the top instead of it, and frees
 * it now; returns 1. */
int alm_lua_scratch_push(lua_State *L);

#endif
