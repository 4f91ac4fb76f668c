/* Lua values as bytes, between two processes of one machine: nil, booleans,
 * numbers, strings, and tables of them, up to 32 deep. */
#ifndef ALM_LUA_WIRE_H
#define ALM_LUA_WIRE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"

/* Adds the value at `index` to `buf`. Raises on what can't be sent. */
void alm_lua_wire_add(lua_State *L, alm_buf *buf, int index);

/* Pushes the value that `data` holds. False, and nothing pushed, when the
 * bytes are no value: they may come from anybody. */
bool alm_lua_wire_push(lua_State *L, const char *data, size_t length);

#endif
