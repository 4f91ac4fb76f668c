/* MARC-in-JSON, object by object: one document, an array, an answer that holds
 * records, a line each. What is around records is passed over. A broken record is
 * given with its problem and without fields, and the next is found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marc_format.h"
#include "marc_json_private.h"
#include "marc_private.h"
#include "../base/ascii.h"

enum { WANT = 16 << 10, LOOK = 1 << 20, MOST = 32 << 20 };

/* Where we are among braces and strings, which is all that counts between records. */
typedef struct {
  size_t at;
  int depth;
  bool in_string, escaped;
} position;

typedef struct {
  alm_json json;
  position around;       /* the record: `depth` counts braces */
  uint64_t garbage;      /* characters that have no place there, since the last record */
  uint64_t others;       /* objects without a record in them, since then */
  bool holds_record;     /* the outermost object that we are in */
} state;

typedef enum {
  WHOLE,  /* its last brace is before `at` */
  CUT,    /* another record begins at `at` */
  MORE    /* the text ends in it */
} how_found;

typedef struct {
  alm_window window;   /* begins with the record */
  size_t length;       /* of the record */
  how_found how;
} object;

/* ---- braces and strings ---- */

/* No string goes over a line's end, so that one without its end ends there. */
static void step_in_string(position *p, char c) {
  bool escaped = p->escaped;
  p->escaped = !escaped && c == '\\';
  if ((c == '"' && !escaped) || c == '\n') p->in_string = false;
}

static void step(position *p, char c) {
  if (p->in_string) step_in_string(p, c);
  else if (c == '"') p->in_string = true;
  else if (c == '{' || c == '[') p->depth++;
  else if (c == '}' || c == ']') p->depth--;
}

/* ---- between records ---- */

/* What may stand between records: blanks, commas, what closes arrays and
 * objects around them, RFC 7464's 0x1e. */
static bool is_between(char c) {
  return alm_ascii_is_white(c) || strchr(",[]}\x1e", c);
}

/* Outside of all objects quotes are no strings, since that may be any text. */
static void step_between(state *s, char c) {
  position *p = &s->around;
  if (p->depth == 0) s->garbage += !is_between(c);
  else if (p->in_string || c == '"') step(p, c);
  else if (c == '}' && --p->depth == 0) s->others += !s->holds_record;
}

static void step_into(state *s) {
  if (s->around.depth++ == 0) s->holds_record = false;
}

/* Uses up to the next brace that begins an object. */
static alm_marc_result find_brace(alm_marc_reading *reading, alm_error *err) {
  state *s = reading->state;
  for (;;) {
    const alm_window *window = alm_marc_source_fill(reading->source, WANT, err);
    if (!window) return ALM_MARC_FAILED;
    if (window->length == 0) return ALM_MARC_END;
    size_t at = 0;
    while (at < window->length && (window->data[at] != '{' || s->around.in_string))
      step_between(s, window->data[at++]);
    bool found = at < window->length;
    alm_marc_source_use(reading->source, at);
    if (found) return ALM_MARC_RECORD;
  }
}

/* Gives the words for what has no place between records. */
static const char *name_garbage(const state *s, char *words, size_t size) {
  if (s->garbage > 0)
    snprintf(words, size, "%llu character%s no JSON", (unsigned long long)s->garbage,
             s->garbage == 1 ? " that is" : "s that are");
  else
    snprintf(words, size, "%llu object%s without a MARC record", (unsigned long long)s->others,
             s->others == 1 ? "" : "s");
  return words;
}

static void begin(alm_marc_reading *reading, const alm_window *window) {
  state *s = reading->state;
  char words[64];
  alm_marc_clear(reading->builder, reading->number, window->offset);
  if (s->garbage + s->others > 0)
    alm_marc_note(reading->builder, ALM_MARC_GARBAGE, 0, "before the record: %s",
                  name_garbage(s, words, sizeof words));
}

static alm_marc_result give(alm_marc_reading *reading) {
  state *s = reading->state;
  s->garbage = s->others = 0;
  s->holds_record = true;
  reading->record = alm_marc_built(reading->builder);
  return ALM_MARC_RECORD;
}

/* ---- broken records ---- */

static how_found pass_object(position *p, const char *text, size_t length, bool at_end) {
  for (; p->at < length; p->at++) {
    char c = text[p->at];
    if (c == '{' && p->at > 0) {
      int begins = alm_json_begins_record(text + p->at, length - p->at);
      if (begins > 0) return CUT;
      if (begins < 0 && !at_end) return MORE;
    }
    step(p, c);
    if (p->depth == 0) {
      p->at++;
      return WHOLE;
    }
  }
  return MORE;
}

static bool find_end(alm_marc_source *source, object *found, alm_error *err) {
  position end = {.at = 0};
  size_t want = WANT;
  do {
    const alm_window *window = alm_marc_source_fill(source, want, err);
    if (!window) return false;
    found->window = *window;
    found->how = pass_object(&end, window->data, window->length, window->at_end);
    found->length = end.at;
    want = 2 * window->length;
  } while (found->how == MORE && !found->window.at_end && found->window.length < MOST);
  return true;
}

