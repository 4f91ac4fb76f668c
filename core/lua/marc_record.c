/* Records of almanac.core.marc: a userdata each, the record packed into it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "marc_record.h"
#include "scratch.h"
#include "util.h"

#define CLASS "almanac.marc.record"

/* The packed record lies behind it, or, after a change, in the user value. */
typedef struct {
  alm_marc *record;
} record_box;

enum { WRITTEN = 8 * ALM_MARC_MAXIMUM, SHAPE = 64 };

/* ---- the box ---- */

void *alm_lua_record_room(lua_State *L, const alm_marc *record) {
  return lua_newuserdatauv(L, sizeof(record_box) + alm_marc_packed_size(record), 1);
}

void alm_lua_record_fill(lua_State *L, void *room, const alm_marc *record) {
  record_box *box = room;
  box->record = alm_marc_pack(record, box + 1);
  luaL_setmetatable(L, CLASS);
}

const alm_marc *alm_lua_record(lua_State *L, int index) {
  return ((record_box *)luaL_checkudata(L, index, CLASS))->record;
}

const alm_marc *alm_lua_record_kept(lua_State *L, int index) {
  alm_marc *record = ((record_box *)luaL_checkudata(L, index, CLASS))->record;
  lua_getiuservalue(L, index, 1);
  alm_marc_name(record);
  return record;
}

void alm_lua_record_change(lua_State *L, int index, const alm_marc *record) {
  index = lua_absindex(L, index);
  record_box *box = luaL_checkudata(L, index, CLASS);
  void *block = lua_newuserdatauv(L, alm_marc_packed_size(record), 0);
  alm_marc *packed = alm_marc_pack(record, block);
  lua_setiuservalue(L, index, 1);
  box->record = packed;
}

/* ---- looking ---- */

static const char *check_tag(lua_State *L, int index) {
  size_t length;
  const char *tag = luaL_checklstring(L, index, &length);
  bool is_long = length > 3 && length <= ALM_MARC_TAG_LONGEST && isalpha((unsigned char)*tag);
  luaL_argcheck(L, length == 3 || is_long, index, "a tag has three characters");
  return tag;
}

static int f_leader(lua_State *L) {
  lua_pushlstring(L, alm_lua_record(L, 1)->leader, ALM_MARC_LEADER);
  return 1;
}

static int f_number(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)alm_lua_record(L, 1)->number);
  return 1;
}

static int f_offset(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)alm_lua_record(L, 1)->offset);
  return 1;
}

static void push_slice(lua_State *L, alm_slice slice) {
  lua_pushlstring(L, slice.text, slice.length);
}

static int f_control(lua_State *L) {
  const alm_marc *record = alm_lua_record(L, 1);
  const char *tag = check_tag(L, 2);
  const alm_marc_field *field = alm_marc_find(record, tag, NULL);
  while (field && !field->control) field = alm_marc_find(record, tag, field);
  if (!field) return 0;
  push_slice(L, alm_marc_content(record, field));
  return 1;
}

/* ---- fields as tables ---- */

static void set_slice(lua_State *L, const char *name, alm_slice slice) {
  alm_lua_set_string(L, name, slice.text, slice.length);
}

static void set_indicator(lua_State *L, const char *name, char indicator) {
  alm_lua_set_string(L, name, &indicator, 1);
}

static void push_subfields(lua_State *L, const alm_marc *record, const alm_marc_field *field) {
  alm_subfield subfield = {.next = NULL};
  lua_newtable(L);
  for (lua_Integer i = 1; alm_marc_next_subfield(record, field, &subfield); i++) {
    lua_createtable(L, 0, 2);
    set_slice(L, "code", subfield.code);
    set_slice(L, "value", subfield.value);
    lua_rawseti(L, -2, i);
  }
}

static void push_field(lua_State *L, const alm_marc *record, const alm_marc_field *field) {
  lua_createtable(L, 0, 4);
  alm_lua_set_string(L, "tag", field->tag, strlen(field->tag));
  if (field->control) {
    set_slice(L, "value", alm_marc_content(record, field));
    return;
  }
  set_indicator(L, "indicator1", alm_marc_indicator(record, field, 1));
  set_indicator(L, "indicator2", alm_marc_indicator(record, field, 2));
  push_subfields(L, record, field);
  lua_setfield(L, -2, "subfields");
}

