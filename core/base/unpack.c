/* Bytes, and the layers above them. */
#include "unpack_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

enum { PATIENCE = 200 /* ms */ };
/* No export is packed so well: what passes these was made to harm. */
enum { RATIO = 400 };
static const uint64_t FREE = 64 << 20, LARGEST = 1ull << 38;

int alm_unpack_fail(alm_unpack *unpack, alm_code code, const char *format, ...) {
  va_list args;
  char words[sizeof unpack->error.message];
  va_start(args, format);
  vsnprintf(words, sizeof words, format, args);
  va_end(args);
  unpack->failed = true;
  unpack->dead = unpack->dead || code != ALM_PARSE;
  alm_fail(&unpack->error, code, "%s%s%s%s%s", unpack->name, *unpack->name ? ": " : "",
           unpack->file ? unpack->file : "", unpack->file ? ": " : "", words);
  return -1;
}

/* ---- bytes as they lie there ---- */

/* Until there is something to read; false when a signal was caught meanwhile. */
static bool wait_for_bytes(int fd) {
  struct pollfd input = {.fd = fd, .events = POLLIN};
  int ready;
  while ((ready = poll(&input, 1, PATIENCE)) == 0 || (ready < 0 && errno == EINTR))
    if (alm_sys_interrupts()) return false;
  return true;
}

static ssize_t read_memory(alm_unpack *unpack, char *into, size_t room) {
  uint64_t left = unpack->size - unpack->at;
  size_t count = room < left ? room : (size_t)left;
  memcpy(into, unpack->bytes + unpack->at, count);
  unpack->at += count;
  return (ssize_t)count;
}

static ssize_t read_fd(alm_unpack *unpack, char *into, size_t room) {
  ssize_t got;
  if (!wait_for_bytes(unpack->fd)) return alm_unpack_fail(unpack, ALM_CANCELLED, "stopped");
  do got = read(unpack->fd, into, room);
  while (got < 0 && errno == EINTR);
  if (got >= 0) return got;
  unpack->failed = unpack->dead = true;
  alm_fail_errno(&unpack->error, "can't read %s", unpack->name);
  return -1;
}

int64_t alm_unpack_seek(alm_unpack *unpack, int64_t offset, int whence) {
  alm_layer *bytes = unpack->layers[0];
  int64_t held = (int64_t)(bytes->head_length - bytes->head_at), at;
  if (whence == SEEK_CUR) offset -= held;
  if (unpack->fd >= 0) {
    at = lseek(unpack->fd, offset, whence);
  } else {
    at = offset + (whence == SEEK_END ? (int64_t)unpack->size : whence == SEEK_CUR ? (int64_t)unpack->at : 0);
    if (at < 0 || (uint64_t)at > unpack->size) at = -1;
    if (at >= 0) unpack->at = (uint64_t)at;
  }
  if (at >= 0) bytes->head_at = bytes->head_length = 0;
  return at >= 0 ? at : ARCHIVE_FATAL;
}

/* ---- layers ---- */

static ssize_t read_bytes(alm_unpack *unpack, char *into, size_t room) {
  ssize_t got = unpack->fd < 0 ? read_memory(unpack, into, room) : read_fd(unpack, into, room);
  if (got > 0) unpack->done += (uint64_t)got;
  return got;
}

/* An archive that is read again and again doesn't get larger by it. */
static bool is_bomb(const alm_unpack *unpack, uint64_t unpacked) {
  uint64_t packed = unpack->size && unpack->size < unpack->done ? unpack->size : unpack->done;
  return unpacked > LARGEST || (unpacked > FREE && unpacked / RATIO > packed);
}

static ssize_t read_raw(alm_unpack *unpack, size_t depth, char *into, size_t room) {
  alm_layer *layer = unpack->layers[depth];
  if (layer->kind == ALM_LAYER_BYTES) return read_bytes(unpack, into, room);
  ssize_t got = layer->kind == ALM_LAYER_GZIP ? alm_unpack_gzip_read(layer, into, room) : alm_unpack_archive_read(layer, into, room);
  if (got <= 0) return got;
  unpack->unpacked[depth] += (uint64_t)got;
  if (!is_bomb(unpack, unpack->unpacked[depth])) return got;
  return alm_unpack_fail(unpack, ALM_LIMIT, "unpacks to more than %d times its size: that is no export of records", RATIO);
}

