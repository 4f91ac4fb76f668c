/* Between the binding files of almanac.core.marc. A record's box belongs to
 * the binding of records (core/lua/marc*.c); what asks records by MARCspec
 * is in core/lua/marcspec.c, changes are in core/lua/marc_edit.c. */
#ifndef ALM_LUA_MARC_H
#define ALM_LUA_MARC_H

#include <lauxlib.h>
#include <lua.h>

#include "../marc/marc_read.h"

/* ---- from the binding of readers ---- */

/* The reader at `index`, to read on with; raises when it is none or closed. */
alm_marc_reader *alm_lua_reader(lua_State *L, int index);
/* Pushes the record that this reader gave last; returns 1. */
int alm_lua_reader_push(lua_State *L, int index, const alm_marc *record);
/* Pushes nil, message, code, and whether the reader goes on behind what is broken; returns 4. */
int alm_lua_reader_fail(lua_State *L, alm_marc_result result, const alm_error *err);

/* ---- from the binding of records ---- */

/* The record at `index`; raises when it is none. */
const alm_marc *alm_lua_record(lua_State *L, int index);

/* The same with all its fields named, and kept as it is now: any allocation by Lua
 * may run a finalizer, and that may change the record. Pushes what keeps it. */
const alm_marc *alm_lua_record_kept(lua_State *L, int index);

/* Packs `record` and makes it what the record at `index` holds from now on. */
void alm_lua_record_change(lua_State *L, int index, const alm_marc *record);

/* ---- from the binding of MARCspec ---- */

extern const luaL_Reg alm_lua_marcspec_functions[]; /* spec, where */
extern const luaL_Reg alm_lua_marcspec_methods[];   /* get, all, places */

/* The MARCspec at `arg`, compiled; raises when it is none. Pushes two values, which
 * keep it alive. */
struct alm_marcspec *alm_lua_marcspec(lua_State *L, int arg);

/* Makes its metatables and its cache; once, before the functions are called. */
void alm_lua_marcspec_open(lua_State *L);

/* ---- from the binding of changes ---- */

extern const luaL_Reg alm_lua_edit_functions[]; /* new */
extern const luaL_Reg alm_lua_edit_methods[];   /* copy, splice, set, remove */

/* Makes its metatable; once. */
void alm_lua_edit_open(lua_State *L);

#endif
