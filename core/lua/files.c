/* almanac.core.files: walking, reading, digests, whole writes. */
#include "../files/files.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "modules.h"
#include "scratch.h"
#include "util.h"

#define WALK "almanac.walk"
#define HEADS "almanac.heads"
#define READ_MAXIMUM (64 << 20)
#define HEADS_MAXIMUM 4096

/* The path at `place`, which argument `index` is or holds. */
static const char *path_at(lua_State *L, int place, int index) {
  size_t length;
  const char *path = lua_tolstring(L, place, &length);
  luaL_argcheck(L, length > 0, index, "the path is empty");
  luaL_argcheck(L, strlen(path) == length, index, "the path holds a NUL");
  return path;
}

static const char *check_path(lua_State *L, int index) {
  luaL_checkstring(L, index);
  return path_at(L, index, index);
}

/* ---- reading ---- */

static int f_stat(lua_State *L) {
  alm_error err;
  alm_file_info info;
  if (!alm_file_stat(check_path(L, 1), &info, &err))
    return alm_lua_fail(L, &err);
  lua_createtable(L, 0, 6);
  alm_lua_set_integer(L, "size", info.size);
  alm_lua_set_integer(L, "mtime_ns", info.mtime_ns);
  alm_lua_set_integer(L, "mode", info.mode & 07777);
  alm_lua_set_integer(L, "device", (lua_Integer)info.device);
  alm_lua_set_integer(L, "inode", (lua_Integer)info.inode);
  lua_pushstring(L, S_ISREG(info.mode) ? "file"
                    : S_ISDIR(info.mode) ? "folder" : "other");
  lua_setfield(L, -2, "kind");
  return 1;
}

static int f_head(lua_State *L) {
  alm_error err;
  const char *path = check_path(L, 1);
  lua_Integer count = luaL_checkinteger(L, 2);
  luaL_argcheck(L, count >= 0 && count <= READ_MAXIMUM, 2, "out of range");
  const char *folder = lua_isnoneornil(L, 3) ? NULL : check_path(L, 3);
  alm_buf *out = alm_lua_scratch(L, (size_t)count);
  bool done = folder
      ? alm_file_head_within(folder, path, (size_t)count, out, &err)
      : alm_file_head(path, (size_t)count, out, &err);
  if (!done) return alm_lua_fail(L, &err);
  return alm_lua_scratch_push(L);
}

/* path, folder -> mark, size, time of change */
static int f_mark(lua_State *L) {
  alm_error err;
  alm_file_info info;
  uint64_t mark;
  const char *path = check_path(L, 1), *folder = check_path(L, 2);
  if (!alm_file_mark(folder, path, &mark, &info, &err))
    return alm_lua_fail(L, &err);
  lua_pushinteger(L, (lua_Integer)mark);
  lua_pushinteger(L, info.size);
  lua_pushinteger(L, info.mtime_ns);
  return 3;
}

/* ---- how many files begin ---- */

typedef struct {
  alm_file_heads *job; /* NULL once it is taken or closed */
  alm_file_start *starts;
  size_t files;
} heads;

/* list of paths at 2 -> pushes what alm_file_heads_begin fills, and a list that
 * keeps the paths where they are */
