/* What every binding needs: handing failures to Lua in one shape, and reading
 * fields of an argument table with errors that name function and field. */
#ifndef ALM_LUA_UTIL_H
#define ALM_LUA_UTIL_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "../base/error.h"

/* Pushes nil, message, code; returns 3. */
int alm_lua_fail(lua_State *L, const alm_error *err);

/* Makes the metatable `name` with `methods` in a separate __index, and `close`
 * (may be NULL) as __gc, __close and method "close". Leaves nothing pushed. */
void alm_lua_class(lua_State *L, const char *name, const luaL_Reg *methods,
                   lua_CFunction close);

/* A userdata of a class that holds a handle of the engine. New ones are pushed closed,
 * so that nothing is lost when the next step raises:
 *   void **box = alm_lua_box(L, CLASS);
 *   *box = alm_csv_open(path, delimiter, &err);
 *   return *box ? 1 : alm_lua_fail(L, &err); */
void **alm_lua_box(lua_State *L, const char *name);
/* The handle at `index`; raises `closed` when there is none any more. */
void *alm_lua_handle(lua_State *L, int index, const char *name, const char *closed);
/* Takes the handle out of the box at 1, for closing it; NULL when it is closed. */
void *alm_lua_take(lua_State *L, const char *name);

/* Sets a field of the table at the top. */
void alm_lua_set_string(lua_State *L, const char *name, const char *text, size_t length);
void alm_lua_set_integer(lua_State *L, const char *name, lua_Integer value);

/* Pushes true, or what alm_lua_fail does. */
int alm_lua_done(lua_State *L, bool done, const alm_error *err);

/* Fields of the table at `index`. An absent field gives the default; a field
 * of another type raises "bad field 'NAME' (… expected, got …)". Strings live
 * as long as the table holds them. */
const char *alm_lua_field_string(lua_State *L, int index, const char *name,
                                 const char *fallback, size_t *length);
double alm_lua_field_number(lua_State *L, int index, const char *name,
                            double fallback);
lua_Integer alm_lua_field_integer(lua_State *L, int index, const char *name,
                                  lua_Integer fallback);
bool alm_lua_field_bool(lua_State *L, int index, const char *name,
                        bool fallback);

/* Raises when the table at `index` has a key that is not in `known` (ends in
 * NULL): a misspelt option must not be silently ignored. */
void alm_lua_known_fields(lua_State *L, int index, const char *const *known);

#endif
