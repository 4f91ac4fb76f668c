/* almanac.core.serve: a local HTTP server. */
#include "../serve/serve.h"

#include <string.h>

#include "modules.h"
#include "util.h"

#define SERVER "almanac.core.serve.server"
#define REQUEST "almanac.core.serve.request"

/* The server *****************************************************************/

static alm_serve *check_server(lua_State *L) {
  return alm_lua_handle(L, 1, SERVER, "the server is closed");
}

static lua_Integer range_field(lua_State *L, const char *name,
                               lua_Integer fallback, lua_Integer most) {
  lua_Integer value = alm_lua_field_integer(L, 1, name, fallback);
  if (value < 0 || value > most)
    luaL_argerror(L, 1, lua_pushfstring(L, "bad field '%s' (0 to %I)", name,
                                        (LUAI_UACINT)most));
  return value;
}

static int f_listen(lua_State *L) {
  static const char *const known[] = {"host",        "port",
                                      "max_body",    "spool_dir",
                                      "wide_path",   "wide_body",
                                      "spool_above", "max_connections",
                                      "heads",       NULL};
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  alm_lua_known_fields(L, 1, known);
  alm_serve_options options = {
      .host = alm_lua_field_string(L, 1, "host", "127.0.0.1", NULL),
      .port = (int)range_field(L, "port", 0, 65535),
      .max_body = range_field(L, "max_body", 128 << 20, INT64_MAX),
      .wide_path = alm_lua_field_string(L, 1, "wide_path", NULL, NULL),
      .wide_body = range_field(L, "wide_body", 128 << 20, INT64_MAX),
      .spool_dir = alm_lua_field_string(L, 1, "spool_dir", NULL, NULL),
      .spool_above = range_field(L, "spool_above", 1 << 20, INT64_MAX),
      .max_connections =
          (unsigned)range_field(L, "max_connections", 512, 1000000),
      .heads = alm_lua_field_bool(L, 1, "heads", false)};
  alm_error err;
  void **box = alm_lua_box(L, SERVER);
  *box = alm_serve_open(&options, &err);
  return *box ? 1 : alm_lua_fail(L, &err);
}

static int f_port(lua_State *L) {
  lua_pushinteger(L, alm_serve_port(check_server(L)));
  return 1;
}

static int f_fd(lua_State *L) {
  lua_pushinteger(L, alm_serve_fd(check_server(L)));
  return 1;
}

/* The box is made first, so that a request can't be lost between. */
static int f_wait(lua_State *L) {
  alm_serve *server = check_server(L);
  alm_serve_wait(server, luaL_optnumber(L, 2, 0));
  lua_newtable(L);
  for (lua_Integer n = 1; alm_serve_pending(server); n++) {
    void **box = alm_lua_box(L, REQUEST);
    *box = alm_serve_next(server);
    lua_rawseti(L, -2, n);
  }
  return 1;
}

static int f_close(lua_State *L) {
  alm_serve *server = alm_lua_take(L, SERVER);
  if (server) alm_serve_close(server);
  return 0;
}

/* Requests *******************************************************************/

static alm_request *check_request(lua_State *L) {
  return alm_lua_handle(L, 1, REQUEST, "the request is closed");
}

static int f_method(lua_State *L) {
  lua_pushstring(L, check_request(L)->method);
  return 1;
}

static int f_path(lua_State *L) {
  lua_pushstring(L, check_request(L)->path);
  return 1;
}

static int f_query(lua_State *L) {
  lua_pushstring(L, check_request(L)->query);
  return 1;
}

static int f_header(lua_State *L) {
  alm_request *request = check_request(L);
  lua_pushstring(L, alm_headers_get(&request->headers, luaL_checkstring(L, 2)));
  return 1;
}

static int f_headers(lua_State *L) {
  const alm_headers *headers = &check_request(L)->headers;
  lua_createtable(L, 0, (int)headers->count);
  for (size_t i = 0; i < headers->count; i++) {
    lua_pushstring(L, alm_headers_value(headers, i));
    lua_setfield(L, -2, alm_headers_name(headers, i));
  }
  return 1;
}

static int f_body(lua_State *L) {
  alm_request *request = check_request(L);
  if (request->body)
    lua_pushlstring(L, request->body, (size_t)request->body_size);
  else
    lua_pushnil(L);
  return 1;
}

