/* almanac.core.marc, the part about MARCspec: a record's values, edits of it,
 * conditions on it. */
#include "../marc/marcspec.h"

#include "../marc/marc_edit.h"
#include "../marc/marc_where.h"
#include "marc.h"
#include "util.h"

#define SPEC "almanac.marc.spec"
#define BUILDER "almanac.marc.builder"
#define CONDITION "almanac.marc.condition"

enum { CACHED = 256, COUNT = 1 };

/* Addresses as keys of the registry. */
static char cache_key, builder_key;

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

/* Pushes two values, which keep it alive. */
static alm_marcspec *check_spec(lua_State *L, int arg) {
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
 * same record with the same MARCspec. So the record is looked up last; a walk
 * and an edit have the spec and the builder for themselves. */

static int walk_failed(lua_State *L, const alm_marcspec *spec) {
  return luaL_error(L, "%s",
                    alm_marcspec_gave_up(spec) ? ALM_MARCSPEC_GAVE_UP : "out of memory");
}

static int f_get(lua_State *L) {
  alm_slice value;
  alm_marcspec *spec = check_spec(L, 2);
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
  alm_marcspec *spec = check_spec(L, 2);
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

/* ---- edits ---- */

static int f_free_builder(lua_State *L) {
  alm_marc_builder_free(alm_lua_take(L, BUILDER));
  return 0;
}

/* One for all edits, made when the first one comes. Pushes its box and takes it
 * out of the registry until the edit is done. */
static alm_marc_builder *take_builder(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &builder_key) != LUA_TUSERDATA) {
    void **box = alm_lua_box(L, BUILDER);
    *box = alm_marc_builder_new();
    if (!*box) luaL_error(L, "out of memory");
  }
  lua_pushboolean(L, false);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &builder_key);
  return *(alm_marc_builder **)lua_touserdata(L, -1);
}

/* What makes no sense is the caller's mistake. */
static int edit_failed(lua_State *L, const char *function, const alm_error *err) {
  if (err->code == ALM_PARSE)
    return luaL_error(L, "bad argument to '%s' (%s)", function, err->message);
  return alm_lua_fail(L, err);
}

/* ( builder's box -> true ) */
static int changed(lua_State *L, alm_marc_builder *builder) {
  alm_lua_record_change(L, 1, alm_marc_built(builder));
  lua_rawsetp(L, LUA_REGISTRYINDEX, &builder_key);
  lua_pushboolean(L, true);
  return 1;
}

static alm_slice check_slice(lua_State *L, int arg) {
  alm_slice text;
  text.text = luaL_checklstring(L, arg, &text.length);
  return text;
}

/* Code, value, code, value, … from `arg` on; pushes what holds them. */
static const alm_slice *check_subfields(lua_State *L, int arg, int count) {
  alm_slice *list = lua_newuserdatauv(L, (size_t)(count + 1) * sizeof *list, 0);
  for (int i = 0; i < count; i++) list[i] = check_slice(L, arg + i);
  return list;
}

static int f_add(lua_State *L) {
  alm_error err;
  int top = lua_gettop(L);
  alm_marc_new_field field = {.tag = check_slice(L, 2)};
  alm_slice second = check_slice(L, 3);
  if (top == 3) {
    field.text = second;
  } else {
    luaL_argcheck(L, top % 2 == 1, top, "a code has no value");
    field.indicators = second;
    field.subfields = check_subfields(L, 4, top - 3);
    field.subfield_count = (size_t)(top - 3) / 2;
  }
  alm_marc_builder *builder = take_builder(L);
  if (!alm_marc_add(alm_lua_record(L, 1), &field, builder, &err)) return edit_failed(L, "add", &err);
  return changed(L, builder);
}

static int f_set(lua_State *L) {
  alm_error err;
  alm_slice value = check_slice(L, 3);
  alm_marcspec *spec = check_spec(L, 2);
  alm_marc_builder *builder = take_builder(L);
  if (!alm_marc_set(alm_lua_record(L, 1), spec, value.text, value.length, builder, &err))
    return edit_failed(L, "set", &err);
  return changed(L, builder);
}

static int f_remove(lua_State *L) {
  alm_error err;
  size_t removed;
  alm_marcspec *spec = check_spec(L, 2);
  alm_marc_builder *builder = take_builder(L);
  if (!alm_marc_remove(alm_lua_record(L, 1), spec, builder, &removed, &err))
    return edit_failed(L, "remove", &err);
  if (removed > 0) changed(L, builder);
  lua_pushinteger(L, (lua_Integer)removed);
  return 1;
}

/* ---- conditions ---- */

static int f_free_condition(lua_State *L) {
  alm_marc_where_free(alm_lua_take(L, CONDITION));
  return 0;
}

static int f_where(lua_State *L) {
  alm_error err;
  alm_slice text = check_slice(L, 1);
  void **box = alm_lua_box(L, CONDITION);
  *box = alm_marc_where_parse(text.text, text.length, &err);
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

const luaL_Reg alm_lua_marcspec_methods[] = {{"get", f_get},       {"all", f_all}, {"add", f_add},
                                             {"set", f_set},       {"remove", f_remove},
                                             {NULL, NULL}};

static void new_class(lua_State *L, const char *name, lua_CFunction free) {
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, free);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}

void alm_lua_marcspec_open(lua_State *L) {
  static const luaL_Reg condition[] = {{"test", f_test}, {NULL, NULL}};
  new_class(L, SPEC, f_free_spec);
  new_class(L, BUILDER, f_free_builder);
  alm_lua_class(L, CONDITION, condition, f_free_condition);
  empty_cache(L);
  lua_pop(L, 1);
}
