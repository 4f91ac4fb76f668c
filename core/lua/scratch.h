/* The buffer that a binding writes a result into: one for each state, used
 * again and again, so that a result costs neither an allocation nor an object
 * with a finalizer. Lua owns it: nothing leaks when a later push raises. Any
 * allocation in Lua may run finalizers, which use bindings as well: so whoever
 * has the buffer has taken it away, and who asks meanwhile gets one of his own. */
#ifndef ALM_LUA_SCRATCH_H
#define ALM_LUA_SCRATCH_H

#include <lua.h>

#include "../base/buf.h"

/* Pushes the buffer, empty and with that maximum. It is the caller's as long as
 * it is on the stack; one that is not given back is collected. */
alm_buf *alm_lua_scratch(lua_State *L, size_t maximum);

/* Gives the scratch buffer at `index` back, for the next to use. */
void alm_lua_scratch_done(lua_State *L, int index);

/* Pushes the text of the scratch buffer at the top instead of it, and gives it
 * back; returns 1. */
int alm_lua_scratch_push(lua_State *L);

#endif