static int f_body_path(lua_State *L) {
  lua_pushstring(L, check_request(L)->body_path);
  return 1;
}

static int f_body_size(lua_State *L) {
  lua_pushinteger(L, check_request(L)->body_size);
  return 1;
}

static int f_body_sha256(lua_State *L) {
  char hex[65];
  alm_request_sha256(check_request(L), hex);
  lua_pushstring(L, hex);
  return 1;
}

static int f_arrived(lua_State *L) {
  lua_pushnumber(L, check_request(L)->arrived);
  return 1;
}

/* Name and value in turn; the table of headers holds the strings. */
static void read_headers(lua_State *L, alm_reply *reply) {
  if (lua_getfield(L, 2, "headers") == LUA_TNIL) return;
  luaL_argexpected(L, lua_istable(L, -1), 2, "headers as a table");
  int table = lua_gettop(L);
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) count++;
  const char **texts =
      lua_newuserdatauv(L, 2 * (count + 1) * sizeof *texts, 0);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_argerror(L, 2, "names and values of headers are strings");
    texts[2 * reply->header_count] = lua_tostring(L, -2);
    texts[2 * reply->header_count++ + 1] = lua_tostring(L, -1);
  }
  reply->headers = texts;
}

static lua_Integer count_field(lua_State *L, const char *name,
                               lua_Integer fallback) {
  lua_Integer value = alm_lua_field_integer(L, 2, name, fallback);
  if (value < 0 && value != fallback)
    luaL_argerror(L, 2, lua_pushfstring(L, "field '%s' is negative", name));
  return value;
}

static int said(lua_State *L, bool done, const alm_error *err) {
  if (!done && err->code == ALM_PARSE) luaL_argerror(L, 2, err->message);
  return alm_lua_done(L, done, err);
}

static int f_reply(lua_State *L) {
  static const char *const known[] = {"status", "headers", "body", "path",
                                      "offset", "length",  "cut",  NULL};
  alm_request *request = check_request(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  alm_lua_known_fields(L, 2, known);
  alm_reply reply = {
      .status = (unsigned)count_field(L, "status", 200),
      .path = alm_lua_field_string(L, 2, "path", NULL, NULL),
      .offset = count_field(L, "offset", 0),
      .length = count_field(L, "length", -1),
      .cut = count_field(L, "cut", -1)};
  alm_error err;
  reply.body = alm_lua_field_string(L, 2, "body", NULL, &reply.body_length);
  read_headers(L, &reply);
  return said(L, alm_request_reply(request, &reply, &err), &err);
}

static int f_is_head(lua_State *L) {
  lua_pushboolean(L, check_request(L)->is_head);
  return 1;
}

static int f_accept(lua_State *L) {
  luaL_argcheck(L, check_request(L)->is_head, 1, "the request is whole");
  alm_request_accept(alm_lua_take(L, REQUEST));
  return 0;
}

static int f_drop(lua_State *L) {
  alm_error err;
  return said(L, alm_request_drop(check_request(L), &err), &err);
}

static int f_release(lua_State *L) {
  alm_request *request = alm_lua_take(L, REQUEST);
  if (request) alm_request_release(request);
  return 0;
}

int alm_open_serve(lua_State *L) {
  static const luaL_Reg of_server[] = {
      {"port", f_port}, {"fd", f_fd}, {"wait", f_wait}, {NULL, NULL}};
  static const luaL_Reg of_request[] = {
      {"method", f_method},           {"path", f_path},
      {"query", f_query},             {"header", f_header},
      {"headers", f_headers},         {"body", f_body},
      {"body_path", f_body_path},     {"body_size", f_body_size},
      {"body_sha256", f_body_sha256}, {"arrived", f_arrived},
      {"reply", f_reply},             {"drop", f_drop},
      {"is_head", f_is_head},         {"accept", f_accept},
      {NULL, NULL}};
  static const luaL_Reg functions[] = {{"listen", f_listen}, {NULL, NULL}};
  alm_lua_class(L, SERVER, of_server, f_close);
  alm_lua_class(L, REQUEST, of_request, f_release);
  luaL_newlib(L, functions);
  return 1;
}
