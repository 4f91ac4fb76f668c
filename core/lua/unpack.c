/* almanac.core.unpack: one file out of an archive. */
#include "../base/unpack.h"

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
  return alm_unpack_one(bytes, length, name, out, &err) ? alm_lua_scratch_push(L)
                                                      : alm_lua_fail(L, &err);
}

static int f_looks(lua_State *L) {
  size_t length;
  const char *head = luaL_checklstring(L, 1, &length);
  lua_pushboolean(L, alm_unpack_looks(head, length));
  return 1;
}

int alm_open_unpack(lua_State *L) {
  static const luaL_Reg functions[] = {{"read", f_read}, {"looks", f_looks}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