static alm_file_start *push_starts(lua_State *L, size_t *files) {
  luaL_checktype(L, 2, LUA_TTABLE);
  *files = lua_rawlen(L, 2);
  luaL_argcheck(L, *files <= HEADS_MAXIMUM, 2, "too many files");
  alm_file_start *starts = lua_newuserdatauv(L, *files * sizeof *starts + 1, 0);
  lua_createtable(L, (int)*files, 0);
  for (size_t i = 0; i < *files; i++) {
    int type = lua_rawgeti(L, 2, (lua_Integer)i + 1);
    luaL_argcheck(L, type == LUA_TSTRING, 2, "paths are strings");
    starts[i].path = path_at(L, -1, 2);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return starts;
}

/* folder, paths, count -> heads */
static int f_heads(lua_State *L) {
  alm_error err;
  const char *folder = check_path(L, 1);
  lua_Integer count = luaL_checkinteger(L, 3);
  luaL_argcheck(L, count >= 0 && count <= ALM_HEAD_MAXIMUM, 3, "out of range");
  lua_settop(L, 3);
  heads *self = lua_newuserdatauv(L, sizeof *self, 2);
  *self = (heads){0};
  luaL_setmetatable(L, HEADS);
  self->starts = push_starts(L, &self->files);
  lua_setiuservalue(L, 4, 1);
  lua_setiuservalue(L, 4, 2);
  self->job = alm_file_heads_begin(folder, (size_t)count, self->starts,
                                   self->files, &err);
  return self->job ? 1 : alm_lua_fail(L, &err);
}

static int f_heads_close(lua_State *L) {
  heads *self = luaL_checkudata(L, 1, HEADS);
  alm_file_heads_end(self->job);
  self->job = NULL;
  return 0;
}

/* { ended = how, width =, height =, components =, orientation = } */
static void push_jpeg(lua_State *L, const alm_jpeg *jpeg) {
  static const char *const ends[] = {
      [ALM_JPEG_NONE] = "none", [ALM_JPEG_WHOLE] = "whole",
      [ALM_JPEG_SHORT] = "short", [ALM_JPEG_CUT] = "cut",
      [ALM_JPEG_ZEROS] = "zeros"};
  lua_createtable(L, 0, 5);
  lua_pushstring(L, ends[jpeg->end]);
  lua_setfield(L, -2, "ended");
  alm_lua_set_integer(L, "width", jpeg->width);
  alm_lua_set_integer(L, "height", jpeg->height);
  alm_lua_set_integer(L, "components", jpeg->components);
  alm_lua_set_integer(L, "orientation", jpeg->orientation);
}

/* -> list of bytes or false, { place = message }, list of marks,
 * { place = jpeg } of those that are not plain */
static int f_heads_take(lua_State *L) {
  heads *self = luaL_checkudata(L, 1, HEADS);
  luaL_argcheck(L, self->job, 1, "they were taken already");
  f_heads_close(L);
  lua_settop(L, 1);
  lua_createtable(L, (int)self->files, 0);
  lua_newtable(L);
  lua_createtable(L, (int)self->files, 0);
  lua_newtable(L);
  for (size_t i = 0; i < self->files; i++) {
    const alm_file_start *start = &self->starts[i];
    lua_Integer place = (lua_Integer)i + 1;
    if (start->ok) {
      lua_pushlstring(L, (const char *)start->bytes, start->length);
    } else {
      lua_pushstring(L, start->err.message);
      lua_rawseti(L, 3, place);
      lua_pushboolean(L, false);
    }
    lua_rawseti(L, 2, place);
    lua_pushinteger(L, (lua_Integer)start->mark);
    lua_rawseti(L, 4, place);
    if (!start->ok || alm_jpeg_is_plain(&start->jpeg)) continue;
    push_jpeg(L, &start->jpeg);
    lua_rawseti(L, 5, place);
  }
  return 4;
}

static int f_read(lua_State *L) {
  alm_error err;
  const char *path = check_path(L, 1);
  lua_Integer maximum = luaL_optinteger(L, 2, READ_MAXIMUM);
  luaL_argcheck(L, maximum >= 0, 2, "out of range");
  alm_buf *out = alm_lua_scratch(L, (size_t)maximum);
  if (!alm_file_read(path, out, &err)) return alm_lua_fail(L, &err);
  return alm_lua_scratch_push(L);
}

static int push_hash(lua_State *L, alm_hash_kind kind) {
  alm_error err;
  unsigned char digest[ALM_HASH_SIZE];
  char hex[2 * ALM_HASH_SIZE + 1];
  int64_t hashed;
  const char *path = check_path(L, 1);
  lua_Integer offset = luaL_optinteger(L, 2, 0);
  lua_Integer length = luaL_optinteger(L, 3, -1);
  luaL_argcheck(L, offset >= 0, 2, "out of range");
  luaL_argcheck(L, length >= 0 || lua_isnoneornil(L, 3), 3, "out of range");
  if (!alm_file_hash(path, kind, offset, length, digest, &hashed, &err))
    return alm_lua_fail(L, &err);
  alm_hash_hex(digest, alm_hash_size(kind), hex);
  lua_pushstring(L, hex);
  lua_pushinteger(L, hashed);
  return 2;
}

static int f_sha256(lua_State *L) { return push_hash(L, ALM_SHA256); }
static int f_md5(lua_State *L) { return push_hash(L, ALM_MD5); }

static int f_free_space(lua_State *L) {
  alm_error err;
  int64_t bytes;
  if (!alm_files_free_space(check_path(L, 1), &bytes, &err))
    return alm_lua_fail(L, &err);
  lua_pushinteger(L, bytes);
  return 1;
}

/* The path is in a buffer of fixed size first: pushing it may raise. */
static int f_real_path(lua_State *L) {
  alm_error err;
  char *real = alm_files_real_path(check_path(L, 1), &err);
  if (!real) return alm_lua_fail(L, &err);
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", real);
  free(real);
  lua_pushstring(L, path);
  return 1;
}

/* ---- changing ---- */

static mode_t check_mode(lua_State *L, int index, lua_Integer fallback) {
  lua_Integer mode = luaL_optinteger(L, index, fallback);
  luaL_argcheck(L, mode >= 0 && mode <= 07777, index, "out of range");
  return (mode_t)mode;
}

static int f_make_folder(lua_State *L) {
  alm_error err;
  const char *path = check_path(L, 1);
  return alm_lua_done(L, alm_files_make_folder(path, check_mode(L, 2, 0777), &err), &err);
}

static int f_sync(lua_State *L) {
  alm_error err;
  return alm_lua_done(L, alm_files_sync(check_path(L, 1), &err), &err);
}

static int f_sync_disk(lua_State *L) {
  alm_error err;
  return alm_lua_done(L, alm_files_sync_disk(check_path(L, 1), &err), &err);
}

static int f_temp_folder(lua_State *L) {
  alm_error err;
  char path[PATH_MAX];
  if (!alm_files_temp_folder(path, sizeof path, &err)) return alm_lua_fail(L, &err);
  lua_pushstring(L, path);
  return 1;
}

static int f_remove(lua_State *L) {
  static const char *const known[] = {"tree", NULL};
  alm_error err;
  const char *path = check_path(L, 1);
  bool tree = false;
  if (!lua_isnoneornil(L, 2)) {
    luaL_checktype(L, 2, LUA_TTABLE);
    alm_lua_known_fields(L, 2, known);
    tree = alm_lua_field_bool(L, 2, "tree", false);
  }
  bool done = tree ? alm_files_remove_tree(path, &err) : alm_files_remove(path, &err);
  return alm_lua_done(L, done, &err);
}

static int f_rename(lua_State *L) {
  alm_error err;
  bool done = alm_files_rename(check_path(L, 1), check_path(L, 2), &err);
  return alm_lua_done(L, done, &err);
}

static int f_write(lua_State *L) {
  alm_error err;
  size_t length;
  const char *path = check_path(L, 1);
  const char *text = luaL_checklstring(L, 2, &length);
  mode_t mode = check_mode(L, 3, 0666);
  bool done = alm_file_write(path, text, length, mode, &err);
  return alm_lua_done(L, done, &err);
}

/* ---- walking ---- */

typedef struct {
  alm_walk *job; /* NULL once it is closed */
  alm_ignore *ignore;
} walk;

/* Patterns in the list at 2, if there is one. */
static bool add_patterns(lua_State *L, alm_ignore *ignore, alm_error *err) {
  if (lua_isnoneornil(L, 2)) return true;
  luaL_checktype(L, 2, LUA_TTABLE);
  for (lua_Integer i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "patterns are strings");
    if (!alm_ignore_add(ignore, lua_tostring(L, -1), err)) return false;
    lua_pop(L, 1);
  }
  return true;
}

