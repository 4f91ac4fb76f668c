/* almanac.core.pass: which records of many files are wanted, and rows of their
 * values. */
#include "../marc/rows.h"
#include "marc.h"
#include "modules.h"
#include "scratch.h"
#include "util.h"

#define CLASS "almanac.pass"

enum { ROOM = 64 << 20 };

typedef struct {
  bool closed;
  alm_pass choice;
  alm_rows rows;
} pass;

static int f_close(lua_State *L) {
  pass *self = luaL_checkudata(L, 1, CLASS);
  alm_marc_where_free(self->choice.where);
  alm_rows_free(&self->rows);
  self->choice.where = NULL;
  self->closed = true;
  return 0;
}

static pass *check_pass(lua_State *L) {
  pass *self = luaL_checkudata(L, 1, CLASS);
  luaL_argcheck(L, !self->closed, 1, "the pass is closed");
  return self;
}

/* ---- opening ---- */

static uint64_t check_number(lua_State *L, const char *name, lua_Integer fallback) {
  lua_Integer number = alm_lua_field_integer(L, 1, name, fallback);
  luaL_argcheck(L, number >= fallback, 1, "fields 'from' and 'limit' are not negative");
  return (uint64_t)number;
}

static alm_rows_style check_style(lua_State *L) {
  static const char *const styles[] = {"values", "lines", "csv", NULL};
  lua_getfield(L, 1, "style");
  int style = luaL_checkoption(L, -1, "lines", styles);
  lua_pop(L, 1);
  return (alm_rows_style)style;
}

static bool read_columns(lua_State *L, alm_rows *rows, alm_error *err) {
  if (lua_getfield(L, 1, "columns") == LUA_TNIL) return true;
  luaL_argcheck(L, lua_istable(L, -1), 1, "field 'columns' is a list of MARCspecs");
  lua_Integer count = luaL_len(L, -1);
  for (lua_Integer i = 1; i <= count; i++) {
    size_t length;
    lua_geti(L, -1, i);
    const char *text = lua_tolstring(L, -1, &length);
    luaL_argcheck(L, text, 1, "field 'columns' is a list of MARCspecs");
    if (!alm_rows_column(rows, text, length, err)) return false;
    lua_pop(L, 1);
  }
  return true;
}

static bool read_where(lua_State *L, alm_pass *choice, alm_error *err) {
  size_t length;
  const char *text = alm_lua_field_string(L, 1, "where", NULL, &length);
  if (text) choice->where = alm_marc_where_parse(text, length, err);
  return !text || choice->where;
}

static int f_new(lua_State *L) {
  static const char *const known[] = {"from", "limit", "where", "columns", "style", NULL};
  alm_error err;
  luaL_checktype(L, 1, LUA_TTABLE);
  alm_lua_known_fields(L, 1, known);
  pass *self = lua_newuserdatauv(L, sizeof *self, 0);
  *self = (pass){.closed = false};
  luaL_setmetatable(L, CLASS);
  self->choice.from = check_number(L, "from", 1);
  self->choice.limit = check_number(L, "limit", 0);
  self->rows.style = check_style(L);
  if (!read_where(L, &self->choice, &err) || !read_columns(L, &self->rows, &err))
    return alm_lua_fail(L, &err);
  lua_settop(L, 2);
  return 1;
}

/* ---- reading ---- */

static int f_next(lua_State *L) {
  alm_error err;
  const alm_marc *record = NULL;
  pass *self = check_pass(L);
  alm_marc_result result = alm_pass_next(&self->choice, alm_lua_reader(L, 2), &record, &err);
  if (result == ALM_MARC_FAILED || result == ALM_MARC_BROKEN)
    return alm_lua_reader_fail(L, result, &err);
  if (record) return alm_lua_reader_push(L, 2, record);
  if (result == ALM_MARC_RECORD) lua_pushboolean(L, false);
  else lua_pushnil(L);
  return 1;
}

static int f_rows(lua_State *L) {
  alm_error err;
  alm_buf *out = alm_lua_scratch(L, ROOM);
  pass *self = check_pass(L);
  luaL_argcheck(L, self->rows.count > 0, 1, "the pass has no columns");
  alm_marc_result result = alm_rows_read(&self->rows, &self->choice, alm_lua_reader(L, 2), out, &err);
  alm_lua_scratch_push(L);
  lua_pushboolean(L, result == ALM_MARC_RECORD || result == ALM_MARC_BROKEN);
  if (result == ALM_MARC_RECORD || result == ALM_MARC_END) return 2;
  lua_pushstring(L, err.message);
  lua_pushstring(L, alm_code_name(err.code));
  return 4;
}

static int f_full(lua_State *L) {
  lua_pushboolean(L, alm_pass_full(&check_pass(L)->choice));
  return 1;
}

static int f_counts(lua_State *L) {
  const alm_pass *choice = &check_pass(L)->choice;
  lua_pushinteger(L, (lua_Integer)choice->seen);
  lua_pushinteger(L, (lua_Integer)choice->taken);
  lua_pushinteger(L, (lua_Integer)choice->damaged);
  return 3;
}

int alm_open_pass(lua_State *L) {
  static const luaL_Reg functions[] = {{"new", f_new}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"next", f_next}, {"rows", f_rows}, {"full", f_full},
                                     {"counts", f_counts}, {NULL, NULL}};
  alm_lua_class(L, CLASS, methods, f_close);
  luaL_newlib(L, functions);
  return 1;
}
