/* A window over a file, standard input or memory; gzip is unpacked into it. */
#include "marc_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "../base/sys.h"

enum { WINDOW = 256 << 10, PACKED = 64 << 10, MOST = 32 << 20, GZIP = 16, PATIENCE = 200 /* ms */ };

struct alm_marc_source {
  alm_window window;
  char *name;
  int fd;                 /* -1: memory, all of it in `packed` or the window */
  char *buffer;           /* the window's memory; NULL when it is the caller's */
  size_t capacity;
  z_stream gzip;
  bool unpacks, between;  /* between members of gzip */
  char *packed;           /* what is read for unpacking */
  bool packed_end;
  bool failed;            /* told when all that came before is used */
  alm_error error;
  uint64_t read, size;
};

/* ---- bytes as they lie there ---- */

/* Until there is something to read; false when a signal was caught meanwhile. */
static bool wait_for_bytes(int fd) {
  struct pollfd input = {.fd = fd, .events = POLLIN};
  int ready;
  while ((ready = poll(&input, 1, PATIENCE)) == 0 || (ready < 0 && errno == EINTR))
    if (alm_sys_interrupts()) return false;
  return true;
}

/* 0 at the end, -1 after a failure. */
static ssize_t read_some(alm_marc_source *source, char *into, size_t room) {
  ssize_t got;
  if (source->fd < 0) return 0;
  if (!wait_for_bytes(source->fd)) {
    source->failed = true;
    alm_fail(&source->error, ALM_CANCELLED, "%s: stopped", source->name);
    return -1;
  }
  do got = read(source->fd, into, room);
  while (got < 0 && errno == EINTR);
  if (got > 0) source->read += (uint64_t)got;
  if (got >= 0) return got;
  source->failed = true;
  alm_fail_errno(&source->error, "can't read %s", source->name);
  return -1;
}

static bool broken(alm_marc_source *source, const char *what) {
  source->failed = true;
  return alm_fail(&source->error, ALM_PARSE, "%s: the gzip data %s after %llu unpacked bytes",
                  source->name, what,
                  (unsigned long long)(source->window.offset + source->window.length));
}

/* ---- unpacking ---- */

static bool more_packed(alm_marc_source *source) {
  if (source->gzip.avail_in || source->packed_end) return true;
  ssize_t got = read_some(source, source->packed, PACKED);
  source->packed_end = got <= 0;
  source->gzip.next_in = (Bytef *)source->packed;
  source->gzip.avail_in = got > 0 ? (uInt)got : 0;
  return got >= 0;
}

/* Another member begins, or the end is here: zeros and what is no gzip behind
 * the last member are passed over, as gzip does. */
static bool next_member(alm_marc_source *source, bool *there) {
  *there = false;
  if (!more_packed(source)) return false;
  if (source->gzip.avail_in == 0 || *source->gzip.next_in != 0x1f) return true;
  source->between = false;
  *there = true;
  return inflateReset(&source->gzip) == Z_OK;
}

/* Like read_some, of what is unpacked. */
static ssize_t unpack_some(alm_marc_source *source, char *into, size_t room) {
  z_stream *gzip = &source->gzip;
  gzip->next_out = (Bytef *)into;
  gzip->avail_out = (uInt)room;
  while (gzip->avail_out == room) {
    bool there = true;
    if (source->between && !next_member(source, &there)) return -1;
    if (!there) return 0;
    if (!more_packed(source)) return -1;
    bool ended = gzip->avail_in == 0;
    int result = inflate(gzip, Z_NO_FLUSH);
    source->between = result == Z_STREAM_END;
    if (result == Z_OK || source->between) continue;
    if (gzip->avail_out < room) break;
    broken(source, ended ? "ends early" : "is damaged");
    return -1;
  }
  return (ssize_t)(room - gzip->avail_out);
}

/* ---- the window ---- */

static bool make_room(alm_marc_source *source, size_t want) {
  alm_window *window = &source->window;
  if (window->length) memmove(source->buffer, window->data, window->length);
  window->data = source->buffer;
  size_t capacity = source->capacity;
  while (capacity < want) capacity *= 2;
  char *buffer = capacity > source->capacity ? realloc(source->buffer, capacity) : source->buffer;
  if (!buffer) return false;
  source->buffer = buffer;
  source->capacity = capacity;
  window->data = buffer;
  return true;
}

static void read_into(alm_marc_source *source, size_t want) {
  alm_window *window = &source->window;
  while (window->length < want && !window->at_end) {
    char *into = source->buffer + window->length;
    size_t room = source->capacity - window->length;
    ssize_t got = source->unpacks ? unpack_some(source, into, room) : read_some(source, into, room);
    if (got > 0) window->length += (size_t)got;
    window->at_end = got <= 0;
  }
}