/* Whether links may not lead out: the field `within` of the table at 3. */
static bool check_within(lua_State *L) {
  static const char *const known[] = {"within", NULL};
  if (lua_isnoneornil(L, 3)) return false;
  luaL_checktype(L, 3, LUA_TTABLE);
  alm_lua_known_fields(L, 3, known);
  return alm_lua_field_bool(L, 3, "within", false);
}

/* folder, patterns, options -> walk */
static int f_walk(lua_State *L) {
  alm_error err;
  const char *folder = check_path(L, 1);
  lua_settop(L, 3);
  bool within = check_within(L);
  walk *self = lua_newuserdatauv(L, sizeof *self, 0);
  *self = (walk){0};
  luaL_setmetatable(L, WALK);
  self->ignore = alm_ignore_new();
  if (!self->ignore) return luaL_error(L, "out of memory");
  if (!add_patterns(L, self->ignore, &err)) return alm_lua_fail(L, &err);
  self->job = alm_walk_open(folder, within, self->ignore, &err);
  lua_pushvalue(L, 4);
  return self->job ? 1 : alm_lua_fail(L, &err);
}

static alm_walk *check_walk(lua_State *L) {
  walk *self = luaL_checkudata(L, 1, WALK);
  luaL_argcheck(L, self->job, 1, "the walk is closed");
  return self->job;
}

