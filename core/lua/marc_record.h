/* Records as the readers' binding needs them. */
#ifndef ALM_LUA_MARC_RECORD_H
#define ALM_LUA_MARC_RECORD_H

#include "../marc/marc_format.h"
#include "marc.h"

/* Makes the metatable, with the methods of MARCspec and of changes. */
void alm_lua_record_open(lua_State *L);

/* Pushes a userdata that is large enough. A finalizer may run meanwhile: `record`
 * has to be looked at again then. */
void *alm_lua_record_room(lua_State *L, const alm_marc *record);
/* Makes a record of that userdata, which is at the top. */
void alm_lua_record_fill(lua_State *L, void *room, const alm_marc *record);

/* The format whose name is at `index`; raises when there is none. */
const alm_marc_format *alm_lua_marc_format(lua_State *L, int index);

#endif
