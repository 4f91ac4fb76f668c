/* ISO 2709: one record after the other, found again behind damage. */
#include <stdlib.h>
#include <string.h>

#include "marc_format.h"
#include "marc_iso2709_private.h"
#include "marc_private.h"
#include "../base/ascii.h"

enum { LEADER = ALM_MARC_LEADER, LEAST = LEADER + 1, DIGITS = 5, STEP = 64 << 10 };

typedef struct {
  alm_marc_reading *reading;
  alm_iso2709 iso;
  alm_marc record;
  size_t length;   /* of the record that was found, in the window */
  size_t garbage;  /* bytes that belong to no record, up to here */
  bool clean;      /* it was read the strict way */
  bool followed;   /* another record or the end comes right behind it */
  bool waiting;    /* it was found and not given yet */
  void *kept;      /* a record whose bytes had to be left */
} iso_reader;

/* ---- where a damaged record ends ---- */

static bool is_blank(char c) { return alm_ascii_is_white(c) || c == '\0' || c == 0x1a; }

static size_t blanks(const char *text, size_t length) {
  size_t count = 0;
  while (count < length && is_blank(text[count])) count++;
  return count;
}

static size_t said_length(const char *text, size_t left) {
  long length = left >= DIGITS ? alm_marc_iso2709_number(text, DIGITS) : -1;
  return length >= LEAST ? (size_t)length : 0;
}

/* The first record terminator (its end) that is not in a leader here, or another record in
 * what follows the first byte; the window's length when there is none. */
