/* almanac.core.http: transfers on one multi handle. */
#include "../http/http.h"

#include <string.h>

#include "modules.h"
#include "util.h"

#define MULTI "almanac.core.http.multi"

enum { MAX_BODY = 32 * 1024 * 1024 };

static alm_http *check_multi(lua_State *L) {
  return alm_lua_handle(L, 1, MULTI, "the multi handle is closed");
}

/* Scratch that Lua frees, left on the stack while it is needed. */
static void *scratch(lua_State *L, size_t count, size_t size) {
  void *memory = lua_newuserdatauv(L, count * size + 1, 0);
  return memset(memory, 0, count * size + 1);
}

static double seconds_field(lua_State *L, const char *name, double fallback) {
  double seconds = alm_lua_field_number(L, 2, name, fallback);
  if (!(seconds >= 0 && seconds <= 1e6))
    luaL_argerror(L, 2, lua_pushfstring(L, "bad field '%s' (0 to 1e6 seconds)",
                                        name));
  return seconds;
}

static int64_t count_field(lua_State *L, int index, const char *name,
                           lua_Integer fallback) {
  lua_Integer count = alm_lua_field_integer(L, index, name, fallback);
  if (count < 0 && count != fallback)
    luaL_argerror(L, index, lua_pushfstring(L, "field '%s' is negative", name));
  return count;
}

static const char *needed(lua_State *L, int index, const char *name) {
  const char *text = alm_lua_field_string(L, index, name, NULL, NULL);
  if (!text)
    luaL_argerror(L, 2, lua_pushfstring(L, "field '%s' is missing", name));
  return text;
}

/* The table of headers stays in the request, so its strings stay too. */
static void read_headers(lua_State *L, alm_http_request *request) {
  if (lua_getfield(L, 2, "headers") == LUA_TNIL) return;
  luaL_argexpected(L, lua_istable(L, -1), 2, "headers as a table");
  int table = lua_gettop(L);
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) count++;
  alm_http_header *headers = scratch(L, count, sizeof *headers);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_argerror(L, 2, "names and values of headers are strings");
    headers[request->header_count++] =
        (alm_http_header){lua_tostring(L, -2), lua_tostring(L, -1)};
  }
  request->headers = headers;
}

static void read_file(lua_State *L, alm_http_request *request) {
  static const char *const known[] = {"path", "offset", "length", NULL};
  if (lua_getfield(L, 2, "file") == LUA_TNIL) return;
  luaL_argexpected(L, lua_istable(L, -1), 2, "file as a table");
  int table = lua_gettop(L);
  alm_lua_known_fields(L, table, known);
  request->file = needed(L, table, "path");
  request->offset = count_field(L, table, "offset", 0);
  request->length = count_field(L, table, "length", -1);
}

static void read_part(lua_State *L, int table, alm_http_part *part) {
  static const char *const known[] = {"name", "value",    "path",
                                      "type", "filename", NULL};
  luaL_argexpected(L, lua_istable(L, table), 2, "form as a list of tables");
  alm_lua_known_fields(L, table, known);
  part->name = needed(L, table, "name");
  part->path = alm_lua_field_string(L, table, "path", NULL, NULL);
  part->filename = alm_lua_field_string(L, table, "filename", NULL, NULL);
  part->type = alm_lua_field_string(L, table, "type", NULL, NULL);
  part->value =
      alm_lua_field_string(L, table, "value", NULL, &part->value_length);
  if (!part->path == !part->value)
    luaL_argerror(L, 2, "a part of a form has a value or a path");
}

static void read_form(lua_State *L, alm_http_request *request) {
  if (lua_getfield(L, 2, "form") == LUA_TNIL) return;
  luaL_argexpected(L, lua_istable(L, -1), 2, "form as a list");
  int list = lua_gettop(L);
  request->part_count = lua_rawlen(L, list);
  if (!request->part_count) luaL_argerror(L, 2, "the form is empty");
  alm_http_part *parts = scratch(L, request->part_count, sizeof *parts);
  for (size_t i = 0; i < request->part_count; i++) {
    lua_rawgeti(L, list, (lua_Integer)i + 1);
    read_part(L, lua_gettop(L), &parts[i]);
    lua_pop(L, 1); /* the list holds it */
  }
  request->parts = parts;
}

static void read_request(lua_State *L, alm_http_request *request) {
  request->method = alm_lua_field_string(L, 2, "method", "GET", NULL);
  request->url = needed(L, 2, "url");
  request->body =
      alm_lua_field_string(L, 2, "body", NULL, &request->body_length);
  request->to = alm_lua_field_string(L, 2, "to", NULL, NULL);
  request->max_body =
      count_field(L, 2, "max_body", request->to ? INT64_MAX : MAX_BODY);
  request->connect_timeout = seconds_field(L, "connect_timeout", 10);
  request->stall_timeout = seconds_field(L, "stall_timeout", 60);
  request->timeout = seconds_field(L, "timeout", 300);
  request->redirects = (long)count_field(L, 2, "redirects", 5);
  request->digests = alm_lua_field_bool(L, 2, "digests", false);
  request->unsynced = alm_lua_field_bool(L, 2, "unsynced", false);
  request->once = alm_lua_field_bool(L, 2, "once", false);
  read_headers(L, request);
  read_file(L, request);
  read_form(L, request);
}

