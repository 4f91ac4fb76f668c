/* A window over what a file, standard input or memory holds. */
#include "marc_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/unpack.h"

enum { WINDOW = 256 << 10, MOST = 32 << 20 };

struct alm_marc_source {
  alm_window window;
  alm_window text;        /* memory that is not packed, until it is the window */
  alm_unpack *unpack;     /* NULL: there is none */
  char *name;
  char *buffer;           /* the window's memory; NULL when it is the caller's */
  size_t capacity;
  bool failed;            /* told when all that came before is used */
  alm_error error;
};

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
    ssize_t got = alm_unpack_read(source->unpack, into, source->capacity - window->length, &source->error);
    if (got > 0) window->length += (size_t)got;
    window->at_end = got <= 0;
    source->failed = got < 0;
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
}

/* ---- opening and closing ---- */

static alm_marc_source *new_source(alm_error *err) {
  alm_marc_source *source = calloc(1, sizeof *source);
  if (!source) alm_fail(err, ALM_LIMIT, "can't read records: out of memory");
  return source;
}

static bool take_name(alm_marc_source *source, alm_error *err) {
  const char *file = alm_unpack_file(source->unpack), *name = alm_unpack_name(source->unpack);
  free(source->name);
  if (asprintf(&source->name, "%s%s%s", name, file ? ": " : "", file ? file : "") >= 0) return true;
  source->name = NULL;
  return alm_fail(err, ALM_LIMIT, "can't read %s: out of memory", name);
}

static bool get_memory(alm_marc_source *source, alm_error *err) {
  if (!source->buffer) source->buffer = malloc(WINDOW);
  if (source->capacity == 0) source->capacity = WINDOW;
  source->window = (alm_window){.data = source->buffer};
  source->failed = false;
  return source->buffer || alm_fail(err, ALM_LIMIT, "can't read %s: out of memory", source->name);
}

bool alm_marc_source_next(alm_marc_source *source, bool *there, alm_error *err) {
  *there = !source->unpack && source->text.data;
  if (*there) source->window = source->text;
  source->text.data = NULL;
  if (!source->unpack) return true;
  if (!alm_unpack_next(source->unpack, there, err)) return false;
  return take_name(source, err) && (!*there || get_memory(source, err));
}

alm_marc_source *alm_marc_source_open(const char *path, alm_error *err) {
  alm_marc_source *source = new_source(err);
  if (!source) return NULL;
  source->unpack = alm_unpack_open(path, err);
  if (source->unpack && take_name(source, err)) return source;
  return alm_marc_source_close(source), NULL;
}

alm_marc_source *alm_marc_source_text(const char *text, size_t length, alm_error *err) {
  alm_marc_source *source = new_source(err);
  if (!source) return NULL;
  source->text = (alm_window){.data = text, .length = length, .at_end = true};
  bool packed = alm_unpack_looks(text, length);
  if (packed) source->unpack = alm_unpack_memory(text, length, "text", err);
  if (packed && source->unpack && take_name(source, err)) return source;
  if (!packed && (source->name = strdup("text"))) return source;
  if (!packed) alm_fail(err, ALM_LIMIT, "can't read records: out of memory");
  return alm_marc_source_close(source), NULL;
}

void alm_marc_source_close(alm_marc_source *source) {
  if (!source) return;
  alm_unpack_close(source->unpack);
  free(source->buffer);
  free(source->name);
  free(source);
}

const char *alm_marc_source_name(const alm_marc_source *source) { return source->name; }
bool alm_marc_source_failed(const alm_marc_source *source, alm_error *err) {
  if (source->failed) *err = source->error;
  return source->failed;
}
bool alm_marc_source_goes_on(const alm_marc_source *source) {
  return source->unpack && alm_unpack_goes_on(source->unpack);
}

/* An archive is read in more than one place. */
uint64_t alm_marc_source_read(const alm_marc_source *source) {
  uint64_t size = alm_marc_source_size(source);
  uint64_t done = source->unpack ? alm_unpack_done(source->unpack) : source->window.offset;
  return size && done > size ? size : done;
}

uint64_t alm_marc_source_size(const alm_marc_source *source) {
  return source->unpack ? alm_unpack_size(source->unpack) : source->text.length;
}