/* Pushes a table with what `push` gives of each field with the tag at 2. */
static int push_fields(lua_State *L,
                       void (*push)(lua_State *, const alm_marc *, const alm_marc_field *)) {
  lua_settop(L, 2);
  const alm_marc *record = alm_lua_record_kept(L, 1);
  const char *tag = lua_isnoneornil(L, 2) ? NULL : check_tag(L, 2);
  const alm_marc_field *field = NULL;
  lua_newtable(L);
  for (lua_Integer i = 1; (field = alm_marc_find(record, tag, field)); i++) {
    push(L, record, field);
    lua_rawseti(L, -2, i);
  }
  return 1;
}

static int f_fields(lua_State *L) { return push_fields(L, push_field); }

static void push_id(lua_State *L, const alm_marc *record, const alm_marc_field *field) {
  (void)record;
  lua_pushinteger(L, field->id);
}

static int f_ids(lua_State *L) { return push_fields(L, push_id); }

static int f_field(lua_State *L) {
  const alm_marc *record = alm_lua_record_kept(L, 1);
  const alm_marc_field *field = alm_marc_named(record, (uint32_t)luaL_checkinteger(L, 2));
  if (field) push_field(L, record, field);
  else lua_pushnil(L);
  return 1;
}

/* ---- shapes ---- */

static void push_shape(lua_State *L, const alm_marc *record, const alm_marc_field *field) {
  char usual[SHAPE];
  luaL_Buffer longer;
  size_t length = alm_marc_shape(record, field, usual, sizeof usual);
  if (length <= sizeof usual) {
    lua_pushlstring(L, usual, length);
    return;
  }
  alm_marc_shape(record, field, luaL_buffinitsize(L, &longer, length), length);
  luaL_pushresultsize(&longer, length);
}

static int f_shapes(lua_State *L) {
  lua_settop(L, 2);
  luaL_checktype(L, 2, LUA_TTABLE);
  const alm_marc *record = alm_lua_record_kept(L, 1);
  for (size_t i = 0; i < record->field_count; i++) {
    push_shape(L, record, &record->fields[i]);
    lua_rawseti(L, 2, (lua_Integer)i + 1);
  }
  alm_marc_characters has = alm_marc_look(record);
  lua_pushinteger(L, (lua_Integer)record->field_count);
  lua_pushboolean(L, has.controls);
  lua_pushboolean(L, has.beyond_ascii);
  return 3;
}

/* ---- problems ---- */

static void push_problem(lua_State *L, const alm_marc_problem *problem) {
  lua_createtable(L, 0, 3);
  lua_pushstring(L, alm_marc_kind_name(problem->kind));
  lua_setfield(L, -2, "kind");
  alm_lua_set_integer(L, "byte", problem->at);
  lua_pushstring(L, problem->message);
  lua_setfield(L, -2, "message");
}

static int f_problems(lua_State *L) {
  const alm_marc *record = alm_lua_record_kept(L, 1);
  lua_createtable(L, (int)record->problem_count, 0);
  for (size_t i = 0; i < record->problem_count; i++) {
    push_problem(L, &record->problems[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* ---- writing ---- */

static bool check_nfc(lua_State *L, int index) {
  static const char *const known[] = {"nfc", NULL};
  if (lua_isnoneornil(L, index)) return false;
  luaL_checktype(L, index, LUA_TTABLE);
  alm_lua_known_fields(L, index, known);
  return alm_lua_field_bool(L, index, "nfc", false);
}

static int f_encode(lua_State *L) {
  alm_error err;
  const alm_marc_format *format = alm_lua_marc_format(L, 2);
  bool nfc = check_nfc(L, 3);
  alm_buf *out = alm_lua_scratch(L, WRITTEN);
  if (!alm_marc_write(alm_lua_record(L, 1), format, nfc, out, &err)) return alm_lua_fail(L, &err);
  alm_lua_scratch_push(L);
  if (!alm_marc_is_odd(alm_lua_record(L, 1))) return 1;
  out = alm_lua_scratch(L, WRITTEN);
  alm_marc_left_out(alm_lua_record(L, 1), format, out);
  if (out->length) return 1 + alm_lua_scratch_push(L);
  alm_lua_scratch_done(L, -1);
  lua_pop(L, 1);
  return 1;
}

void alm_lua_record_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"leader", f_leader},   {"number", f_number}, {"offset", f_offset}, {"control", f_control},
      {"fields", f_fields},   {"ids", f_ids},       {"field", f_field},   {"problems", f_problems},
      {"encode", f_encode},   {"shapes", f_shapes}, {NULL, NULL},
  };
  alm_lua_class(L, CLASS, methods, NULL);
  luaL_getmetatable(L, CLASS);
  lua_getfield(L, -1, "__index");
  luaL_setfuncs(L, alm_lua_marcspec_methods, 0);
  luaL_setfuncs(L, alm_lua_edit_methods, 0);
  lua_pop(L, 2);
}