/* Behind what was too long to be looked at, any brace may be inside of it. */
static bool skip_to_record(alm_marc_source *source, alm_error *err) {
  for (size_t want = WANT;;) {
    const alm_window *window = alm_marc_source_fill(source, want, err);
    if (!window || window->length == 0) return window != NULL;
    const char *brace = memchr(window->data, '{', window->length);
    alm_marc_source_use(source, brace ? (size_t)(brace - window->data) : window->length);
    int begins = brace ? alm_json_begins_record(window->data, window->length) : 0;
    if (begins > 0) return true;
    want = begins < 0 && !window->at_end ? 2 * window->length : WANT;
    if (brace && (begins == 0 || window->at_end)) alm_marc_source_use(source, 1);
  }
}

static bool is_too_long(const object *found) {
  return found->how == MORE && !found->window.at_end;
}

static void note_broken(alm_marc_reading *reading, const object *found, size_t at, const char *expected) {
  alm_marc_builder *builder = reading->builder;
  begin(reading, &found->window);
  if (found->how == WHOLE)
    alm_marc_note(builder, ALM_MARC_STRUCTURE, at, "not JSON: expected %s", expected);
  else if (is_too_long(found))
    alm_marc_note(builder, ALM_MARC_TOO_LONG, found->length, "the record is longer than %d bytes", MOST);
  else
    alm_marc_note(builder, ALM_MARC_TRUNCATED, found->length, "the record has no end: %s",
                  found->how == CUT ? "another begins" : "the file ends");
}

static alm_marc_result give_broken(alm_marc_reading *reading, alm_error *err) {
  const alm_json *json = &((state *)reading->state)->json;
  size_t at = (size_t)(json->at - json->text);
  object found;
  if (!find_end(reading->source, &found, err)) return ALM_MARC_FAILED;
  note_broken(reading, &found, at, json->wrong);
  alm_marc_source_use(reading->source, found.length);
  if (is_too_long(&found) && !skip_to_record(reading->source, err)) return ALM_MARC_FAILED;
  return give(reading);
}

/* ---- an object ---- */

/* ALM_MARC_END: it is no record, though there may be some inside of it. */
static alm_marc_result take_object(alm_marc_reading *reading, alm_error *err) {
  alm_json *json = &((state *)reading->state)->json;
  for (size_t want = WANT;; want *= 2) {
    const alm_window *window = alm_marc_source_fill(reading->source, want, err);
    if (!window) return ALM_MARC_FAILED;
    alm_json_begin(json, window->data, window->length, NULL);
    int is_record = alm_json_is_record(json);
    if (is_record < 0 && !window->at_end && want < LOOK) continue;
    if (is_record <= 0) return ALM_MARC_END;
    begin(reading, window);
    alm_json_begin(json, window->data, window->length, reading->builder);
    bool marc, whole = alm_json_fill(json, &marc);
    if (!whole && json->at == json->end && !window->at_end && want < MOST) continue;
    if (!whole) return give_broken(reading, err);
    if (!marc) return ALM_MARC_END;
    alm_marc_source_use(reading->source, (size_t)(json->at - json->text));
    return give(reading);
  }
}

/* ---- the format ---- */

/* What stands behind the last record is told, and is no record. */
static alm_marc_result end(alm_marc_reading *reading, alm_error *err) {
  state *s = reading->state;
  char words[64];
  s->others += s->around.depth > 0 && !s->holds_record;
  if (s->garbage + s->others == 0) return ALM_MARC_END;
  alm_fail(err, ALM_PARSE, "at the end: %s", name_garbage(s, words, sizeof words));
  return ALM_MARC_FAILED;
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  for (;;) {
    alm_marc_result result = find_brace(reading, err);
    if (result == ALM_MARC_END) return end(reading, err);
    if (result == ALM_MARC_RECORD) result = take_object(reading, err);
    if (result != ALM_MARC_END) return result;
    step_into(reading->state);
    alm_marc_source_use(reading->source, 1);
  }
}

static bool open_reading(alm_marc_reading *reading, alm_error *err) {
  reading->state = calloc(1, sizeof(state));
  return reading->state || alm_fail(err, ALM_LIMIT, "can't read JSON: out of memory");
}

static void close_reading(alm_marc_reading *reading) {
  if (reading->state) alm_json_free(&((state *)reading->state)->json);
  free(reading->state);
}

static bool looks(const char *head, size_t length) {
  return length > 0 && (head[0] == '{' || head[0] == '[');
}

const alm_marc_format alm_marc_json = {
    .name = "json",
    .looks = looks,
    .open = open_reading,
    .next = next,
    .close = close_reading,
    .write = alm_marc_json_write,
    .room = ALM_ROOM_ALL,
    .head = "",
    .between = "",
    .tail = "",
};
