/* The buffer that a binding writes a result into: one for each state, used
 * again and again, so that a result costs neither an allocation nor an object
 * with a finalizer. Lua owns it: nothing leaks when a later push raises. */
#ifndef ALM_LUA_SCRATCH_H
#define ALM_LUA_SCRATCH_H

#include <lua.h>

#include "../buf.h"

/* Pushes the buffer, empty and with that maximum. It is the caller's until
 * control goes back to Lua: nobody calls Lua while holding it. */
alm_buf *alm_lua_scratch(lua_State *L, size_t maximum);

/* Pushes the text of the scratch buffer at the top instead of it; returns 1. */
int alm_lua_scratch_push(lua_State *L);

#endif