static size_t next_landmark(const alm_window *window, size_t from, bool *found) {
  const char *text = window->data, *end = text + window->length;
  size_t behind = alm_marc_iso2709_is_leader(text, window->length) && from < LEADER ? LEADER : from;
  const char *terminator = memchr(text + behind, ISO_END, window->length - behind);
  const char *start = alm_marc_iso2709_find_start(text, from, terminator ? terminator : end, end);
  *found = terminator || start;
  if (start) return (size_t)(start - text);
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
 * between them, or when a terminator is there and no record before it. */
static size_t choose_end(const alm_window *window, size_t landmark) {
  const char *text = window->data, *end = text + window->length;
  size_t said = said_length(text, window->length);
  if (said == 0 || said > window->length || said == landmark) return landmark;
  if (said < landmark) {
    bool apart = blanks(text + said, landmark - said) == landmark - said;
    return apart ? said : landmark;
  }
  if (text[said - 1] != ISO_END || text[landmark - 1] != ISO_END) return landmark;
  return alm_marc_iso2709_find_start(text, landmark, text + said, end) ? landmark : said;
}

/* Where directory and terminator agree, nothing is searched for within. */
static const alm_window *find_end(alm_marc_source *source, size_t *end, alm_error *err) {
  const alm_window *window = alm_marc_source_fill(source, ISO_LONGEST, err);
  if (!window) return NULL;
  *end = alm_marc_iso2709_directory_says(window->data, window->length);
  if (*end) return window;
  window = find_landmark(source, end, err);
  if (window) *end = choose_end(window, *end);
  return window;
}

/* ---- where a record begins ---- */

static bool is_framed(const alm_window *window, size_t at) {
  size_t said = said_length(window->data + at, window->length - at);
  return said && at + said <= window->length && window->data[at + said - 1] == ISO_END;
}

/* A few bytes and then a record that is framed are not a leader with more bytes. */
static bool comes_later(const alm_window *window) {
  size_t length = alm_marc_iso2709_leader_length(window->data, window->length);
  return length > LEADER && is_framed(window, length - LEADER) &&
         alm_marc_iso2709_is_leader(window->data + length - LEADER, LEADER);
}

static bool could_begin(const alm_window *window) {
  if (is_framed(window, 0)) return true;
  return (alm_marc_iso2709_is_leader(window->data, window->length) ||
          alm_marc_iso2709_begins(window->data, window->length)) && !comes_later(window);
}

/* A leader's length may be blanks. */
static bool are_of_leader(const alm_window *window, size_t count) {
  return alm_marc_iso2709_is_leader(window->data, window->length) &&
         !alm_marc_iso2709_is_leader(window->data + count, window->length - count);
}

static const alm_window *pass_blanks(iso_reader *reader, alm_error *err) {
  for (;;) {
    const alm_window *window = alm_marc_source_fill(reader->reading->source, 2 * LEADER, err);
    if (!window) return NULL;
    size_t count = blanks(window->data, window->length);
    if (count == 0 || are_of_leader(window, count)) return window;
    alm_marc_source_use(reader->reading->source, count);
  }
}

/* The window then holds the record's bytes, as its leader says, and those of the next one:
 * filling it again would move them. */
static const alm_window *fill_two(alm_marc_source *source, size_t length, alm_error *err) {
  const alm_window *window = alm_marc_source_fill(source, length + DIGITS, err);
  if (!window || window->length <= length) return window;
  size_t next = said_length(window->data + length, window->length - length);
  return next ? alm_marc_source_fill(source, length + next, err) : window;
}

static bool is_followed(const alm_window *window, size_t at) {
  at += blanks(window->data + at, window->length - at);
  return at == window->length ? window->at_end : is_framed(window, at);
}

/* ---- finding the next record ---- */

/* A record that was found, without fields, is none unless all in it is right. */
static bool set_found(iso_reader *reader, const alm_window *window, size_t length, bool clean) {
  if (!clean && reader->iso.count == 0) return false;
  reader->length = length;
  reader->clean = clean;
  reader->followed = is_followed(window, length);
  reader->waiting = true;
  if (reader->garbage)
    alm_marc_note(reader->iso.notes, ALM_MARC_GARBAGE, 0, "%zu byte%s before the record belong to none",
                  reader->garbage, reader->garbage == 1 ? "" : "s");
  reader->garbage = 0;
  return true;
}

static void pass(iso_reader *reader, size_t count) {
  reader->garbage += count;
  alm_marc_source_use(reader->reading->source, count);
}

static alm_marc_result find_damaged(iso_reader *reader, alm_error *err) {
  alm_marc_source *source = reader->reading->source;
  size_t end = 0;
  const alm_window *window = alm_marc_source_fill(source, STEP, err);
  if (!window) return ALM_MARC_FAILED;
  bool begins = could_begin(window);
  window = begins ? find_end(source, &end, err) : find_landmark(source, &end, err);
  if (window && begins) window = fill_two(source, end, err);
  if (!window) return ALM_MARC_FAILED;
  if (begins && end >= LEADER) {
    alm_marc_iso2709_lenient(&reader->iso, window->data, end);
    if (set_found(reader, window, end, false)) return ALM_MARC_RECORD;
  }
  pass(reader, end);
  return ALM_MARC_END;
}

/* END: what is here is no record and was passed. */
static alm_marc_result find_here(iso_reader *reader, const alm_window *window, alm_error *err) {
  size_t said = said_length(window->data, window->length);
  alm_marc_clear(reader->iso.notes, reader->reading->number, window->offset);
  if (said) window = fill_two(reader->reading->source, said, err);
  if (!window) return ALM_MARC_FAILED;
  if (said && window->length >= said && alm_marc_iso2709_strict(&reader->iso, window->data, said))
    return set_found(reader, window, said, true) ? ALM_MARC_RECORD : ALM_MARC_END;
  return find_damaged(reader, err);
}

static alm_marc_result find_next(iso_reader *reader, alm_error *err) {
  for (;;) {
    const alm_window *window = pass_blanks(reader, err);
    if (!window) return ALM_MARC_FAILED;
    if (window->length == 0) return ALM_MARC_END;
    alm_marc_result result = find_here(reader, window, err);
    if (result != ALM_MARC_END) return result;
  }
}

/* ---- giving it ---- */

static void set_record(iso_reader *reader) {
  const alm_iso2709 *iso = &reader->iso;
  reader->record = *alm_marc_built(iso->notes);
  reader->record.leader = reader->clean ? iso->bytes : iso->leader;
  reader->record.bytes = iso->bytes;
  reader->record.length = reader->clean ? iso->length : iso->copied;
  reader->record.fields = iso->fields;
  reader->record.field_count = iso->count;
  reader->record.number = reader->reading->number;
}

static alm_marc_result give(iso_reader *reader, const alm_marc *record) {
  reader->reading->record = record;
  return ALM_MARC_RECORD;
}

/* What stands behind the last record is a problem of that record. */
static void note_rest(iso_reader *reader, alm_marc *record, size_t length) {
  alm_marc_builder *notes = reader->iso.notes;
  alm_marc_copy_head(notes, record);
  alm_marc_note(notes, ALM_MARC_GARBAGE, length, "the %zu byte%s behind the last record belong to none",
                reader->garbage, reader->garbage == 1 ? "" : "s");
  const alm_marc *noted = alm_marc_built(notes);
  record->problems = noted->problems;
  record->problem_count = noted->problem_count;
  reader->garbage = 0;
}

/* Looks what comes behind it first, with the record in memory of its own. */
static alm_marc_result give_kept(iso_reader *reader, alm_error *err) {
  size_t length = reader->length;
  void *block = realloc(reader->kept, alm_marc_packed_size(&reader->record));
  if (!block) return alm_fail(err, ALM_LIMIT, "can't read ISO 2709: out of memory"), ALM_MARC_FAILED;
  reader->kept = block;
  alm_marc *record = alm_marc_pack(&reader->record, block);
  alm_marc_source_use(reader->reading->source, length);
  alm_error later;
  alm_marc_result result = find_next(reader, &later);
  if (result == ALM_MARC_END && reader->garbage) note_rest(reader, record, length);
  return give(reader, record);
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  iso_reader *reader = reading->state;
  alm_marc_result result = reader->waiting ? ALM_MARC_RECORD : find_next(reader, err);
  if (result != ALM_MARC_RECORD) return result;
  reader->waiting = false;
  set_record(reader);
  if (!reader->followed) return give_kept(reader, err);
  if (reader->clean && !reader->iso.escapes)
    reading->text = reader->iso.high ? ALM_TEXT_HIGH : ALM_TEXT_ASCII;
  alm_marc_source_use(reading->source, reader->length);
  return give(reader, &reader->record);
}

/* ---- the format ---- */

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
  free(reader->kept);
  free(reader);
}

const alm_marc_format alm_marc_iso2709 = {
    .name = "iso2709", .looks = alm_marc_iso2709_looks, .open = open_reading, .next = next,
    .close = close_reading, .write = alm_marc_iso2709_write,
    .head = "", .between = "", .tail = "", .any_bytes = true,
};
