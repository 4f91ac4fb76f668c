/* almanac.core.zip: one file out of a zip archive. */
#include "../base/zip.h"

#include <lauxlib.h>

#include "modules.h"
#include "scratch.h"
#include "util.h"

static int f_read(lua_State *L) {
  alm_error err;
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length), *name = luaL_checkstring(L, 2);
  lua_Integer most = luaL_checkinteger(L, 3);
  luaL_argcheck(L, most > 0 && most <= 1 << 30, 3, "from 1 byte to 1 GiB");
  alm_buf *out = alm_lua_scratch(L, (size_t)most);
  return alm_zip_read(bytes, length, name, out, &err) ? alm_lua_scratch_push(L)
                                                      : alm_lua_fail(L, &err);
}

int alm_open_zip(lua_State *L) {
  static const luaL_Reg functions[] = {{"read", f_read}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
