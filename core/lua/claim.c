/* almanac.core.claim: names that processes of this machine claim. */
#include "../runfile/claim.h"
#include "modules.h"
#include "util.h"

#define CLASS "almanac.claim"

static int f_close(lua_State *L) {
  alm_claim_close(alm_lua_take(L, CLASS));
  return 0;
}

static alm_claim *check_claim(lua_State *L) {
  return alm_lua_handle(L, 1, CLASS, "the claims are closed");
}

static int f_open(lua_State *L) {
  alm_error err;
  const char *path = luaL_checkstring(L, 1);
  void **self = alm_lua_box(L, CLASS);
  *self = alm_claim_open(path, &err);
  return *self ? 1 : alm_lua_fail(L, &err);
}

static int f_take(lua_State *L) {
  alm_error err;
  size_t length;
  alm_claim *self = check_claim(L);
  const char *name = luaL_checklstring(L, 2, &length);
  return alm_lua_done(L, alm_claim_take(self, name, length, &err), &err);
}

static int f_give(lua_State *L) {
  size_t length;
  alm_claim *self = check_claim(L);
  const char *name = luaL_checklstring(L, 2, &length);
  alm_claim_give(self, name, length);
  return 0;
}

int alm_open_claim(lua_State *L) {
  static const luaL_Reg functions[] = {{"open", f_open}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"take", f_take}, {"give", f_give}, {NULL, NULL}};
  alm_lua_class(L, CLASS, methods, f_close);
  luaL_newlib(L, functions);
  return 1;
}
