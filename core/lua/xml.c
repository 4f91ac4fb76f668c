/* almanac.core.xml: XML into tables. */
#include "../base/xml.h"

#include <lauxlib.h>

#include "modules.h"
#include "scratch.h"
#include "util.h"

#define CLASS "almanac.xml"

static int f_free(lua_State *L) {
  alm_xml_free(alm_lua_take(L, CLASS));
  return 0;
}

static alm_xml_limits check_limits(lua_State *L) {
  static const char *const known[] = {"max_depth", "max_size", NULL};
  alm_xml_limits limits = {.max_depth = 64, .max_size = 32 << 20};
  if (lua_isnoneornil(L, 2)) return limits;
  luaL_checktype(L, 2, LUA_TTABLE);
  alm_lua_known_fields(L, 2, known);
  lua_Integer depth = alm_lua_field_integer(L, 2, "max_depth", 64);
  lua_Integer size = alm_lua_field_integer(L, 2, "max_size", 32 << 20);
  luaL_argcheck(L, depth > 0 && depth <= 200, 2, "max_depth is 1 to 200");
  luaL_argcheck(L, size > 0 && size <= 1 << 30, 2, "max_size is up to 1 GiB");
  limits.max_depth = (int)depth;
  limits.max_size = (size_t)size;
  return limits;
}

static void push_attributes(lua_State *L, const alm_xml_attribute *list, size_t count) {
  lua_createtable(L, 0, (int)count);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, list[i].value);
    lua_setfield(L, -2, list[i].name);
  }
}

/* As deep as the document at most. */
static void push_node(lua_State *L, const alm_xml_node *node) {
  lua_Integer index = 1;
  luaL_checkstack(L, 4, "XML");
  lua_createtable(L, (int)node->child_count, 4);
  lua_pushstring(L, node->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, node->name_space); /* nil when there is none */
  lua_setfield(L, -2, "namespace");
  lua_pushstring(L, node->text);
  lua_setfield(L, -2, "text");
  push_attributes(L, node->attributes, node->attribute_count);
  lua_setfield(L, -2, "attributes");
  if (node->space_count) {
    push_attributes(L, node->spaces, node->space_count);
    lua_setfield(L, -2, "prefixes");
  }
  for (const alm_xml_node *child = node->first; child; child = child->next) {
    push_node(L, child);
    lua_rawseti(L, -2, index++);
  }
}

static int f_parse(lua_State *L) {
  alm_error err;
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  alm_xml_limits limits = check_limits(L);
  void **box = alm_lua_box(L, CLASS);
  *box = alm_xml_parse(text, length, &limits, &err);
  if (!*box) return alm_lua_fail(L, &err);
  push_node(L, alm_xml_root(*box));
  alm_xml_free(*box);
  *box = NULL;
  return 1;
}

static int f_escape(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  alm_buf *out = alm_lua_scratch(L, 6 * length);
  if (!alm_xml_escape(text, length, out)) return luaL_error(L, "out of memory");
  return alm_lua_scratch_push(L);
}

int alm_open_xml(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"parse", f_parse}, {"escape", f_escape}, {NULL, NULL}};
  luaL_newmetatable(L, CLASS);
  lua_pushcfunction(L, f_free);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  return 1;
}