static bool tell(const alm_marc_source *source, alm_error *err) {
  *err = source->error;
  return false;
}

const alm_window *alm_marc_source_fill(alm_marc_source *source, size_t want, alm_error *err) {
  alm_window *window = &source->window;
  if (want > MOST) want = MOST;
  if (window->length < want && !window->at_end) {
    if (!make_room(source, want))
      return alm_fail(err, ALM_LIMIT, "can't read %s: out of memory", source->name), NULL;
    read_into(source, want);
  }
  if (source->failed && window->length == 0) return tell(source, err), NULL;
  return window;
}

void alm_marc_source_use(alm_marc_source *source, size_t count) {
  alm_window *window = &source->window;
  if (count > window->length) count = window->length;
  window->data += count;
  window->length -= count;
  window->offset += count;
  if (source->fd < 0 && !source->unpacks) source->read += count;
}

/* ---- opening and closing ---- */

static bool is_gzip(const char *text, size_t length) {
  return length >= 3 && memcmp(text, "\x1f\x8b\x08", 3) == 0;
}

static bool begin_unpacking(alm_marc_source *source, alm_error *err) {
  if (inflateInit2(&source->gzip, MAX_WBITS + GZIP) != Z_OK)
    return alm_fail(err, ALM_LIMIT, "can't unpack %s: out of memory", source->name);
  source->unpacks = true;
  return true;
}

static alm_marc_source *new_source(const char *name, alm_error *err) {
  alm_marc_source *source = calloc(1, sizeof *source);
  if (source) {
    source->fd = -1;
    source->name = strdup(name);
    if (source->name) return source;
  }
  free(source);
  alm_fail(err, ALM_LIMIT, "can't read %s: out of memory", name);
  return NULL;
}

static bool get_memory(alm_marc_source *source, alm_error *err) {
  source->capacity = WINDOW;
  source->buffer = malloc(WINDOW);
  source->window.data = source->buffer;
  return source->buffer ||
         alm_fail(err, ALM_LIMIT, "can't read %s: out of memory", source->name);
}

static bool open_fd(alm_marc_source *source, const char *path, alm_error *err) {
  struct stat about;
  source->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (source->fd < 0) return alm_fail_errno(err, "can't open %s", path);
  if (fstat(source->fd, &about) == 0 && S_ISREG(about.st_mode))
    source->size = (uint64_t)about.st_size;
  return true;
}

/* What was read to look for gzip becomes what is to be unpacked. */
static bool look_for_gzip(alm_marc_source *source, alm_error *err) {
  const alm_window *window = alm_marc_source_fill(source, 3, err);
  if (!window) return false;
  if (!is_gzip(window->data, window->length)) return true;
  if (!begin_unpacking(source, err)) return false;
  source->packed = source->buffer;
  source->gzip.next_in = (Bytef *)source->packed;
  source->gzip.avail_in = (uInt)window->length;
  source->window = (alm_window){0};
  return get_memory(source, err);
}

alm_marc_source *alm_marc_source_open(const char *path, alm_error *err) {
  bool standard = strcmp(path, "-") == 0;
  alm_marc_source *source = new_source(standard ? "standard input" : path, err);
  if (!source) return NULL;
  if (open_fd(source, path, err) && get_memory(source, err) && look_for_gzip(source, err))
    return source;
  alm_marc_source_close(source);
  return NULL;
}

static bool open_text(alm_marc_source *source, const char *text, size_t length, alm_error *err) {
  source->size = length;
  if (!is_gzip(text, length) || length > UINT32_MAX) {
    source->window = (alm_window){.data = text, .length = length, .at_end = true};
    return true;
  }
  source->gzip.next_in = (Bytef *)(uintptr_t)text;
  source->gzip.avail_in = (uInt)length;
  source->packed_end = true;
  source->read = length;
  return begin_unpacking(source, err) && get_memory(source, err);
}

alm_marc_source *alm_marc_source_text(const char *text, size_t length, alm_error *err) {
  alm_marc_source *source = new_source("text", err);
  if (!source || open_text(source, text, length, err)) return source;
  alm_marc_source_close(source);
  return NULL;
}

void alm_marc_source_close(alm_marc_source *source) {
  if (!source) return;
  if (source->unpacks) inflateEnd(&source->gzip);
  if (source->fd > STDIN_FILENO) close(source->fd);
  free(source->packed);
  free(source->buffer);
  free(source->name);
  free(source);
}

const char *alm_marc_source_name(const alm_marc_source *source) { return source->name; }
uint64_t alm_marc_source_read(const alm_marc_source *source) {
  return source->read - source->gzip.avail_in;
}

uint64_t alm_marc_source_size(const alm_marc_source *source) {
  return source->size;
}