ssize_t alm_unpack_layer(alm_unpack *unpack, size_t depth, char *into, size_t room) {
  alm_layer *layer = unpack->layers[depth];
  size_t held = layer->head_length - layer->head_at;
  if (held == 0) return read_raw(unpack, depth, into, room);
  if (room > held) room = held;
  memcpy(into, layer->head + layer->head_at, room);
  layer->head_at += room;
  return (ssize_t)room;
}

/* False: failed with nothing read. */
static bool peek(alm_unpack *unpack) {
  alm_layer *layer = unpack->layers[unpack->count - 1];
  ssize_t got = 1;
  layer->head_at = layer->head_length = 0;
  while (got > 0 && layer->head_length < ALM_UNPACK_HEAD) {
    got = read_raw(unpack, unpack->count - 1, layer->head + layer->head_length, ALM_UNPACK_HEAD - layer->head_length);
    if (got > 0) layer->head_length += (size_t)got;
  }
  if (layer->head_length) unpack->failed = unpack->dead; /* it is told when that was given */
  return got >= 0 || layer->head_length;
}

static void pop(alm_unpack *unpack) {
  alm_layer *layer = unpack->layers[--unpack->count];
  if (layer->kind == ALM_LAYER_GZIP) inflateEnd(&layer->gzip);
  if (layer->kind == ALM_LAYER_ARCHIVE) alm_unpack_archive_end(layer);
  free(layer->block);
  free(layer);
}

static bool push(alm_unpack *unpack, alm_layer_kind kind) {
  alm_layer *layer = unpack->count < ALM_UNPACK_LAYERS ? calloc(1, sizeof *layer) : NULL;
  char *block = layer ? malloc(ALM_UNPACK_BLOCK) : NULL;
  if (!block) {
    free(layer);
    return alm_unpack_fail(unpack, ALM_LIMIT, layer ? "out of memory" : "archives are packed in archives too often") == 0;
  }
  layer->kind = kind;
  unpack->archived = unpack->archived || kind == ALM_LAYER_ARCHIVE;
  layer->unpack = unpack;
  layer->depth = unpack->count;
  layer->block = block;
  unpack->layers[unpack->count++] = layer;
  if (kind == ALM_LAYER_GZIP) return alm_unpack_gzip_begin(layer);
  return kind == ALM_LAYER_BYTES || alm_unpack_archive_begin(layer);
}

/* ---- files ---- */

bool alm_unpack_looks(const char *head, size_t length) {
  return alm_unpack_gzip_looks(head, length) || alm_unpack_archive_looks(head, length);
}

/* The names of the archives' files that lead to this one. */
static void take_file(alm_unpack *unpack) {
  alm_buf name;
  alm_buf_init(&name, 2048);
  for (size_t i = 0; i < unpack->count; i++)
    if (unpack->layers[i]->kind == ALM_LAYER_ARCHIVE)
      (void)(alm_buf_adds(&name, name.length ? ": " : "") && alm_buf_adds(&name, unpack->layers[i]->name));
  if (!name.length) alm_buf_free(&name);
  free(unpack->file);
  unpack->file = name.data;
}

/* Opens what is packed until it is not. False: failed. */
static bool enter(alm_unpack *unpack, bool *there) {
  while (take_file(unpack), peek(unpack)) {
    const alm_layer *layer = unpack->layers[unpack->count - 1];
    *there = true;
    if (alm_unpack_gzip_looks(layer->head, layer->head_length)) {
      if (!push(unpack, ALM_LAYER_GZIP)) return false;
    } else if (alm_unpack_archive_looks(layer->head, layer->head_length)) {
      *there = false;
      if (!push(unpack, ALM_LAYER_ARCHIVE)) return false;
      if (!alm_unpack_archive_next(unpack->layers[unpack->count - 1])) return !unpack->failed;
    } else {
      return true;
    }
  }
  return false;
}

/* To the next file of the innermost archive that has one. */
static bool go_on(alm_unpack *unpack, bool *there) {
  *there = false;
  free(unpack->file);
  unpack->file = NULL;
  while (!*there && unpack->count > 1 && !unpack->failed) {
    alm_layer *layer = unpack->layers[unpack->count - 1];
    if (layer->kind == ALM_LAYER_ARCHIVE && alm_unpack_archive_next(layer)) {
      if (!enter(unpack, there)) return false;
    } else if (!unpack->failed) {
      pop(unpack);
    }
  }
  return !unpack->failed;
}

