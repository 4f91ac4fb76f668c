/* ISO 2709: one record after the other, found again behind damage. */
#include <stdlib.h>
#include <string.h>

#include "marc_format.h"
#include "marc_iso2709_private.h"
#include "marc_private.h"

enum { LEADER = ALM_MARC_LEADER, LEAST = LEADER + 1, STEP = 64 << 10 };

typedef struct {
  alm_marc_reading *reading;
  alm_iso2709 iso;
  alm_marc record;
  size_t garbage;  /* bytes before the record that belong to none */
} iso_reader;

/* ---- leaders ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* How many of the 15 characters that are alike in all leaders are so here:
 * digits in 00-04 and 12-16, "22" in 10, "450" in 20. */
static int likeness(const char *leader) {
  int alike = (leader[10] == '2') + (leader[11] == '2') + (leader[20] == '4') +
              (leader[21] == '5') + (leader[22] == '0');
  for (int i = 0; i < 5; i++) alike += is_digit(leader[i]) + is_digit(leader[12 + i]);
  return alike;
}

enum { ALIKE = 10, SAME = 15 };

static bool could_be_leader(const alm_window *window) {
  return window->length >= LEADER && likeness(window->data) >= ALIKE;
}

/* Beyond doubt, so that one can be told from a directory or text. */
static bool is_leader(const char *text) {
  return likeness(text) == SAME && text[6] >= 'a' && text[6] <= 'z' && !is_digit(text[5]);
}

static const char *find_leader(const char *from, const char *end) {
  const char *map = from + 20;
  while (map < end && (map = memmem(map, (size_t)(end - map), "450", 3))) {
    if (end - (map - 20) >= LEADER && is_leader(map - 20)) return map - 20;
    map++;
  }
  return NULL;
}

static size_t said_length(const alm_window *window) {
  long length = window->length >= 5 ? alm_iso2709_number(window->data, 5) : -1;
  return length >= LEAST ? (size_t)length : 0;
}

/* ---- where a damaged record ends ---- */

static bool is_blank(char c) { return c == ' ' || c == '\0' || c == 0x1a || (c >= '\t' && c <= '\r'); }

static size_t blanks(const char *text, size_t length) {
  size_t count = 0;
  while (count < length && is_blank(text[count])) count++;
  return count;
}

/* The first record terminator (its end) that is not in a leader here, or leader
 * in what follows the first byte; the window's length when there is none. */
static size_t next_landmark(const alm_window *window, size_t from, bool *found) {
  const char *text = window->data, *end = text + window->length;
  size_t behind = could_be_leader(window) && from < LEADER ? LEADER : from;
  const char *terminator = memchr(text + behind, ISO_END, window->length - behind);
  const char *leader = find_leader(text + from, terminator ? terminator : end);
  *found = terminator || leader;
  if (leader) return (size_t)(leader - text);
  return terminator ? (size_t)(terminator - text) + 1 : window->length;
}

/* The window then holds all up to there. NULL: failed. */
static const alm_window *find_landmark(alm_marc_source *source, size_t *at, alm_error *err) {
  bool found = false;
  size_t from = 1, want = STEP;
  for (;; want *= 2) {
    const alm_window *window = alm_marc_source_fill(source, want, err);
    if (!window) return NULL;
    *at = window->length > from ? next_landmark(window, from, &found) : window->length;
    if (found || window->at_end) return window;
    if (window->length >= ALM_MARC_MAXIMUM) return *at = ALM_MARC_MAXIMUM, window;
    from = window->length - LEADER;
  }
}

/* The leader's length against the landmark: it is right when only blanks lie
 * between them, or when a terminator is there and no leader before it. */
static size_t choose_end(const alm_window *window, size_t landmark) {
  size_t said = said_length(window);
  const char *text = window->data;
  if (said == 0 || said > window->length || said == landmark) return landmark;
  if (said < landmark) {
    bool apart = blanks(text + said, landmark - said) == landmark - said;
    return apart ? said : landmark;
  }
  if (text[said - 1] != ISO_END || text[landmark - 1] != ISO_END) return landmark;
  return find_leader(text + landmark, text + said) ? landmark : said;
}

/* ---- records ---- */

static alm_marc_result give(iso_reader *reader, size_t length) {
  const alm_iso2709 *iso = &reader->iso;
  alm_marc_reading *reading = reader->reading;
  if (reader->garbage)
    alm_marc_note(iso->notes, ALM_MARC_GARBAGE, 0, "%zu byte%s before the record belong to none",
                  reader->garbage, reader->garbage == 1 ? "" : "s");
  const alm_marc *noted = alm_marc_built(iso->notes);
  reader->record = *noted;
  reader->record.leader = reader->record.bytes = iso->bytes;
  reader->record.length = iso->length;
  reader->record.fields = iso->fields;
  reader->record.field_count = iso->count;
  reader->garbage = 0;
  reading->record = &reader->record;
  alm_marc_source_use(reading->source, length);
  return ALM_MARC_RECORD;
}

static void begin_record(iso_reader *reader, const alm_window *window) {
  alm_marc_clear(reader->iso.notes, reader->reading->number, window->offset);
}