static int f_add(lua_State *L) {
  static const char *const known[] = {
      "method",  "url",           "headers",         "body",    "file",
      "form",    "to",            "max_body",        "once",    "timeout",
      "connect_timeout", "stall_timeout", "redirects", "digests",
      "unsynced", NULL};
  alm_http *http = check_multi(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  alm_lua_known_fields(L, 2, known);
  alm_http_request request = {.length = -1};
  alm_error err;
  read_request(L, &request);
  int64_t id = alm_http_add(http, &request, &err);
  if (!id) return luaL_argerror(L, 2, err.message);
  lua_pushinteger(L, id);
  return 1;
}

static void set_failure(lua_State *L, const alm_http_result *result) {
  const char *code = alm_code_name(result->error.code);
  alm_lua_set_string(L, "error", result->error.message, strlen(result->error.message));
  alm_lua_set_string(L, "code", code, strlen(code));
  if (!result->unsent) return;
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "unsent");
}

static void set_digest(lua_State *L, const char *name, const char *hex) {
  if (hex && *hex) alm_lua_set_string(L, name, hex, strlen(hex));
}

static void set_answer(lua_State *L, const alm_http_result *result) {
  const alm_headers *headers = result->headers;
  alm_lua_set_integer(L, "status", result->status);
  alm_lua_set_integer(L, "size", result->size);
  lua_createtable(L, 0, (int)headers->count);
  for (size_t i = 0; i < headers->count; i++) {
    lua_pushstring(L, alm_headers_value(headers, i));
    lua_setfield(L, -2, alm_headers_name(headers, i));
  }
  lua_setfield(L, -2, "headers");
  if (result->body) alm_lua_set_string(L, "body", result->body, result->body_length);
  set_digest(L, "sha256", result->sha256);
  set_digest(L, "md5", result->md5);
}

static void push_result(lua_State *L, const alm_http_result *result) {
  lua_createtable(L, 0, 10);
  alm_lua_set_integer(L, "id", result->id);
  alm_lua_set_integer(L, "sent", result->sent);
  alm_lua_set_integer(L, "connects", result->connects);
  lua_pushnumber(L, result->seconds);
  lua_setfield(L, -2, "seconds");
  if (result->url) alm_lua_set_string(L, "url", result->url, strlen(result->url));
  if (result->failed) set_failure(L, result);
  if (result->status) set_answer(L, result);
}

static int f_wait(lua_State *L) {
  alm_http *http = check_multi(L);
  double seconds = luaL_checknumber(L, 2);
  int fd = (int)luaL_optinteger(L, 3, -1);
  alm_http_wait(http, seconds, fd);
  lua_newtable(L);
  const alm_http_result *result;
  for (lua_Integer n = 1; (result = alm_http_next(http)); n++) {
    push_result(L, result);
    lua_rawseti(L, -2, n);
  }
  return 1;
}

static int f_cancel(lua_State *L) {
  alm_http *http = check_multi(L);
  lua_pushboolean(L, alm_http_cancel(http, luaL_checkinteger(L, 2)));
  return 1;
}

static int f_active(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)alm_http_active(check_multi(L)));
  return 1;
}

static int f_close(lua_State *L) {
  alm_http *http = alm_lua_take(L, MULTI);
  if (http) alm_http_close(http);
  return 0;
}

static int f_multi(lua_State *L) {
  static const char *const known[] = {"max_total", "max_per_host",
                                      "user_agent", "ca_file", NULL};
  if (lua_isnoneornil(L, 1)) lua_settop(L, 0), lua_newtable(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  alm_lua_known_fields(L, 1, known);
  alm_http_options options = {
      .user_agent = alm_lua_field_string(L, 1, "user_agent", NULL, NULL),
      .ca_file = alm_lua_field_string(L, 1, "ca_file", NULL, NULL),
      .max_total = (long)count_field(L, 1, "max_total", 0),
      .max_per_host = (long)count_field(L, 1, "max_per_host", 0)};
  alm_error err;
  void **box = alm_lua_box(L, MULTI);
  *box = alm_http_open(&options, &err);
  return *box ? 1 : luaL_error(L, "%s", err.message);
}

int alm_open_http(lua_State *L) {
  static const luaL_Reg methods[] = {{"add", f_add},
                                     {"wait", f_wait},
                                     {"cancel", f_cancel},
                                     {"active", f_active},
                                     {NULL, NULL}};
  static const luaL_Reg functions[] = {{"multi", f_multi}, {NULL, NULL}};
  alm_lua_class(L, MULTI, methods, f_close);
  luaL_newlib(L, functions);
  return 1;
}
