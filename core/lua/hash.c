/* almanac.core.hash: digests of strings, HMAC, random bytes. */
#include "../base/hash.h"

#include <lauxlib.h>

#include "modules.h"
#include "util.h"

static int push_digest(lua_State *L, alm_hash_kind kind) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  unsigned char digest[ALM_HASH_SIZE];
  char hex[2 * ALM_HASH_SIZE + 1];
  alm_error err;
  if (!alm_hash(kind, text, length, digest, &err)) return alm_lua_fail(L, &err);
  alm_hash_hex(digest, alm_hash_size(kind), hex);
  lua_pushstring(L, hex);
  return 1;
}

static int f_sha256(lua_State *L) { return push_digest(L, ALM_SHA256); }
static int f_md5(lua_State *L) { return push_digest(L, ALM_MD5); }

static int f_hmac_sha256(lua_State *L) {
  size_t key_length, length;
  const char *key = luaL_checklstring(L, 1, &key_length);
  const char *text = luaL_checklstring(L, 2, &length);
  unsigned char digest[ALM_SHA256_SIZE];
  alm_error err;
  if (!alm_hash_hmac_sha256(key, key_length, text, length, digest, &err))
    return alm_lua_fail(L, &err);
  lua_pushlstring(L, (char *)digest, sizeof digest);
  return 1;
}

static int f_random(lua_State *L) {
  lua_Integer count = luaL_checkinteger(L, 1);
  luaL_argcheck(L, count >= 0 && count <= 1 << 20, 1, "0 to 1048576 bytes");
  luaL_Buffer buffer;
  alm_error err;
  char *bytes = luaL_buffinitsize(L, &buffer, (size_t)count);
  if (!alm_hash_random(bytes, (size_t)count, &err)) return alm_lua_fail(L, &err);
  luaL_pushresultsize(&buffer, (size_t)count);
  return 1;
}

int alm_open_hash(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"sha256", f_sha256},           {"md5", f_md5},
      {"hmac_sha256", f_hmac_sha256}, {"random", f_random},
      {NULL, NULL},
  };
  luaL_newlib(L, functions);
  return 1;
}
