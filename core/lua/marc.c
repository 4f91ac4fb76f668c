/* almanac.core.marc: readers of records; the records are in marc_record.c. */
#include <string.h>

#include "../marc/marc_read.h"
#include "marc_record.h"
#include "modules.h"
#include "util.h"

#define CLASS "almanac.marc.reader"

typedef struct {
  alm_marc_reader *reader; /* NULL when closed */
  uint64_t calls;
} reader_box;

/* ---- formats ---- */

static int bad_format(lua_State *L, int index, const char *name) {
  return luaL_argerror(L, index, lua_pushfstring(L, "format '%s' is none of %s", name,
                                                 alm_marc_format_names()));
}

const alm_marc_format *alm_lua_marc_format(lua_State *L, int index) {
  const char *name = luaL_checkstring(L, index);
  const alm_marc_format *format = alm_marc_format_named(name);
  if (!format) bad_format(L, index, name);
  return format;
}

static int f_formats(lua_State *L) {
  lua_newtable(L);
  for (size_t i = 0; alm_marc_format_at(i); i++) {
    lua_pushstring(L, alm_marc_format_at(i)->name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int f_kinds(lua_State *L) {
  lua_newtable(L);
  for (size_t i = 0; alm_marc_kind_name(i); i++) {
    lua_pushstring(L, alm_marc_kind_name(i));
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int f_frame(lua_State *L) {
  const alm_marc_format *format = alm_lua_marc_format(L, 1);
  lua_pushstring(L, format->head ? format->head : "");
  lua_pushstring(L, format->between ? format->between : "");
  lua_pushstring(L, format->tail ? format->tail : "");
  return 3;
}

/* ---- opening ---- */

static alm_marc_options check_options(lua_State *L, int index) {
  static const char *const known[] = {"format", "charset", NULL};
  alm_marc_options options = {.format = NULL};
  if (lua_isnoneornil(L, index)) return options;
  luaL_checktype(L, index, LUA_TTABLE);
  alm_lua_known_fields(L, index, known);
  const char *name = alm_lua_field_string(L, index, "format", NULL, NULL);
  if (name && !(options.format = alm_marc_format_named(name))) bad_format(L, index, name);
  options.charset = alm_lua_field_string(L, index, "charset", NULL, NULL);
  return options;
}

static int f_charset(lua_State *L) {
  alm_error err;
  if (!alm_marc_charset_known(luaL_checkstring(L, 1), &err)) return alm_lua_fail(L, &err);
  lua_pushboolean(L, true);
  return 1;
}

/* The handle, closed; it keeps the string it reads from. */
static reader_box *new_handle(lua_State *L) {
  reader_box *box = lua_newuserdatauv(L, sizeof *box, 1);
  *box = (reader_box){.reader = NULL};
  luaL_setmetatable(L, CLASS);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  return box;
}

static int f_open(lua_State *L) {
  alm_error err;
  const char *path = luaL_checkstring(L, 1);
  alm_marc_options options = check_options(L, 2);
  reader_box *box = new_handle(L);
  box->reader = alm_marc_reader_open(path, NULL, 0, &options, &err);
  return box->reader ? 1 : alm_lua_fail(L, &err);
}

static int f_parse(lua_State *L) {
  alm_error err;
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  alm_marc_options options = check_options(L, 2);
  reader_box *box = new_handle(L);
  box->reader = alm_marc_reader_open(NULL, text, length, &options, &err);
  return box->reader ? 1 : alm_lua_fail(L, &err);
}

/* ---- reading ---- */

static reader_box *check_box(lua_State *L, int index) {
  reader_box *box = luaL_checkudata(L, index, CLASS);
  luaL_argcheck(L, box->reader, index, "the reader is closed");
  return box;
}

static const alm_marc_reader *check_reader(lua_State *L) { return check_box(L, 1)->reader; }

alm_marc_reader *alm_lua_reader(lua_State *L, int index) {
  reader_box *box = check_box(L, index);
  box->calls++;
  return box->reader;
}

/* The record lies in the reader; a finalizer may have moved that on. */
int alm_lua_reader_push(lua_State *L, int index, const alm_marc *record) {
  const reader_box *box = check_box(L, index);
  uint64_t calls = box->calls;
  void *room = alm_lua_record_room(L, record);
  if (box->calls != calls) return luaL_error(L, "a finalizer used the reader");
  alm_lua_record_fill(L, room, record);
  return 1;
}

int alm_lua_reader_fail(lua_State *L, alm_marc_result result, const alm_error *err) {
  alm_lua_fail(L, err);
  lua_pushboolean(L, result == ALM_MARC_BROKEN);
  return 4;
}

static int f_next(lua_State *L) {
  alm_error err;
  const alm_marc *record;
  alm_marc_result result = alm_marc_reader_next(alm_lua_reader(L, 1), &record, &err);
  if (result == ALM_MARC_RECORD) return alm_lua_reader_push(L, 1, record);
  if (result != ALM_MARC_END) return alm_lua_reader_fail(L, result, &err);
  lua_pushnil(L);
  return 1;
}

/* A loop that just ended would look like the end of the records. */
static int f_next_or_raise(lua_State *L) {
  if (f_next(L) == 1) return 1;
  lua_pop(L, 2); /* the message is at the top */
  return lua_error(L);
}

static int f_records(lua_State *L) {
  check_reader(L);
  lua_pushcfunction(L, f_next_or_raise);
  lua_pushvalue(L, 1);
  return 2;
}

static int f_format(lua_State *L) {
  const alm_marc_format *format = alm_marc_reader_format(check_reader(L));
  lua_pushstring(L, format ? format->name : NULL);
  return 1;
}

static int f_progress(lua_State *L) {
  const alm_marc_source *source = alm_marc_reader_source(check_reader(L));
  uint64_t size = alm_marc_source_size(source);
  lua_pushinteger(L, (lua_Integer)alm_marc_source_read(source));
  if (size) lua_pushinteger(L, (lua_Integer)size);
  return size ? 2 : 1;
}

static int f_source(lua_State *L) {
  lua_pushstring(L, alm_marc_source_name(alm_marc_reader_source(check_reader(L))));
  return 1;
}

static int f_passed(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)alm_marc_reader_passed(check_reader(L)));
  return 1;
}

static int f_close(lua_State *L) {
  reader_box *box = luaL_checkudata(L, 1, CLASS);
  box->calls++;
  alm_marc_reader_close(box->reader);
  box->reader = NULL;
  return 0;
}

int alm_open_marc(lua_State *L) {
  static const luaL_Reg functions[] = {{"open", f_open},
                                       {"parse", f_parse},
                                       {"formats", f_formats},
                                       {"frame", f_frame},
                                       {"charset", f_charset},
                                       {"kinds", f_kinds},
                                       {NULL, NULL}};
  static const luaL_Reg methods[] = {{"next", f_next},         {"records", f_records},
                                     {"format", f_format},     {"progress", f_progress},
                                     {"source", f_source},     {"passed", f_passed},
                                     {NULL, NULL}};
  alm_lua_class(L, CLASS, methods, f_close);
  alm_lua_marcspec_open(L);
  alm_lua_edit_open(L);
  alm_lua_record_open(L);
  luaL_newlib(L, functions);
  luaL_setfuncs(L, alm_lua_edit_functions, 0);
  luaL_setfuncs(L, alm_lua_marcspec_functions, 0);
  return 1;
}
