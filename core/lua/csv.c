/* almanac.core.csv: lines to write. */
#include "../base/csv.h"

#include <lauxlib.h>

#include "modules.h"
#include "scratch.h"
#include "util.h"

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

static int f_guarded(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_pushboolean(L, alm_csv_is_guarded(text, length));
  return 1;
}

int alm_open_csv(lua_State *L) {
  static const luaL_Reg functions[] = {{"line", f_line}, {"guarded", f_guarded}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
