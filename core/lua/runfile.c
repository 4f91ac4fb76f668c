/* almanac.core.runfile: a SQLite file as a journal, statements with values,
 * rows as tables. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "modules.h"
#include "runfile.h"
#include "util.h"

#define CLASS "almanac.runfile"
#define CURSOR "almanac.runfile.rows"

/* ---- handles and failures ---- */

alm_runfile *alm_lua_db(lua_State *L) {
  return alm_lua_handle(L, 1, CLASS, "the run file is closed");
}

int alm_lua_db_fail(lua_State *L, alm_db_result result, const alm_error *err) {
  if (result == ALM_DB_WRONG) return luaL_error(L, "runfile: %s", err->message);
  return alm_lua_fail(L, err);
}

static int push_done(lua_State *L, alm_db_result result, const alm_error *err) {
  if (result == ALM_DB_WRONG) return alm_lua_db_fail(L, result, err);
  return alm_lua_done(L, result == ALM_DB_DONE, err);
}

/* ---- values ---- */

static void check_values(lua_State *L, int first) {
  for (int i = first; i <= lua_gettop(L); i++) {
    int type = lua_type(L, i);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TBOOLEAN ||
                     type == LUA_TNUMBER || type == LUA_TSTRING, i,
                     "string, number, boolean or nil");
    if (type == LUA_TNUMBER && !lua_isinteger(L, i))
      luaL_argcheck(L, !isnan(lua_tonumber(L, i)), i, "not a number (NaN)");
  }
}

bool alm_lua_db_bind(lua_State *L, alm_statement *statement, int at, int index,
                     bool stays) {
  size_t length;
  const char *text;
  switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
      return alm_statement_bind_integer(statement, at, lua_toboolean(L, index));
    case LUA_TNUMBER:
      if (lua_isinteger(L, index))
        return alm_statement_bind_integer(statement, at,
                                          lua_tointeger(L, index));
      return alm_statement_bind_number(statement, at, lua_tonumber(L, index));
    case LUA_TSTRING:
      text = lua_tolstring(L, index, &length);
      return alm_statement_bind_text(statement, at, text, length, stays);
    default:
      return true;
  }
}

void alm_lua_db_push(lua_State *L, const alm_statement *statement,
                     int column) {
  size_t length;
  const char *text;
  switch (alm_statement_type(statement, column)) {
    case ALM_DB_INTEGER:
      lua_pushinteger(L, alm_statement_integer(statement, column));
      break;
    case ALM_DB_NUMBER:
      lua_pushnumber(L, alm_statement_number(statement, column));
      break;
    case ALM_DB_TEXT:
      text = alm_statement_text(statement, column, &length);
      lua_pushlstring(L, text, length);
      break;
    default:
      lua_pushnil(L);
  }
}

static void push_row(lua_State *L, const alm_statement *statement) {
  int count = alm_statement_columns(statement);
  lua_createtable(L, 0, count);
  for (int i = 0; i < count; i++) {
    alm_lua_db_push(L, statement, i);
    lua_setfield(L, -2, alm_statement_name(statement, i));
  }
}

static alm_db_result bind_values(lua_State *L, alm_statement *statement,
                                 bool stays, alm_error *err) {
  int count = lua_gettop(L) - 2;
  int wanted = alm_statement_parameters(statement);
  if (wanted != count) {
    alm_fail(err, ALM_IO, "the SQL has %d parameters, got %d values", wanted,
             count);
    return ALM_DB_WRONG;
  }
  for (int i = 1; i <= count; i++) {
    if (alm_lua_db_bind(L, statement, i, i + 2, stays)) continue;
    alm_fail(err, ALM_LIMIT, "a value is too big for the run file");
    return ALM_DB_FAILED;
  }
  return ALM_DB_DONE;
}

/* db, sql, values… -> a statement with its values */
static alm_db_result take(lua_State *L, bool stays, alm_statement **statement,
                          alm_error *err) {
  size_t length;
  alm_runfile *db = alm_lua_db(L);
  const char *sql = luaL_checklstring(L, 2, &length);
  check_values(L, 3);
  alm_db_result result = alm_statement_take(db, sql, length, statement, err);
  if (result != ALM_DB_DONE) return result;
  result = bind_values(L, *statement, stays, err);
  if (result != ALM_DB_DONE) alm_statement_give(*statement);
  return result;
}

/* ---- statements ---- */

static int f_run(lua_State *L) {
  alm_error err;
  alm_statement *statement;
  alm_db_result result = take(L, true, &statement, &err);
  if (result != ALM_DB_DONE) return alm_lua_db_fail(L, result, &err);
  do result = alm_statement_step(statement, &err);
  while (result == ALM_DB_ROW);
  alm_statement_give(statement);
  if (result != ALM_DB_DONE) return alm_lua_db_fail(L, result, &err);
  lua_pushinteger(L, alm_runfile_changes(alm_lua_db(L)));
  lua_pushinteger(L, alm_runfile_last_id(alm_lua_db(L)));
  return 2;
}

static int first_row(lua_State *L,
                     void (*push)(lua_State *, const alm_statement *)) {
  alm_error err;
  alm_statement *statement;
  alm_db_result result = take(L, true, &statement, &err);
  if (result != ALM_DB_DONE) return alm_lua_db_fail(L, result, &err);
  result = alm_statement_step(statement, &err);
  if (result == ALM_DB_ROW)
    push(L, statement);
  else
    lua_pushnil(L);
  alm_statement_give(statement);
  return result < ALM_DB_DONE ? alm_lua_db_fail(L, result, &err) : 1;
}