/* Pushes size and time of change; of what can't be read or is left out false
 * and the words or the pattern. */
static void push_found(lua_State *L, const alm_walk_entry *entry) {
  if (entry->problem || entry->excluded) {
    lua_pushboolean(L, false);
    lua_pushstring(L, entry->problem ? entry->problem : entry->excluded);
  } else {
    lua_pushinteger(L, entry->info.size);
    lua_pushinteger(L, entry->info.mtime_ns);
  }
}

static int f_walk_next(lua_State *L) {
  alm_walk_entry entry;
  alm_walk *job = check_walk(L);
  do {
    if (alm_walk_next(job, &entry)) continue;
    lua_pushnil(L);
    return 1;
  } while (entry.excluded);
  lua_pushstring(L, entry.path);
  push_found(L, &entry);
  if (!entry.problem) return 3;
  lua_pushnil(L);
  lua_replace(L, -3);
  return 3;
}

/* walk, count -> paths, sizes, times of change, places of what is left out; a
 * file that can't be read has false for its size and the words instead of the
 * time, what is left out false and the pattern */
static int f_walk_batch(lua_State *L) {
  alm_walk_entry entry;
  alm_walk *job = check_walk(L);
  lua_Integer count = luaL_checkinteger(L, 2);
  luaL_argcheck(L, count > 0 && count <= HEADS_MAXIMUM, 2, "out of range");
  lua_settop(L, 2);
  for (int i = 0; i < 3; i++) lua_createtable(L, (int)count, 0);
  lua_newtable(L);
  for (lua_Integer i = 1; i <= count && alm_walk_next(job, &entry); i++) {
    lua_pushstring(L, entry.path);
    lua_rawseti(L, 3, i);
    push_found(L, &entry);
    lua_rawseti(L, 5, i);
    lua_rawseti(L, 4, i);
    lua_pushboolean(L, true);
    if (entry.excluded) lua_rawseti(L, 6, i); else lua_pop(L, 1);
  }
  return 4;
}

static int f_walk_close(lua_State *L) {
  walk *self = luaL_checkudata(L, 1, WALK);
  alm_walk_close(self->job);
  alm_ignore_free(self->ignore);
  *self = (walk){0};
  return 0;
}

int alm_open_files(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"stat", f_stat},               {"head", f_head},
      {"heads", f_heads},             {"mark", f_mark},
      {"read", f_read},               {"sha256", f_sha256},
      {"md5", f_md5},                 {"free_space", f_free_space},
      {"make_folder", f_make_folder}, {"temp_folder", f_temp_folder},
      {"remove", f_remove},           {"rename", f_rename},
      {"write", f_write},             {"walk", f_walk},
      {"sync", f_sync},
      {"sync_disk", f_sync_disk},
      {"real_path", f_real_path},
      {NULL, NULL},
  };
  static const luaL_Reg methods[] = {
      {"next", f_walk_next}, {"batch", f_walk_batch}, {NULL, NULL}};
  static const luaL_Reg heads_methods[] = {{"take", f_heads_take},
                                           {NULL, NULL}};
  alm_lua_class(L, WALK, methods, f_walk_close);
  alm_lua_class(L, HEADS, heads_methods, f_heads_close);
  luaL_newlib(L, functions);
  return 1;
}
