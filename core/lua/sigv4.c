/* almanac.core.sigv4: AWS Signature Version 4. */
#include "../http/sigv4.h"

#include <lauxlib.h>
#include <string.h>
#include <strings.h>

#include "../base/sys.h"
#include "modules.h"
#include "scratch.h"
#include "util.h"

#define WORK "almanac.sigv4"
#define WEEK (7 * 24 * 3600)

/* ---- arguments ---- */

/* Text without a NUL from the top of the stack, which is popped; the table it
 * came from keeps it. */
static const char *pop_text(lua_State *L, const char *field) {
  size_t length;
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "bad field '%s' (string expected, got %s)", field,
               luaL_typename(L, -1));
  const char *text = lua_tolstring(L, -1, &length);
  if (strlen(text) != length)
    luaL_error(L, "bad field '%s' (it holds a NUL)", field);
  lua_pop(L, 1);
  return text;
}

static const char *field(lua_State *L, const char *name, bool wanted) {
  if (lua_getfield(L, 1, name) == LUA_TNIL && !wanted) {
    lua_pop(L, 1);
    return NULL;
  }
  return pop_text(L, name);
}

/* {{name, value}, {name}, …} at the top -> pairs, left on the stack */
static const alm_pair *list_pairs(lua_State *L, size_t *count) {
  int list = lua_gettop(L);
  *count = (size_t)luaL_len(L, list);
  alm_pair *pairs = lua_newuserdatauv(L, (*count + 1) * sizeof *pairs, 0);
  for (size_t i = 0; i < *count; i++) {
    if (lua_rawgeti(L, list, (lua_Integer)i + 1) != LUA_TTABLE)
      luaL_error(L, "bad field 'query' (a list of {name, value} expected)");
    lua_rawgeti(L, -1, 1);
    pairs[i].name = pop_text(L, "query");
    bool bare = lua_rawgeti(L, -1, 2) == LUA_TNIL;
    pairs[i].value = NULL;
    if (bare) lua_pop(L, 1);
    else pairs[i].value = pop_text(L, "query");
    lua_pop(L, 1);
  }
  return pairs;
}

static size_t count_fields(lua_State *L, int table) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) count++;
  return count;
}

/* {name = value, …} at the top -> pairs, left on the stack */
static const alm_pair *table_pairs(lua_State *L, size_t *count) {
  int table = lua_gettop(L);
  *count = count_fields(L, table);
  alm_pair *pairs = lua_newuserdatauv(L, (*count + 1) * sizeof *pairs, 0);
  size_t i = 0;
  lua_pushnil(L);
  while (lua_next(L, table)) {
    pairs[i].value = pop_text(L, "headers");
    lua_pushvalue(L, -1);
    pairs[i++].name = pop_text(L, "headers");
  }
  return pairs;
}

static void get_table(lua_State *L, const char *name) {
  int type = lua_getfield(L, 1, name);
  if (type == LUA_TTABLE) return;
  if (type != LUA_TNIL)
    luaL_error(L, "bad field '%s' (table expected, got %s)", name,
               luaL_typename(L, -1));
  lua_pop(L, 1);
  lua_newtable(L);
}

static alm_sigv4_request check_request(lua_State *L, bool presign) {
  static const char *const known[] = {
      "method", "path", "query", "headers", "payload_sha256", "region",
      "service", "access_key", "secret_key", "session_token", "time",
      "expires", NULL};
  luaL_checktype(L, 1, LUA_TTABLE);
  alm_lua_known_fields(L, 1, known);
  const char *service = field(L, "service", false);
  alm_sigv4_request request = {
      .method = field(L, "method", true),
      .path = field(L, "path", true),
      .payload_sha256 = field(L, "payload_sha256", false),
      .region = field(L, "region", true),
      .service = service ? service : "s3",
      .access_key = field(L, "access_key", true),
      .secret_key = field(L, "secret_key", true),
      .session_token = field(L, "session_token", false),
      .time = (int64_t)alm_lua_field_number(L, 1, "time", alm_sys_time()),
  };
  lua_Integer expires = alm_lua_field_integer(L, 1, "expires", 0);
  luaL_argcheck(L, expires >= (presign ? 1 : 0) && expires <= WEEK, 1,
                "field 'expires' is out of range");
  request.expires = (int)expires;
  get_table(L, "query");
  request.query = list_pairs(L, &request.query_count);
  get_table(L, "headers");
  request.headers = table_pairs(L, &request.header_count);
  return request;
}