static void push_first(lua_State *L, const alm_statement *statement) {
  alm_lua_db_push(L, statement, 0);
}

static int f_row(lua_State *L) { return first_row(L, push_row); }
static int f_value(lua_State *L) { return first_row(L, push_first); }

/* ---- rows: next function, cursor, nil, cursor as the closing value ---- */

static int f_rows_close(lua_State *L) {
  alm_statement_give(alm_lua_take(L, CURSOR));
  return 0;
}

static int f_rows_next(lua_State *L) {
  alm_error err;
  alm_statement *cursor = alm_lua_handle(L, 1, CURSOR, "runfile: these rows were read to the end");
  alm_db_result result = alm_statement_step(cursor, &err);
  if (result == ALM_DB_ROW) {
    push_row(L, cursor);
    return 1;
  }
  f_rows_close(L);
  if (result != ALM_DB_DONE) return luaL_error(L, "runfile: %s", err.message);
  lua_pushnil(L);
  return 1;
}

/* Failures raise: an empty loop would look like "there is none". */
static int f_rows(lua_State *L) {
  alm_error err;
  alm_statement *statement;
  if (take(L, false, &statement, &err) != ALM_DB_DONE)
    return luaL_error(L, "runfile: %s", err.message);
  lua_pushcfunction(L, f_rows_next);
  void **cursor = alm_lua_box(L, CURSOR);
  *cursor = statement;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1); /* the cursor keeps the run file */
  lua_pushnil(L);
  lua_pushvalue(L, -2);
  return 4;
}

/* ---- the whole file ---- */

static int f_exec(lua_State *L) {
  alm_error err;
  alm_runfile *db = alm_lua_db(L);
  return push_done(L, alm_runfile_exec(db, luaL_checkstring(L, 2), &err), &err);
}

static int f_begin(lua_State *L) {
  alm_error err;
  return push_done(L, alm_runfile_begin(alm_lua_db(L), &err), &err);
}

static int f_commit(lua_State *L) {
  alm_error err;
  return push_done(L, alm_runfile_commit(alm_lua_db(L), &err), &err);
}

static int f_rollback(lua_State *L) {
  alm_error err;
  return push_done(L, alm_runfile_rollback(alm_lua_db(L), &err), &err);
}

static int f_in_transaction(lua_State *L) {
  lua_pushboolean(L, alm_runfile_in_transaction(alm_lua_db(L)));
  return 1;
}

static int f_attach(lua_State *L) {
  alm_error err;
  alm_runfile *db = alm_lua_db(L);
  const char *path = luaL_checkstring(L, 2);
  const char *name = luaL_checkstring(L, 3);
  return push_done(L, alm_runfile_attach(db, path, name, &err), &err);
}

static int f_close(lua_State *L) {
  alm_runfile_close(alm_lua_take(L, CLASS));
  return 0;
}

static int check_name(lua_State *L, const char *field, const char *fallback,
                      const char *const *names) {
  const char *name = alm_lua_field_string(L, 2, field, fallback, NULL);
  luaL_argcheck(L, name, 2, lua_pushfstring(L, "field '%s' is missing", field));
  for (int i = 0; names[i]; i++)
    if (strcmp(names[i], name) == 0) return i;
  return luaL_argerror(L, 2, lua_pushfstring(L, "field '%s' can't be '%s'",
                                             field, name));
}

static alm_db_options check_options(lua_State *L) {
  static const char *const known[] = {"mode", "kind", "version", "schema",
                                      "safe", NULL};
  static const char *const modes[] = {
      [ALM_DB_READ] = "read", [ALM_DB_WRITE] = "write",
      [ALM_DB_CREATE] = "create", NULL};
  luaL_checktype(L, 2, LUA_TTABLE);
  alm_lua_known_fields(L, 2, known);
  lua_Integer version = alm_lua_field_integer(L, 2, "version", 1);
  luaL_argcheck(L, version > 0 && version < 1 << 30, 2,
                "field 'version' is out of range");
  return (alm_db_options){
      .mode = (alm_db_mode)check_name(L, "mode", "read", modes),
      .kind = alm_runfile_kinds[check_name(L, "kind", NULL, alm_runfile_kinds)],
      .version = (int)version,
      .schema = alm_lua_field_string(L, 2, "schema", NULL, NULL),
      .safe = alm_lua_field_bool(L, 2, "safe", true),
  };
}

static int f_open(lua_State *L) {
  alm_error err;
  const char *path = luaL_checkstring(L, 1);
  alm_db_options options = check_options(L);
  alm_runfile **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  luaL_setmetatable(L, CLASS);
  alm_db_result result = alm_runfile_open(path, &options, box, &err);
  return result == ALM_DB_DONE ? 1 : alm_lua_db_fail(L, result, &err);
}

int alm_open_runfile(lua_State *L) {
  static const luaL_Reg functions[] = {{"open", f_open}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"run", f_run},           {"row", f_row},
      {"run_many", alm_lua_db_run_many}, {"columns", alm_lua_db_columns},
      {"value", f_value},       {"rows", f_rows},
      {"exec", f_exec},         {"begin", f_begin},
      {"commit", f_commit},     {"rollback", f_rollback},
      {"attach", f_attach},     {"in_transaction", f_in_transaction},
      {NULL, NULL},
  };
  static const luaL_Reg none[] = {{NULL, NULL}};
  alm_lua_class(L, CLASS, methods, f_close);
  alm_lua_class(L, CURSOR, none, f_rows_close);
  luaL_newlib(L, functions);
  return 1;
}
