/* A value is one letter and what belongs to it; a table is its list, then its
 * other pairs, with both counts in front. */
#include "wire.h"

#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define DEEPEST 32
#define MOST_ROOM 65536 /* pairs that room is made for before they are there */

/* ---- writing ---- */

static void add(lua_State *L, alm_buf *buf, const void *data, size_t length) {
  if (!alm_buf_add(buf, data, length))
    luaL_error(L, "the message is longer than %d MB",
               (int)(buf->maximum >> 20));
}

static void add_letter(lua_State *L, alm_buf *buf, char letter) {
  add(L, buf, &letter, 1);
}

static void add_size(lua_State *L, alm_buf *buf, size_t size) {
  uint32_t number = (uint32_t)size;
  add(L, buf, &number, sizeof number);
}

static void add_number(lua_State *L, alm_buf *buf, int index) {
  if (lua_isinteger(L, index)) {
    lua_Integer integer = lua_tointeger(L, index);
    add_letter(L, buf, 'i');
    add(L, buf, &integer, sizeof integer);
  } else {
    lua_Number number = lua_tonumber(L, index);
    add_letter(L, buf, 'n');
    add(L, buf, &number, sizeof number);
  }
}

static void add_string(lua_State *L, alm_buf *buf, int index) {
  size_t length;
  const char *text = lua_tolstring(L, index, &length);
  add_letter(L, buf, 's');
  add_size(L, buf, length);
  add(L, buf, text, length);
}

static bool is_in_list(lua_State *L, int index, lua_Unsigned length) {
  return lua_isinteger(L, index) &&
         (lua_Unsigned)lua_tointeger(L, index) - 1 < length;
}

static void add_value(lua_State *L, alm_buf *buf, int index, int depth);

static void add_table(lua_State *L, alm_buf *buf, int index, int depth) {
  lua_Unsigned length = lua_rawlen(L, index);
  uint32_t pairs = 0;
  if (depth == DEEPEST) luaL_error(L, "tables are nested too deep");
  luaL_checkstack(L, 4, "tables are nested too deep");
  add_letter(L, buf, 't');
  add_size(L, buf, length);
  size_t at = buf->length;
  add_size(L, buf, 0);
  for (lua_Unsigned i = 1; i <= length; i++) {
    lua_rawgeti(L, index, (lua_Integer)i);
    add_value(L, buf, lua_gettop(L), depth + 1);
    lua_pop(L, 1);
  }
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    int top = lua_gettop(L); /* key, value */
    if (is_in_list(L, top - 1, length)) continue;
    add_value(L, buf, top - 1, depth + 1);
    add_value(L, buf, top, depth + 1);
    pairs++;
  }
  memcpy(buf->data + at, &pairs, sizeof pairs);
}

static void add_value(lua_State *L, alm_buf *buf, int index, int depth) {
  switch (lua_type(L, index)) {
    case LUA_TNIL: add_letter(L, buf, '0'); break;
    case LUA_TBOOLEAN:
      add_letter(L, buf, lua_toboolean(L, index) ? '+' : '-');
      break;
    case LUA_TNUMBER: add_number(L, buf, index); break;
    case LUA_TSTRING: add_string(L, buf, index); break;
    case LUA_TTABLE: add_table(L, buf, index, depth); break;
    default: luaL_error(L, "a %s can't be sent", luaL_typename(L, index));
  }
}

void alm_lua_wire_add(lua_State *L, alm_buf *buf, int index) {
  add_value(L, buf, lua_absindex(L, index), 0);
}

/* ---- reading ---- */

typedef struct {
  const char *at;
  size_t left;
  size_t owed; /* values that open tables wait for, a byte each at least */
} source;

static bool take(source *in, void *data, size_t length) {
  if (in->left < length) return false;
  memcpy(data, in->at, length);
  in->at += length;
  in->left -= length;
  return true;
}

static bool push_string(lua_State *L, source *in) {
  uint32_t length;
  if (!take(in, &length, sizeof length) || in->left < length) return false;
  lua_pushlstring(L, in->at, length);
  in->at += length;
  in->left -= length;
  return true;
}

static bool push_value(lua_State *L, source *in, int depth);

static bool is_key(lua_State *L, int index) {
  int type = lua_type(L, index);
  return type == LUA_TSTRING || type == LUA_TBOOLEAN ||
         (type == LUA_TNUMBER && !isnan(lua_tonumber(L, index)));
}

static bool push_table(lua_State *L, source *in, int depth) {
  uint32_t length, pairs;
  if (!take(in, &length, sizeof length) || !take(in, &pairs, sizeof pairs))
    return false;
  size_t values = (size_t)length + 2 * (size_t)pairs;
  if (depth == DEEPEST || in->left < in->owed || values > in->left - in->owed)
    return false; /* more than can come: no memory is taken for it */
  in->owed += values;
  if (!lua_checkstack(L, 4)) return false;
  lua_createtable(L, (int)length, (int)(pairs < MOST_ROOM ? pairs : MOST_ROOM));
  for (uint32_t i = 1; i <= length; i++) {
    if (!push_value(L, in, depth + 1)) return false;
    lua_rawseti(L, -2, i);
  }
  for (uint32_t i = 0; i < pairs; i++) {
    if (!push_value(L, in, depth + 1) || !is_key(L, -1)) return false;
    if (!push_value(L, in, depth + 1)) return false;
    lua_rawset(L, -3);
  }
  return true;
}

static bool push_number(lua_State *L, source *in, char letter) {
  lua_Integer integer;
  lua_Number number;
  if (letter == 'i') {
    if (!take(in, &integer, sizeof integer)) return false;
    lua_pushinteger(L, integer);
  } else {
    if (!take(in, &number, sizeof number)) return false;
    lua_pushnumber(L, number);
  }
  return true;
}

static bool push_value(lua_State *L, source *in, int depth) {
  char letter;
  if (!take(in, &letter, 1)) return false;
  in->owed--;
  switch (letter) {
    case '0': lua_pushnil(L); return true;
    case '+': lua_pushboolean(L, 1); return true;
    case '-': lua_pushboolean(L, 0); return true;
    case 'i':
    case 'n': return push_number(L, in, letter);
    case 's': return push_string(L, in);
    case 't': return push_table(L, in, depth);
    default: return false;
  }
}

bool alm_lua_wire_push(lua_State *L, const char *data, size_t length) {
  source in = {data, length, 1};
  int top = lua_gettop(L);
  if (push_value(L, &in, 0) && in.left == 0) return true;
  lua_settop(L, top);
  return false;
}