/* Bytes at the end of which nothing can be made: a leader that was cut off. */
static alm_marc_result give_remains(iso_reader *reader, const alm_window *window) {
  static const char nothing[] = "00000nam a2200000   4500";
  size_t garbage = reader->garbage;
  reader->garbage = 0;
  alm_marc_clear(reader->iso.notes, reader->reading->number, window->offset - garbage);
  alm_marc_note(reader->iso.notes, ALM_MARC_TRUNCATED, 0, "the last %zu byte%s no record", garbage,
                garbage == 1 ? " is" : "s are");
  reader->iso.bytes = nothing;
  reader->iso.length = LEADER;
  reader->iso.count = 0;
  return give(reader, 0);
}

/* ---- the next one ---- */

typedef enum { FAILED, NOTHING, DAMAGED, CLEAN } start_kind;

static void pass(iso_reader *reader, size_t count) {
  reader->garbage += count;
  alm_marc_source_use(reader->reading->source, count);
}

/* Passes blanks; they count as garbage when a record follows them. */
static const alm_window *pass_blanks(iso_reader *reader, alm_error *err) {
  for (;;) {
    const alm_window *window = alm_marc_source_fill(reader->reading->source, LEADER, err);
    if (!window) return NULL;
    size_t count = could_be_leader(window) ? 0 : blanks(window->data, window->length);
    if (count == 0) return window;
    if (count < window->length || !window->at_end) reader->garbage += count;
    alm_marc_source_use(reader->reading->source, count);
  }
}

static start_kind look_at_start(iso_reader *reader, const alm_window **window, alm_error *err) {
  if ((*window)->length < LEADER) return NOTHING;
  size_t said = said_length(*window);
  if (said) {
    *window = alm_marc_source_fill(reader->reading->source, said, err);
    if (!*window) return FAILED;
  }
  bool there = said && (*window)->length >= said;
  if (there && alm_iso2709_strict(&reader->iso, (*window)->data, said)) return CLEAN;
  bool framed = there && (*window)->data[said - 1] == ISO_END;
  return framed || could_be_leader(*window) ? DAMAGED : NOTHING;
}

/* END: what is here is no record and was passed. */
static alm_marc_result take(iso_reader *reader, start_kind kind, const alm_window *window,
                            alm_error *err) {
  size_t end = 0;
  begin_record(reader, window);
  if (kind == CLEAN && !reader->iso.escapes)
    reader->reading->text = reader->iso.high ? ALM_TEXT_HIGH : ALM_TEXT_ASCII;
  if (kind == CLEAN) return give(reader, reader->iso.length);
  window = find_landmark(reader->reading->source, &end, err);
  if (!window) return ALM_MARC_FAILED;
  if (kind == DAMAGED) end = choose_end(window, end);
  if (kind == NOTHING || end < LEADER) return pass(reader, end), ALM_MARC_END;
  alm_iso2709_lenient(&reader->iso, window->data, end);
  return give(reader, end);
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  iso_reader *reader = reading->state;
  for (;;) {
    const alm_window *window = pass_blanks(reader, err);
    if (!window) return ALM_MARC_FAILED;
    if (window->length == 0)
      return reader->garbage ? give_remains(reader, window) : ALM_MARC_END;
    start_kind kind = look_at_start(reader, &window, err);
    alm_marc_result result = kind == FAILED ? ALM_MARC_FAILED : take(reader, kind, window, err);
    if (result != ALM_MARC_END) return result;
  }
}

/* ---- the format ---- */

static size_t digits_in(const char *text, size_t length) {
  size_t count = 0;
  while (count < length && is_digit(text[count])) count++;
  return count;
}

/* A directory ends with a field's length and place, nine digits, before its
 * terminator. Binary files have the terminator's byte too, hardly the digits. */
static bool ends_directory(const char *head, size_t length) {
  enum { PLACE = 9 };
  const char *at = head, *end = head + length;
  for (; (at = memchr(at, ISO_FIELD, (size_t)(end - at))); at++)
    if (at - head >= PLACE && digits_in(at - PLACE, PLACE) == PLACE) return true;
  return false;
}

/* No other format has a field terminator. Without one it is a leader, perhaps
 * the piece of one, that no line end follows. */
static bool looks(const char *head, size_t length) {
  size_t piece = length < 5 ? length : 5;
  if (digits_in(head, piece) < piece) return ends_directory(head, length);
  return memchr(head, ISO_FIELD, length) || !memchr(head, '\n', length);
}

static bool open_reading(alm_marc_reading *reading, alm_error *err) {
  iso_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return alm_fail(err, ALM_LIMIT, "can't read ISO 2709: out of memory");
  reader->reading = reading;
  reader->iso.notes = reading->builder;
  reading->state = reader;
  return true;
}

static void close_reading(alm_marc_reading *reading) {
  iso_reader *reader = reading->state;
  free(reader->iso.fields);
  free(reader->iso.ends);
  free(reader->iso.copy);
  free(reader);
}

const alm_marc_format alm_marc_iso2709 = {
    .name = "iso2709", .looks = looks, .open = open_reading, .next = next,
    .close = close_reading, .write = alm_iso2709_write,
    .head = "", .between = "", .tail = "", .any_bytes = true,
};
