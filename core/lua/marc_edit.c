/* almanac.core.marc: changes of records, and new ones. */
#include "../marc/marc_edit.h"

#include <string.h>

#include "marc_record.h"
#include "util.h"

#define BUILDER "almanac.marc.builder"

/* Its address is a key of the registry. */
static char builder_key;

/* ---- the builder ---- */

static int f_free_builder(lua_State *L) {
  alm_marc_builder_free(alm_lua_take(L, BUILDER));
  return 0;
}

/* One for all edits, made when the first one comes. Pushes its box and takes it
 * out of the registry until the edit is done, since any allocation by Lua may run
 * a finalizer that changes records too. */
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

/* ( builder's box -> ) The record at 1 is what was built. */
static void changed(lua_State *L, alm_marc_builder *builder) {
  alm_lua_record_change(L, 1, alm_marc_built(builder));
  lua_rawsetp(L, LUA_REGISTRYINDEX, &builder_key);
}

/* ---- new records ---- */

static int f_new(lua_State *L) {
  alm_marc_builder *builder = take_builder(L);
  alm_marc_clear(builder, 0, 0);
  const alm_marc *record = alm_marc_built(builder);
  alm_lua_record_fill(L, alm_lua_record_room(L, record), record);
  lua_insert(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &builder_key);
  return 1;
}

static int f_copy(lua_State *L) {
  const alm_marc *record = alm_lua_record_kept(L, 1);
  alm_lua_record_fill(L, alm_lua_record_room(L, record), record);
  return 1;
}

/* ---- fields ---- */

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

/* Tag and text, or tag, indicators, codes and values, from 4 on. */
static void check_new(lua_State *L, alm_marc_new_field *field) {
  int top = lua_gettop(L);
  field->tag = check_slice(L, 4);
  if (top <= 5) {
    field->text = check_slice(L, 5);
    return;
  }
  field->indicators = check_slice(L, 5);
  luaL_argcheck(L, top % 2 == 1, top, "a code has no value");
  field->subfields = check_subfields(L, 6, top - 5);
  field->subfield_count = (size_t)(top - 5) / 2;
}

static bool gone(alm_error *err) {
  return alm_fail(err, ALM_MISSING, "this field is no longer in its record");
}

/* The record at 4, and the id of its field that is copied. */
static bool find_copied(lua_State *L, alm_marc_new_field *field, alm_error *err) {
  field->record = alm_lua_record(L, 4);
  field->copied = alm_marc_named(field->record, (uint32_t)luaL_checkinteger(L, 5));
  if (!field->copied) return gone(err);
  field->tag = (alm_slice){field->copied->tag, strlen(field->copied->tag)};
  return true;
}

/* nil: where its tag belongs; 0: behind the last one; else before that field. */
static bool find_place(lua_State *L, const alm_marc *record, alm_slice tag, size_t *at,
                       alm_error *err) {
  char begins[3] = {0};
  for (size_t i = 0; i < tag.length && i < sizeof begins; i++) begins[i] = tag.text[i];
  if (lua_isnil(L, 2)) *at = alm_marc_place(record, begins);
  else if (lua_tointeger(L, 2) == 0) *at = record->field_count;
  else {
    const alm_marc_field *field = alm_marc_named(record, (uint32_t)luaL_checkinteger(L, 2));
    if (!field) return gone(err);
    *at = (size_t)(field - record->fields);
  }
  return true;
}

static int f_splice(lua_State *L) {
  alm_error err;
  size_t at = 0;
  bool given = lua_gettop(L) > 3, dropped = lua_toboolean(L, 3), copies = lua_isuserdata(L, 4);
  alm_marc_new_field field = {.copied = NULL};
  if (given && !copies) check_new(L, &field);
  luaL_argcheck(L, lua_tointeger(L, 2) != 0 || !dropped, 2, "which field is dropped?");
  alm_marc_builder *builder = take_builder(L);
  const alm_marc *record = alm_lua_record(L, 1);
  if (copies && !find_copied(L, &field, &err)) return alm_lua_fail(L, &err);
  if (!find_place(L, record, field.tag, &at, &err) ||
      !alm_marc_splice(record, at, dropped, given ? &field : NULL, builder, &err))
    return alm_lua_fail(L, &err);
  changed(L, builder);
  lua_pushinteger(L, given ? alm_lua_record_kept(L, 1)->fields[at].id : 0);
  return 1;
}

/* ---- values ---- */

/* What makes no sense is the caller's mistake. */
static int edit_failed(lua_State *L, const char *function, const alm_error *err) {
  if (err->code == ALM_PARSE)
    return luaL_error(L, "bad argument to '%s' (%s)", function, err->message);
  return alm_lua_fail(L, err);
}

static int f_set(lua_State *L) {
  alm_error err;
  alm_slice value = check_slice(L, 3);
  alm_marcspec *spec = alm_lua_marcspec(L, 2);
  alm_marc_builder *builder = take_builder(L);
  if (!alm_marc_set(alm_lua_record(L, 1), spec, value.text, value.length, builder, &err))
    return edit_failed(L, "set", &err);
  changed(L, builder);
  lua_pushboolean(L, true);
  return 1;
}

static int f_remove(lua_State *L) {
  alm_error err;
  size_t removed;
  alm_marcspec *spec = alm_lua_marcspec(L, 2);
  alm_marc_builder *builder = take_builder(L);
  if (!alm_marc_remove(alm_lua_record(L, 1), spec, builder, &removed, &err))
    return edit_failed(L, "remove", &err);
  if (removed > 0) changed(L, builder);
  lua_pushinteger(L, (lua_Integer)removed);
  return 1;
}

/* ---- for the module ---- */

const luaL_Reg alm_lua_edit_functions[] = {{"new", f_new}, {NULL, NULL}};

const luaL_Reg alm_lua_edit_methods[] = {{"copy", f_copy},     {"splice", f_splice}, {"set", f_set},
                                         {"remove", f_remove}, {NULL, NULL}};

void alm_lua_edit_open(lua_State *L) {
  luaL_newmetatable(L, BUILDER);
  lua_pushcfunction(L, f_free_builder);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}
