/* MARC-in-JSON, object by object: one document, an array, an answer that holds
 * records, a line each. A broken record is given with its problem and without
 * fields, and the next is found. */
#include <stdlib.h>
#include <string.h>

#include "marc_format.h"
#include "marc_json_fill.h"
#include "marc_json_find.h"
#include "marc_json_write.h"

enum { WANT = 16 << 10, MOST = 32 << 20 };

typedef struct {
  alm_window window;   /* begins with the record */
  size_t length;       /* of the record */
  alm_json_found how;
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

/* ---- an object ---- */

static bool find_end(alm_marc_source *source, object *found, alm_error *err) {
  alm_json_scan scan = {.at = 0};
  size_t want = WANT;
  do {
    const alm_window *window = alm_marc_source_fill(source, want, err);
    if (!window) return false;
    found->window = *window;
    found->how = alm_json_scan_object(&scan, window->data, window->length, window->at_end);
    found->length = scan.at;
    want = 2 * window->length;
  } while (found->how == ALM_JSON_MORE && !found->window.at_end && found->window.length < MOST);
  return true;
}

/* Behind what was too long to be looked at, any brace may be inside of it. */
static bool skip_to_record(alm_marc_source *source, alm_error *err) {
  for (size_t want = WANT;;) {
    const alm_window *window = alm_marc_source_fill(source, want, err);
    if (!window || window->length == 0) return window != NULL;
    const char *brace = memchr(window->data, '{', window->length);
    alm_marc_source_use(source, brace ? (size_t)(brace - window->data) : window->length);
    int begins = brace ? alm_json_begins(window->data, window->length) : 0;
    if (begins > 0) return true;
    want = begins < 0 && !window->at_end ? 2 * window->length : WANT;
    if (brace && (begins == 0 || window->at_end)) alm_marc_source_use(source, 1);
  }
}

static bool is_too_long(const object *found) {
  return found->how == ALM_JSON_MORE && !found->window.at_end;
}

/* An object around records, as in {"records":[…]}, is not one itself. */
static bool is_around(const object *found) {
  return found->how == ALM_JSON_CUT && alm_json_begins(found->window.data, found->length) != 1 &&
         !memmem(found->window.data, found->length, "\"leader\"", 8);
}

static void fill(alm_marc_reading *reading, const object *found, uint64_t garbage) {
  alm_marc_builder *builder = reading->builder;
  alm_marc_clear(builder, reading->number, found->window.offset);
  if (garbage > 0)
    alm_marc_note(builder, ALM_MARC_GARBAGE, 0, "before the record: %llu characters that are no JSON",
                  (unsigned long long)garbage);
  if (found->how == ALM_JSON_WHOLE)
    alm_json_fill(builder, found->window.data, found->length);
  else if (is_too_long(found))
    alm_marc_note(builder, ALM_MARC_TOO_LONG, found->length, "the record is longer than %d bytes", MOST);
  else
    alm_marc_note(builder, ALM_MARC_TRUNCATED, found->length, "the record has no end: %s",
                  found->how == ALM_JSON_CUT ? "another begins" : "the file ends");
}

/* ---- the format ---- */

static alm_marc_result garbage_at_end(alm_marc_reading *reading, uint64_t garbage) {
  if (garbage == 0) return ALM_MARC_END;
  alm_marc_clear(reading->builder, reading->number, 0);
  alm_marc_note(reading->builder, ALM_MARC_GARBAGE, 0, "at the end: %llu characters that are no JSON",
                (unsigned long long)garbage);
  reading->record = alm_marc_built(reading->builder);
  return ALM_MARC_RECORD;
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  uint64_t garbage = 0;
  object found;
  bool around;
  do {
    alm_marc_result result = find_brace(reading->source, &garbage, err);
    if (result == ALM_MARC_END) return garbage_at_end(reading, garbage);
    if (result == ALM_MARC_FAILED || !find_end(reading->source, &found, err))
      return ALM_MARC_FAILED;
    around = is_around(&found);
    if (!around) fill(reading, &found, garbage);
    alm_marc_source_use(reading->source, found.length);
  } while (around);
  if (is_too_long(&found) && !skip_to_record(reading->source, err)) return ALM_MARC_FAILED;
  reading->record = alm_marc_built(reading->builder);
  return ALM_MARC_RECORD;
}

static bool looks(const char *head, size_t length) {
  return length > 0 && (head[0] == '{' || head[0] == '[');
}

const alm_marc_format alm_marc_json = {
    .name = "json",
    .looks = looks,
    .next = next,
    .write = alm_json_write,
    .head = "",
    .between = "",
    .tail = "",
};
