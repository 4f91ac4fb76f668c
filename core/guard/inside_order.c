/* Sorting for recipes: merging, so that it is stable and the same on every run.
 * Lua's own table.sort takes its pivot by the clock, which no process without
 * rights may ask for. What is compared here counts as steps of the call. */
#include "inside_order.h"

#include <lauxlib.h>

#include "inside.h"

enum { LIST = 1, BEFORE = 2, FROM = 3, TO = 4 }; /* places on the stack */

typedef bool before(lua_State *L);

static bool ask(lua_State *L) {
  lua_pushvalue(L, BEFORE);
  lua_pushvalue(L, -3);
  lua_pushvalue(L, -3);
  lua_call(L, 2, 1);
  bool answer = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return answer;
}

static bool smaller(lua_State *L) {
  int type = lua_type(L, -1);
  if (type != lua_type(L, -2) || (type != LUA_TNUMBER && type != LUA_TSTRING))
    luaL_error(L, "table.sort: a %s and a %s have no order; give a function that says which comes first",
               luaL_typename(L, -2), luaL_typename(L, -1));
  return lua_compare(L, -2, -1, LUA_OPLT);
}

static int rank(int type) {
  switch (type) {
    case LUA_TNUMBER: return 1;
    case LUA_TSTRING: return 2;
    case LUA_TBOOLEAN: return 3;
    default: return 4;
  }
}

/* Numbers, text, true, false. */
static bool key_before(lua_State *L) {
  int a = rank(lua_type(L, -2)), b = rank(lua_type(L, -1));
  if (a != b) return a < b;
  if (a < 3) return lua_compare(L, -2, -1, LUA_OPLT);
  return a == 3 && lua_toboolean(L, -2) && !lua_toboolean(L, -1);
}

/* Whether the second of two places is to come before the first. */
static bool is_swapped(lua_State *L, lua_Integer first, lua_Integer second, before *is_before) {
  lua_rawgeti(L, FROM, second);
  lua_rawgeti(L, FROM, first);
  bool answer = is_before(L);
  lua_pop(L, 2);
  alm_inside_steps(1);
  return answer;
}

static void merge(lua_State *L, lua_Integer low, lua_Integer middle, lua_Integer high,
                  before *is_before) {
  lua_Integer a = low, b = middle;
  bool apart = middle >= high || !is_swapped(L, middle - 1, middle, is_before);
  for (lua_Integer at = low; at < high; at++) {
    bool first = b >= high || (a < middle && (apart || !is_swapped(L, a, b, is_before)));
    lua_rawgeti(L, FROM, first ? a++ : b++);
    lua_rawseti(L, TO, at);
  }
  alm_inside_steps((size_t)(high - low));
}

static lua_Integer least(lua_Integer a, lua_Integer b) { return a < b ? a : b; }

/* Sorts the `count` values of the table at FROM; the result is there again. */
static void sort(lua_State *L, lua_Integer count, before *is_before) {
  lua_createtable(L, (int)count, 0);
  lua_insert(L, TO);
  for (lua_Integer width = 1; width < count; width *= 2) {
    for (lua_Integer low = 1; low <= count; low += 2 * width)
      merge(L, low, least(low + width, count + 1), least(low + 2 * width, count + 1), is_before);
    lua_pushvalue(L, FROM);
    lua_copy(L, TO, FROM);
    lua_replace(L, TO);
  }
}

/* The values of a list in a table of their own, so that a comparison that
 * changes the list or fails leaves it whole. */
static void copy_list(lua_State *L, lua_Integer count) {
  luaL_argcheck(L, count < 1 << 26, 1, "the list is too long");
  lua_createtable(L, (int)count, 0);
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_geti(L, LIST, i) == LUA_TNIL)
      luaL_error(L, "table.sort: the list has a gap: nothing stands at %I", (LUAI_UACINT)i);
    lua_rawseti(L, -2, i);
  }
  alm_inside_steps((size_t)count);
}

static int f_sort(lua_State *L) {
  lua_settop(L, 2);
  if (!lua_istable(L, LIST))
    return luaL_error(L, "table.sort: a list is a table; this is a %s", luaL_typename(L, LIST));
  if (!lua_isnil(L, BEFORE) && !lua_isfunction(L, BEFORE))
    return luaL_error(L, "table.sort: what compares is a function; this is a %s", luaL_typename(L, BEFORE));
  lua_Integer count = luaL_len(L, LIST);
  copy_list(L, count);
  sort(L, count, lua_isnil(L, BEFORE) ? smaller : ask);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, FROM, i);
    lua_seti(L, LIST, i);
  }
  return 0;
}

/* table -> list of its keys in order; nil, type when several have none */
static int f_keys(lua_State *L) {
  luaL_checktype(L, LIST, LUA_TTABLE);
  lua_settop(L, 2);
  lua_newtable(L);
  lua_Integer count = 0, without = 0;
  for (lua_pushnil(L); lua_next(L, LIST);) {
    lua_pop(L, 1);
    int type = lua_type(L, -1);
    if (rank(type) == 4 && ++without > 1) {
      lua_pushnil(L);
      lua_pushstring(L, lua_typename(L, type));
      return 2;
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, FROM, ++count);
  }
  alm_inside_steps((size_t)count);
  sort(L, count, key_before);
  lua_settop(L, FROM);
  return 1;
}

void alm_inside_order(lua_State *L) {
  lua_pushcfunction(L, f_sort);
  lua_setfield(L, -2, "sort");
  lua_pushcfunction(L, f_keys);
  lua_setfield(L, -2, "keys");
}
