/* almanac.core.text: Unicode forms, natural order, base64, hex, charsets. */
#include "../base/iconv.h"
#include "../base/text.h"

#include <lauxlib.h>

#include "modules.h"
#include "scratch.h"
#include "util.h"

typedef bool transform(const char *, size_t, alm_buf *);

/* string -> string; no transform makes more than 16 bytes of one */
static int apply(lua_State *L, transform *change) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  alm_buf *out = alm_lua_scratch(L, 16 * length + 64);
  if (!change(text, length, out)) return luaL_error(L, "out of memory");
  return alm_lua_scratch_push(L);
}

static int f_nfc(lua_State *L) { return apply(L, alm_text_nfc); }
static int f_fold(lua_State *L) { return apply(L, alm_text_fold); }
static int f_natural(lua_State *L) { return apply(L, alm_text_natural); }
static int f_base64(lua_State *L) { return apply(L, alm_text_base64); }

static bool to_hex(const char *text, size_t length, alm_buf *out) {
  return alm_text_hex(text, length, out);
}

static int f_hex(lua_State *L) { return apply(L, to_hex); }

static int f_unbase64(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  alm_buf *out = alm_lua_scratch(L, length + 4);
  if (alm_text_unbase64(text, length, out)) return alm_lua_scratch_push(L);
  alm_error err;
  alm_fail(&err, ALM_PARSE, "not base64");
  return alm_lua_fail(L, &err);
}

static int f_decode(lua_State *L) {
  alm_error err;
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length), *charset = luaL_checkstring(L, 2);
  alm_buf *out = alm_lua_scratch(L, 16 * length + 64);
  return alm_iconv_text(charset, bytes, length, out, &err) ? alm_lua_scratch_push(L) : alm_lua_fail(L, &err);
}

static int f_valid(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_pushboolean(L, alm_text_valid(text, length));
  return 1;
}

static int f_plain(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_pushboolean(L, alm_text_plain(text, length));
  return 1;
}

int alm_open_text(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"nfc", f_nfc},         {"fold", f_fold},
      {"natural", f_natural}, {"valid", f_valid},
      {"base64", f_base64},   {"unbase64", f_unbase64},
      {"hex", f_hex},         {"plain", f_plain},
      {"decode", f_decode},
      {NULL, NULL},
  };
  luaL_newlib(L, functions);
  return 1;
}
