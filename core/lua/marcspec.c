/* almanac.core.marc, the part about MARCspec: a record's values, and conditions
 * on it. */
#include "../marc/marcspec.h"

#include "../marc/marc_edit.h"
#include "../marc/marc_where.h"
#include "marc.h"
#include "util.h"

#define SPEC "almanac.marc.spec"
#define CONDITION "almanac.marc.condition"

enum { CACHED = 256, COUNT = 1 };

/* Its address is a key of the registry. */
static char cache_key;

/* ---- compiled MARCspecs, by their text; emptied when CACHED are there ---- */

static int f_free_spec(lua_State *L) {
  alm_marcspec_free(alm_lua_take(L, SPEC));
  return 0;
}

static void empty_cache(lua_State *L) {
  lua_createtable(L, 1, CACHED);
  lua_pushinteger(L, 0);
  lua_rawseti(L, -2, COUNT);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &cache_key);
}

/* ( cache -> cache, or a new one ) */
static void count_in(lua_State *L) {
  lua_rawgeti(L, -1, COUNT);
  lua_Integer count = lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (count == CACHED) {
    lua_pop(L, 1);
    empty_cache(L);
    count = 0;
  }
  lua_pushinteger(L, count + 1);
  lua_rawseti(L, -2, COUNT);
}

/* ( cache -> cache box ) */
static alm_marcspec *compile(lua_State *L, int arg) {
  alm_error err;
  size_t length;
  const char *text = lua_tolstring(L, arg, &length);
  count_in(L);
  void **box = alm_lua_box(L, SPEC);
  *box = alm_marcspec_parse(text, length, &err);
  if (!*box) luaL_argerror(L, arg, err.message);
  lua_pushvalue(L, arg);
  lua_pushvalue(L, -2);
  lua_rawset(L, -4);
  return *box;
}

alm_marcspec *alm_lua_marcspec(lua_State *L, int arg) {
  luaL_checkstring(L, arg);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &cache_key);
  lua_pushvalue(L, arg);
  if (lua_rawget(L, -2) == LUA_TUSERDATA) return *(alm_marcspec **)lua_touserdata(L, -1);
  lua_pop(L, 1);
  return compile(L, arg);
}

static int f_spec(lua_State *L) {
  alm_error err;
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  alm_marcspec *spec = alm_marcspec_parse(text, length, &err);
  if (!spec) return alm_lua_fail(L, &err);
  alm_marcspec_free(spec);
  lua_pushboolean(L, true);
  return 1;
}

/* ---- values ----
 * Any allocation by Lua may run a finalizer, and that may use or change the
 * same record with the same MARCspec. So the record is looked up last, and a walk
 * an edit has the spec for itself. */

static int walk_failed(lua_State *L, const alm_marcspec *spec) {
  return luaL_error(L, "%s",
                    alm_marcspec_gave_up(spec) ? ALM_MARCSPEC_GAVE_UP : "out of memory");
}

static int f_get(lua_State *L) {
  alm_slice value;
  alm_marcspec *spec = alm_lua_marcspec(L, 2);
  const alm_marc *record = alm_lua_record(L, 1);
  if (!alm_marcspec_first(spec, record, &value)) return walk_failed(L, spec);
  if (value.text) lua_pushlstring(L, value.text, value.length);
  else lua_pushnil(L);
  return 1;
}

/* With record, text, cache and box at 1 to 4: the cache has it not, or again. */
static void borrow(lua_State *L) {
  lua_pushvalue(L, 2);
  lua_pushboolean(L, false);
  lua_rawset(L, 3);
}

static void give_back(lua_State *L) {
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 4);
  lua_rawset(L, 3);
}

static int f_all(lua_State *L) {
  alm_marc_values values;
  lua_Integer count = 0;
  lua_settop(L, 2);
  alm_marcspec *spec = alm_lua_marcspec(L, 2);
  borrow(L);
  lua_getiuservalue(L, 1, 1); /* keeps what the record holds now */
  const alm_marc *record = alm_lua_record(L, 1);
  if (!alm_marcspec_begin(spec, record, &values)) return walk_failed(L, spec);
  lua_newtable(L);
  while (alm_marcspec_next(&values)) {
    lua_pushlstring(L, values.hit.text.text, values.hit.text.length);
    lua_rawseti(L, -2, ++count);
  }
  if (alm_marcspec_gave_up(spec)) return walk_failed(L, spec);
  give_back(L);
  return 1;
}

/* ---- places: which field and subfield each value is ---- */

static void push_place(lua_State *L, const alm_marc *record, const alm_marc_hit *hit,
                       lua_Integer *count) {
  size_t subfield;
  if (!alm_marc_hit_place(record, hit, &subfield))
    luaL_argerror(L, 2, "it names the leader, indicators or characters, not fields or subfields");
  lua_pushinteger(L, hit->field->id);
  lua_rawseti(L, -2, ++*count);
  lua_pushinteger(L, (lua_Integer)subfield);
  lua_rawseti(L, -2, ++*count);
}

static int f_places(lua_State *L) {
  alm_marc_values values;
  lua_Integer count = 0;
  lua_settop(L, 2);
  alm_marcspec *spec = alm_lua_marcspec(L, 2);
  borrow(L);
  const alm_marc *record = alm_lua_record_kept(L, 1);
  if (!alm_marcspec_begin(spec, record, &values)) return walk_failed(L, spec);
  lua_newtable(L);
  while (alm_marcspec_next(&values)) push_place(L, record, &values.hit, &count);
  if (alm_marcspec_gave_up(spec)) return walk_failed(L, spec);
  give_back(L);
  return 1;
}

/* ---- conditions ---- */

static int f_free_condition(lua_State *L) {
  alm_marc_where_free(alm_lua_take(L, CONDITION));
  return 0;
}

static int f_where(lua_State *L) {
  alm_error err;
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  void **box = alm_lua_box(L, CONDITION);
  *box = alm_marc_where_parse(text, length, &err);
  return *box ? 1 : alm_lua_fail(L, &err);
}

static int f_test(lua_State *L) {
  alm_error err;
  bool passes;
  alm_marc_where *where = alm_lua_handle(L, 1, CONDITION, "the condition is closed");
  const alm_marc *record = alm_lua_record(L, 2);
  if (!alm_marc_where_test(where, record, &passes, &err)) return luaL_error(L, "%s", err.message);
  lua_pushboolean(L, passes);
  return 1;
}

/* ---- for the module ---- */

const luaL_Reg alm_lua_marcspec_functions[] = {{"spec", f_spec}, {"where", f_where}, {NULL, NULL}};

const luaL_Reg alm_lua_marcspec_methods[] = {{"get", f_get},       {"all", f_all},
                                             {"places", f_places}, {NULL, NULL}};

void alm_lua_marcspec_open(lua_State *L) {
  static const luaL_Reg condition[] = {{"test", f_test}, {NULL, NULL}};
  luaL_newmetatable(L, SPEC);
  lua_pushcfunction(L, f_free_spec);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  alm_lua_class(L, CONDITION, condition, f_free_condition);
  empty_cache(L);
  lua_pop(L, 1);
}