static bool begin(alm_unpack *unpack, bool *there) {
  unpack->begun = true;
  if (!enter(unpack, there)) return false;
  return *there || go_on(unpack, there);
}

bool alm_unpack_next(alm_unpack *unpack, bool *there, alm_error *err) {
  *there = false;
  if (unpack->dead) return true;
  unpack->failed = false;
  bool done = unpack->begun ? go_on(unpack, there) : begin(unpack, there);
  if (!done) *err = unpack->error;
  return done;
}

ssize_t alm_unpack_read(alm_unpack *unpack, char *into, size_t room, alm_error *err) {
  ssize_t got = alm_unpack_layer(unpack, unpack->count - 1, into, room);
  if (got < 0) *err = unpack->error;
  return got;
}

/* ---- opening and closing ---- */

static alm_unpack *new_unpack(const char *name, alm_error *err) {
  alm_unpack *unpack = calloc(1, sizeof *unpack);
  if (unpack) {
    unpack->fd = -1;
    unpack->name = strdup(name);
    if (unpack->name && push(unpack, ALM_LAYER_BYTES)) return unpack;
  }
  alm_unpack_close(unpack);
  return alm_fail(err, ALM_LIMIT, "can't read %s: out of memory", name), NULL;
}

alm_unpack *alm_unpack_open(const char *path, alm_error *err) {
  struct stat about;
  bool standard = strcmp(path, "-") == 0;
  alm_unpack *unpack = new_unpack(standard ? "standard input" : path, err);
  if (!unpack) return NULL;
  unpack->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (unpack->fd < 0) {
    alm_fail_errno(err, "can't open %s", path);
    return alm_unpack_close(unpack), NULL;
  }
  bool regular = fstat(unpack->fd, &about) == 0 && S_ISREG(about.st_mode);
  if (regular) unpack->size = (uint64_t)about.st_size;
  unpack->seeks = regular && !standard;
  return unpack;
}

alm_unpack *alm_unpack_memory(const char *bytes, size_t length, const char *name, alm_error *err) {
  alm_unpack *unpack = new_unpack(name, err);
  if (!unpack) return NULL;
  unpack->bytes = bytes;
  unpack->size = length;
  unpack->seeks = true;
  return unpack;
}

void alm_unpack_close(alm_unpack *unpack) {
  if (!unpack) return;
  while (unpack->count) pop(unpack);
  if (unpack->fd > STDIN_FILENO) close(unpack->fd);
  free(unpack->name);
  free(unpack->file);
  free(unpack);
}

bool alm_unpack_goes_on(const alm_unpack *unpack) { return !unpack->dead && unpack->archived; }
const char *alm_unpack_file(const alm_unpack *unpack) { return unpack->file; }
const char *alm_unpack_name(const alm_unpack *unpack) { return unpack->name; }
uint64_t alm_unpack_done(const alm_unpack *unpack) { return unpack->done; }
uint64_t alm_unpack_size(const alm_unpack *unpack) { return unpack->size; }

/* ---- one file ---- */

static bool read_all(alm_unpack *unpack, alm_buf *out, alm_error *err) {
  char block[4096];
  ssize_t got;
  while ((got = alm_unpack_read(unpack, block, sizeof block, err)) > 0)
    if (!alm_buf_add(out, block, (size_t)got))
      return alm_fail(err, ALM_LIMIT, "%s in the archive has more than %zu bytes", unpack->file, out->maximum);
  return got == 0;
}

bool alm_unpack_one(const char *bytes, size_t length, const char *name, alm_buf *out, alm_error *err) {
  bool there = true, found = false, failed = false;
  alm_unpack *unpack = alm_unpack_memory(bytes, length, "", err);
  if (!unpack) return false;
  while (there && !found) {
    bool done = alm_unpack_next(unpack, &there, err);
    failed = failed || !done;
    there = there || (!done && !unpack->dead);
    found = done && there && unpack->file && strcmp(unpack->file, name) == 0;
  }
  bool read = found && read_all(unpack, out, err);
  if (!found && !failed) alm_fail(err, ALM_MISSING, "there is no %s in the archive", name);
  alm_unpack_close(unpack);
  return read;
}
