/* MARC-in-JSON, object by object: one document, an array, an answer that holds
 * records, a line each. A broken record is given with its problem and without
 * fields, and the next is found. */
#include <stdlib.h>
#include <string.h>

#include "marc_format.h"
#include "marc_json_private.h"
#include "marc_private.h"

enum { WANT = 16 << 10, MOST = 32 << 20 };

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

/* ---- between records ---- */

/* What may stand between records: blanks, commas, what closes arrays and
 * objects around them, RFC 7464's 0x1e. */
static bool is_between(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || strchr(",[]}\x1e", c);
}

/* Uses up to the next brace; counts what has no place there. */
static alm_marc_result find_brace(alm_marc_source *source, uint64_t *garbage, alm_error *err) {
  for (;;) {
    const alm_window *window = alm_marc_source_fill(source, WANT, err);
    if (!window) return ALM_MARC_FAILED;
    if (window->length == 0) return ALM_MARC_END;
    const char *brace = memchr(window->data, '{', window->length);
    size_t length = brace ? (size_t)(brace - window->data) : window->length;
    for (size_t i = 0; i < length; i++) *garbage += !is_between(window->data[i]);
    alm_marc_source_use(source, length);
    if (brace) return ALM_MARC_RECORD;
  }
}

/* ---- braces and strings, and nothing else of JSON ---- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* 1: a record begins here ('{', then "leader" or "fields"); 0: no; -1: more text
 * is needed. That can't stand in a record, since a string has its quotes escaped;
 * so a broken record ends where the next begins. */
static int begins_record(const char *text, size_t length) {
  static const char *const keys[] = {"\"leader\"", "\"fields\""};
  const size_t key = sizeof "\"leader\"" - 1;
  size_t at = 1;
  if (length == 0) return -1;
  if (text[0] != '{') return 0;
  while (at < length && is_blank(text[at])) at++;
  size_t left = length - at, most = left < key ? left : key;
  bool begins = memcmp(text + at, keys[0], most) == 0 || memcmp(text + at, keys[1], most) == 0;
  if (!begins) return 0;
  return left < key ? -1 : 1;
}

/* Begins as zeros; goes on where it was when there is more text. */
typedef struct {
  size_t at;
  int depth;
  bool in_string, escaped;
} position;

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

static how_found pass_object(position *p, const char *text, size_t length, bool at_end) {
  for (; p->at < length; p->at++) {
    char c = text[p->at];
    if (c == '{' && p->at > 0) {
      int begins = begins_record(text + p->at, length - p->at);
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

/* ---- an object ---- */

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
    int begins = brace ? begins_record(window->data, window->length) : 0;
    if (begins > 0) return true;
    want = begins < 0 && !window->at_end ? 2 * window->length : WANT;
    if (brace && (begins == 0 || window->at_end)) alm_marc_source_use(source, 1);
  }
}

static bool is_too_long(const object *found) {
  return found->how == MORE && !found->window.at_end;
}

/* An object around records, as in {"records":[…]}, is not one itself. */
static bool is_around(const object *found) {
  return found->how == CUT && begins_record(found->window.data, found->length) != 1 &&
         !memmem(found->window.data, found->length, "\"leader\"", 8);
}

static void begin(alm_marc_reading *reading, const alm_window *window, uint64_t garbage) {
  alm_marc_clear(reading->builder, reading->number, window->offset);
  if (garbage > 0)
    alm_marc_note(reading->builder, ALM_MARC_GARBAGE, 0,
                  "before the record: %llu characters that are no JSON", (unsigned long long)garbage);
}

static void fill(alm_marc_reading *reading, const object *found, uint64_t garbage) {
  alm_marc_builder *builder = reading->builder;
  begin(reading, &found->window, garbage);
  if (found->how == WHOLE)
    alm_json_fill_text(builder, reading->state, found->window.data, found->length);
  else if (is_too_long(found))
    alm_marc_note(builder, ALM_MARC_TOO_LONG, found->length, "the record is longer than %d bytes", MOST);
  else
    alm_marc_note(builder, ALM_MARC_TRUNCATED, found->length, "the record has no end: %s",
                  found->how == CUT ? "another begins" : "the file ends");
}

/* ---- the format ---- */

static alm_marc_result give(alm_marc_reading *reading) {
  reading->record = alm_marc_built(reading->builder);
  return ALM_MARC_RECORD;
}

static alm_marc_result garbage_at_end(alm_marc_reading *reading, uint64_t garbage) {
  if (garbage == 0) return ALM_MARC_END;
  alm_marc_clear(reading->builder, reading->number, 0);
  alm_marc_note(reading->builder, ALM_MARC_GARBAGE, 0, "at the end: %llu characters that are no JSON",
                (unsigned long long)garbage);
  return give(reading);
}

/* The record when it begins as one and is JSON: one look at its bytes is enough. */
static bool take_quick(alm_marc_reading *reading, uint64_t garbage) {
  alm_json *json = reading->state;
  alm_error ignored;
  for (size_t want = WANT;; want *= 2) {
    const alm_window *window = alm_marc_source_fill(reading->source, want, &ignored);
    if (!window || begins_record(window->data, window->length) <= 0) return false;
    if (alm_json_parse(json, window->data, window->length)) {
      begin(reading, window, garbage);
      alm_json_fill(reading->builder, json->tokens);
      alm_marc_source_use(reading->source, json->at);
      return true;
    }
    if (json->at < window->length || window->at_end || want >= MOST) return false;
  }
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  uint64_t garbage = 0;
  object found;
  bool around;
  do {
    alm_marc_result result = find_brace(reading->source, &garbage, err);
    if (result == ALM_MARC_END) return garbage_at_end(reading, garbage);
    if (result == ALM_MARC_RECORD && take_quick(reading, garbage)) return give(reading);
    if (result == ALM_MARC_FAILED || !find_end(reading->source, &found, err))
      return ALM_MARC_FAILED;
    around = is_around(&found);
    if (!around) fill(reading, &found, garbage);
    alm_marc_source_use(reading->source, found.length);
  } while (around);
  if (is_too_long(&found) && !skip_to_record(reading->source, err)) return ALM_MARC_FAILED;
  return give(reading);
}

static bool open_reading(alm_marc_reading *reading, alm_error *err) {
  reading->state = calloc(1, sizeof(alm_json));
  return reading->state || alm_fail(err, ALM_LIMIT, "can't read JSON: out of memory");
}

static void close_reading(alm_marc_reading *reading) {
  alm_json_free(reading->state);
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
    .write = alm_json_write,
    .head = "",
    .between = "",
    .tail = "",
};
