/* almanac.core.csv: rows of a CSV file or string, and lines to write. */
#include "../base/csv.h"

#include <lauxlib.h>
#include <string.h>

#include "modules.h"
#include "scratch.h"
#include "util.h"

#define CLASS "almanac.csv"

/* ---- rows ---- */

static char check_delimiter(lua_State *L) {
  static const char *const known[] = {"delimiter", NULL};
  size_t length;
  if (lua_isnoneornil(L, 2)) return ',';
  luaL_checktype(L, 2, LUA_TTABLE);
  alm_lua_known_fields(L, 2, known);
  const char *text = alm_lua_field_string(L, 2, "delimiter", ",", &length);
  luaL_argcheck(L, length == 1 && !strchr("\"\r\n", *text), 2,
                "field 'delimiter' is one character, not a quote");
  return *text;
}

/* The handle, closed; it keeps the string or path it reads from. */
static void **new_handle(lua_State *L) {
  void **box = alm_lua_box(L, CLASS);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  return box;
}

static int f_open(lua_State *L) {
  alm_error err;
  const char *path = luaL_checkstring(L, 1);
  char delimiter = check_delimiter(L);
  void **box = new_handle(L);
  *box = alm_csv_open(path, delimiter, &err);
  return *box ? 1 : alm_lua_fail(L, &err);
}

static int f_parse(lua_State *L) {
  alm_error err;
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  char delimiter = check_delimiter(L);
  void **box = new_handle(L);
  *box = alm_csv_parse(text, length, delimiter, &err);
  return *box ? 1 : alm_lua_fail(L, &err);
}

static int push_row(lua_State *L, const alm_csv *csv) {
  size_t count = alm_csv_count(csv), length;
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    const char *text = alm_csv_field(csv, i, &length);
    lua_pushlstring(L, text, length);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushinteger(L, alm_csv_line(csv));
  return 2;
}

static int f_next(lua_State *L) {
  alm_error err;
  alm_csv *csv = alm_lua_handle(L, 1, CLASS, "the CSV is closed");
  switch (alm_csv_next(csv, &err)) {
    case ALM_CSV_ROW: return push_row(L, csv);
    case ALM_CSV_FAILED: return alm_lua_fail(L, &err);
    default: lua_pushnil(L); return 1;
  }
}

static int f_close(lua_State *L) {
  alm_csv_close(alm_lua_take(L, CLASS));
  return 0;
}

/* ---- lines ---- */

/* {value, …, n=} -> the number of values */
static lua_Integer count_values(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer count = alm_lua_field_integer(L, 1, "n", luaL_len(L, 1));
  luaL_argcheck(L, count >= 0 && count < 1 << 20, 1, "too many values");
  return count;
}

static int f_line(lua_State *L) {
  lua_Integer count = count_values(L);
  alm_buf *out = alm_lua_scratch(L, 1 << 30);
  bool done = true;
  for (lua_Integer i = 1; done && i <= count; i++) {
    size_t length = 0;
    int type = lua_rawgeti(L, 1, i);
    luaL_argcheck(L, type == LUA_TNIL || type == LUA_TSTRING ||
                  type == LUA_TNUMBER, 1, "values are strings, numbers or nil");
    const char *text = type == LUA_TNIL ? "" : lua_tolstring(L, -1, &length);
    done = (i == 1 || alm_buf_adds(out, ",")) &&
           (type == LUA_TNUMBER ? alm_buf_add(out, text, length)
                                : alm_csv_write(text, length, out));
    lua_pop(L, 1);
  }
  if (done && out->length == 0) done = alm_buf_adds(out, "\"\"");
  if (!done || !alm_buf_adds(out, "\n")) return luaL_error(L, "out of memory");
  return alm_lua_scratch_push(L);
}

int alm_open_csv(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"open", f_open}, {"parse", f_parse}, {"line", f_line}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"next", f_next}, {NULL, NULL}};
  alm_lua_class(L, CLASS, methods, f_close);
  luaL_newlib(L, functions);
  return 1;
}
