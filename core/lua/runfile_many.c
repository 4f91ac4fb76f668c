/* One statement for many rows: values come and go as columns, which are lists
 * of one length. In a list `false` is NULL; a plain value in place of a list is
 * the same for every row. */
#include <lauxlib.h>
#include <math.h>

#include "runfile.h"

#define FIRST 4 /* db, sql, n, columns … */

static alm_db_result wrong(alm_error *err, const char *words, int column) {
  alm_fail(err, ALM_IO, words, column);
  return ALM_DB_WRONG;
}

static bool is_value(lua_State *L, int index) {
  int type = lua_type(L, index);
  return type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TSTRING ||
         (type == LUA_TNUMBER && !isnan(lua_tonumber(L, index)));
}

/* Binds row `row` of the column at `index`. */
static alm_db_result bind_one(lua_State *L, alm_statement *statement, int at,
                              int index, lua_Integer row, alm_error *err) {
  bool list = lua_istable(L, index), bound;
  if (list)
    lua_rawgeti(L, index, row);
  else
    lua_pushvalue(L, index);
  if (!is_value(L, -1)) return wrong(err, "column %d holds no value", at);
  if (list && lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  /* text stays: the list, or the stack, holds it */
  bound = lua_isnil(L, -1) ? alm_statement_bind_null(statement, at)
                           : alm_lua_db_bind(L, statement, at, -1, true);
  lua_pop(L, 1);
  if (bound) return ALM_DB_DONE;
  alm_fail(err, ALM_LIMIT, "a value is too big for the run file");
  return ALM_DB_FAILED;
}

static alm_db_result bind_row(lua_State *L, alm_statement *statement,
                              int columns, lua_Integer row, alm_error *err) {
  alm_db_result result = ALM_DB_DONE;
  alm_statement_again(statement);
  for (int i = 0; i < columns && result == ALM_DB_DONE; i++)
    result = bind_one(L, statement, i + 1, FIRST + i, row, err);
  return result;
}

static alm_db_result take(lua_State *L, alm_statement **statement,
                          int columns, alm_error *err) {
  size_t length;
  const char *sql = luaL_checklstring(L, 2, &length);
  alm_db_result result =
      alm_statement_take(alm_lua_db(L), sql, length, statement, err);
  if (result != ALM_DB_DONE) return result;
  if (alm_statement_parameters(*statement) == columns) return ALM_DB_DONE;
  alm_statement_give(*statement);
  return wrong(err, "the SQL has not %d parameters, one for each column",
               columns);
}

/* db, sql, n, columns … -> how many rows were changed in all */
int alm_lua_db_run_many(lua_State *L) {
  alm_error err;
  alm_statement *statement;
  lua_Integer rows = luaL_checkinteger(L, 3), changed = 0;
  int columns = lua_gettop(L) - FIRST + 1;
  alm_db_result result = take(L, &statement, columns, &err);
  if (result != ALM_DB_DONE) return alm_lua_db_fail(L, result, &err);
  for (lua_Integer row = 1; row <= rows && result == ALM_DB_DONE; row++) {
    result = bind_row(L, statement, columns, row, &err);
    if (result != ALM_DB_DONE) break;
    do result = alm_statement_step(statement, &err);
    while (result == ALM_DB_ROW);
    if (result == ALM_DB_DONE) changed += alm_runfile_changes(alm_lua_db(L));
  }
  alm_statement_give(statement);
  if (result != ALM_DB_DONE) return alm_lua_db_fail(L, result, &err);
  lua_pushinteger(L, changed);
  return 1;
}

/* Adds the rows that answer to row `asked` to the lists from `first` on. */
static alm_db_result add_rows(lua_State *L, alm_statement *statement,
                              int first, lua_Integer asked, lua_Integer *found,
                              alm_error *err) {
  alm_db_result result;
  int columns = alm_statement_columns(statement);
  while ((result = alm_statement_step(statement, err)) == ALM_DB_ROW) {
    ++*found;
    lua_pushinteger(L, asked);
    lua_rawseti(L, first, *found);
    for (int i = 0; i < columns; i++) {
      alm_lua_db_push(L, statement, i);
      if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 0);
      }
      lua_rawseti(L, first + 1 + i, *found);
    }
  }
  return result;
}

/* db, sql, n, columns … -> for each row found the place of what was asked, then
 * a list for each column of the answer */
int alm_lua_db_columns(lua_State *L) {
  alm_error err;
  alm_statement *statement;
  lua_Integer rows = luaL_checkinteger(L, 3), found = 0;
  int given = lua_gettop(L) - FIRST + 1, first = lua_gettop(L) + 1;
  alm_db_result result = take(L, &statement, given, &err);
  if (result != ALM_DB_DONE) return alm_lua_db_fail(L, result, &err);
  int columns = alm_statement_columns(statement);
  luaL_checkstack(L, columns + 4, "too many columns");
  for (int i = 0; i <= columns; i++) lua_newtable(L);
  for (lua_Integer row = 1; row <= rows && result == ALM_DB_DONE; row++) {
    result = bind_row(L, statement, given, row, &err);
    if (result == ALM_DB_DONE)
      result = add_rows(L, statement, first, row, &found, &err);
  }
  alm_statement_give(statement);
  if (result != ALM_DB_DONE) return alm_lua_db_fail(L, result, &err);
  return columns + 1;
}