static int free_work(lua_State *L) {
  alm_sigv4_free(lua_touserdata(L, 1));
  return 0;
}

/* What can go wrong is the caller's: it raises. The result is freed by Lua. */
static const alm_sigv4 *sign(lua_State *L, const alm_sigv4_request *request) {
  alm_error err;
  alm_sigv4 *out = lua_newuserdatauv(L, sizeof *out, 0);
  alm_sigv4_init(out);
  luaL_setmetatable(L, WORK);
  if (!alm_sigv4_sign(request, out, &err))
    luaL_error(L, "sigv4: %s", err.message);
  return out;
}

/* ---- functions ---- */

static void set_absent(lua_State *L, const alm_sigv4_request *request,
                       const char *name, const char *value) {
  for (size_t i = 0; i < request->header_count; i++)
    if (strcasecmp(request->headers[i].name, name) == 0) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void push_headers(lua_State *L, const alm_sigv4_request *request,
                         const alm_sigv4 *out) {
  lua_createtable(L, 0, (int)request->header_count + 4);
  for (size_t i = 0; i < request->header_count; i++) {
    lua_pushstring(L, request->headers[i].value);
    lua_setfield(L, -2, request->headers[i].name);
  }
  set_absent(L, request, "X-Amz-Date", out->date);
  if (strcmp(request->service, "s3") == 0)
    set_absent(L, request, "X-Amz-Content-Sha256", out->payload);
  if (request->session_token)
    set_absent(L, request, "X-Amz-Security-Token", request->session_token);
  lua_pushlstring(L, out->authorization.data, out->authorization.length);
  lua_setfield(L, -2, "Authorization");
}

static int f_sign(lua_State *L) {
  alm_sigv4_request request = check_request(L, false);
  luaL_argcheck(L, request.expires == 0, 1, "field 'expires' is for presign");
  const alm_sigv4 *out = sign(L, &request);
  push_headers(L, &request, out);
  lua_pushlstring(L, out->address.data, out->address.length);
  return 2;
}

static int f_presign(lua_State *L) {
  alm_sigv4_request request = check_request(L, true);
  const alm_sigv4 *out = sign(L, &request);
  lua_pushlstring(L, out->address.data, out->address.length);
  return 1;
}

static int f_explain(lua_State *L) {
  alm_sigv4_request request = check_request(L, false);
  const alm_sigv4 *out = sign(L, &request);
  lua_createtable(L, 0, 3);
  lua_pushstring(L, alm_buf_text(&out->canonical_request));
  lua_setfield(L, -2, "canonical_request");
  lua_pushstring(L, alm_buf_text(&out->string_to_sign));
  lua_setfield(L, -2, "string_to_sign");
  lua_pushstring(L, out->signature);
  lua_setfield(L, -2, "signature");
  return 1;
}

static int f_sign_policy(lua_State *L) {
  static const char *const known[] = {"policy_base64", "secret_key", "date",
                                      "region", NULL};
  alm_error err;
  char signature[65];
  luaL_checktype(L, 1, LUA_TTABLE);
  alm_lua_known_fields(L, 1, known);
  if (!alm_sigv4_policy(field(L, "policy_base64", true),
                        field(L, "secret_key", true), field(L, "date", true),
                        field(L, "region", true), signature, &err))
    return luaL_error(L, "sigv4: %s", err.message);
  lua_pushstring(L, signature);
  return 1;
}

static int f_encode(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  bool keep_slash = lua_toboolean(L, 2);
  alm_buf *out = alm_lua_scratch(L, 3 * length);
  if (!alm_sigv4_encode(text, length, keep_slash, out))
    return luaL_error(L, "out of memory");
  return alm_lua_scratch_push(L);
}

int alm_open_sigv4(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"sign", f_sign},               {"presign", f_presign},
      {"explain", f_explain},         {"sign_policy", f_sign_policy},
      {"encode", f_encode},           {NULL, NULL},
  };
  luaL_newmetatable(L, WORK);
  lua_pushcfunction(L, free_work);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  return 1;
}
