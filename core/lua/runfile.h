/* What the bindings of the run file share. */
#ifndef ALM_LUA_RUNFILE_H
#define ALM_LUA_RUNFILE_H

#include <lua.h>

#include "../runfile/runfile.h"

/* The open run file at 1; raises when it is closed. */
alm_runfile *alm_lua_db(lua_State *L);

/* nil, message, code for what the world said; raises what the caller did. */
int alm_lua_db_fail(lua_State *L, alm_db_result result, const alm_error *err);

/* Binds the string, number, boolean or nil at `index`; false when it is too
 * big. */
bool alm_lua_db_bind(lua_State *L, alm_statement *statement, int at, int index,
                     bool stays);

/* Pushes a column of the row; nil for NULL. */
void alm_lua_db_push(lua_State *L, const alm_statement *statement, int column);

/* Methods for many rows at once, see runfile_many.c. */
int alm_lua_db_run_many(lua_State *L);
int alm_lua_db_columns(lua_State *L);

#endif
