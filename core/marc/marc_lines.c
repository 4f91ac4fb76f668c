/* Lines in the source's window, and the records that they make. */
#include "marc_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "marc_private.h"
#include "../base/text.h"

enum { WANT = 4 << 10, MOST = ALM_MARC_MAXIMUM, SHOWN = 40 };

/* ---- lines ---- */

/* The next line, which stays the next until take_line. One longer than a
 * record can be comes in pieces. */
static alm_marc_result peek(alm_lines *lines, alm_line *line, alm_error *err) {
  const alm_window *window;
  const char *end;
  for (size_t want = WANT;; want = 2 * window->length) {
    window = alm_marc_source_fill(lines->reading->source, want, err);
    if (!window) return ALM_MARC_FAILED;
    end = window->length ? memchr(window->data, '\n', window->length) : NULL;
    if (end || window->at_end || window->length >= MOST) break;
  }
  if (window->length == 0) return ALM_MARC_END;
  size_t length = end ? (size_t)(end - window->data) : window->length;
  if (length > MOST) {
    length = MOST;
    end = NULL;
  }
  line->text = window->data;
  line->whole = length + (end != NULL);
  line->length = length - (length > 0 && line->text[length - 1] == '\r');
  line->offset = window->offset;
  return ALM_MARC_RECORD;
}

static void take_line(alm_lines *lines, const alm_line *line) {
  alm_marc_source_use(lines->reading->source, line->whole);
}

bool alm_line_is_blank(const alm_line *line) {
  for (size_t i = 0; i < line->length; i++)
    if (line->text[i] != ' ' && line->text[i] != '\t') return false;
  return true;
}

/* In memory of its own; the first line always finds room. */
static void join(alm_lines *lines, const alm_line *line, size_t skip) {
  alm_buf *joined = &lines->joined;
  bool room = (joined->length == 0 || ALM_BUF_PUT(joined, " ")) &&
              alm_buf_add(joined, line->text + skip, line->length - skip);
  if (!room) ALM_LINE_NOTE(lines, ALM_MARC_TOO_LONG, "the field's lines are longer than a record");
}

/* The line with those that continue it. */
static bool take_joined(alm_lines *lines, const alm_line_grammar *grammar, alm_error *err) {
  alm_line next = lines->line;
  alm_marc_result result = ALM_MARC_RECORD;
  size_t skip = 0;
  alm_buf_clear(&lines->joined);
  do {
    join(lines, &next, skip);
    take_line(lines, &next);
    result = peek(lines, &next, err);
  } while (result == ALM_MARC_RECORD && grammar->continues(&next, &skip));
  lines->line.text = alm_buf_text(&lines->joined);
  lines->line.length = lines->joined.length;
  if (lines->line.length == 0) return alm_fail(err, ALM_LIMIT, "out of memory");
  return result != ALM_MARC_FAILED;
}

/* ---- records ---- */

static void note_garbage(alm_lines *lines, const alm_line *line) {
  ALM_LINE_NOTE(lines, ALM_MARC_GARBAGE, "a line that is no field: %.*s",
                (int)(line->length < SHOWN ? line->length : SHOWN), line->text);
}

static void start(alm_lines *lines, const alm_line *line) {
  if (!lines->started) {
    lines->offset = line->offset;
    alm_marc_clear(lines->reading->builder, lines->reading->number, line->offset);
  }
  lines->started = true;
}

static bool take_field(alm_lines *lines, const alm_line_grammar *grammar, alm_error *err) {
  if (!lines->begun) ALM_LINE_NOTE(lines, ALM_MARC_LEADER_WRONG, "the record has no leader");
  lines->begun = true;
  if (!take_joined(lines, grammar, err)) return false;
  grammar->add_field(lines);
  return true;
}

static bool take(alm_lines *lines, const alm_line_grammar *grammar, alm_error *err) {
  alm_line *line = &lines->line;
  start(lines, line);
  if (grammar->is_leader(line, lines->begun)) {
    grammar->add_leader(lines);
    lines->begun = true;
  } else if (lines->begun ? grammar->is_field(line) : grammar->begins(line)) {
    return take_field(lines, grammar, err);
  } else if (!grammar->is_remark(line)) {
    note_garbage(lines, line);
  }
  take_line(lines, line);
  return true;
}

/* The line is not this record's. Lines that are no field don't end one that has not begun. */
static bool is_over(const alm_lines *lines, const alm_line_grammar *grammar) {
  const alm_line *line = &lines->line;
  return lines->begun && (grammar->ends(line) || grammar->is_leader(line, true));
}

/* A leader without a field is no record. */
static bool forget(alm_lines *lines) {
  if (alm_marc_built(lines->reading->builder)->field_count) return false;
  ALM_LINE_NOTE(lines, ALM_MARC_GARBAGE, "a leader without a field before this");
  lines->begun = false;
  return true;
}

static bool is_last(alm_lines *lines, alm_error *err) {
  const alm_window *window = alm_marc_source_fill(lines->reading->source, lines->line.whole + 1, err);
  if (!window) return false;
  lines->line.text = window->data;
  return window->length <= lines->line.whole;
}

/* Lines behind a record that are neither leader nor field are a problem of that record. */
static void pass_rest(alm_lines *lines, const alm_line_grammar *grammar, alm_error *err) {
  while (peek(lines, &lines->line, err) == ALM_MARC_RECORD) {
    const alm_line *line = &lines->line;
    bool blank = grammar->ends(line) || alm_line_is_blank(line) || grammar->is_remark(line);
    if (!blank && grammar->begins(line) && !(grammar->is_leader(line, true) && is_last(lines, err))) return;
    if (!blank) note_garbage(lines, line);
    take_line(lines, line);
  }
}

alm_marc_result alm_lines_next(alm_marc_reading *reading, const alm_line_grammar *grammar,
                               alm_error *err) {
  alm_lines *lines = reading->state;
  alm_marc_result result;
  lines->begun = lines->started = false;
  while ((result = peek(lines, &lines->line, err)) == ALM_MARC_RECORD) {
    if (is_over(lines, grammar) && !forget(lines)) break;
    if (grammar->ends(&lines->line)) take_line(lines, &lines->line);
    else if (!take(lines, grammar, err)) return ALM_MARC_FAILED;
  }
  if (result == ALM_MARC_FAILED || !lines->begun || forget(lines)) return result;
  pass_rest(lines, grammar, err);
  reading->record = alm_marc_built(reading->builder);
  return ALM_MARC_RECORD;
}

bool alm_lines_open(alm_marc_reading *reading, alm_error *err) {
  alm_lines *lines = calloc(1, sizeof *lines);
  reading->state = lines;
  if (!lines) return alm_fail(err, ALM_LIMIT, "out of memory");
  lines->reading = reading;
  alm_buf_init(&lines->joined, MOST);
  alm_buf_init(&lines->text, 4 * ALM_MARC_MAXIMUM);
  return true;
}

void alm_lines_close(alm_marc_reading *reading) {
  alm_lines *lines = reading->state;
  alm_buf_free(&lines->joined);
  alm_buf_free(&lines->text);
  free(lines);
  reading->state = NULL;
}

/* ---- parts of fields ---- */

size_t alm_line_long_tag(const char *text, size_t length) {
  size_t at = 0;
  while (at < length && isalnum((unsigned char)text[at])) at++;
  bool fits = at > 3 && at <= ALM_MARC_TAG_LONGEST && at < length && text[at] == ' ';
  return fits && isalpha((unsigned char)*text) ? at : 0;
}

void alm_line_tag(alm_lines *lines, const char *text, size_t length, char tag[ALM_MARC_TAG_ROOM]) {
  if (!alm_marc_repair_tag((alm_slice){text, length}, tag))
    ALM_LINE_NOTE(lines, ALM_MARC_TAG, "the tag \"%s\" is not three letters or digits", tag);
}

const char *alm_line_open_subfield(alm_lines *lines, const char *at, const char *end) {
  size_t length = at < end ? alm_text_character(at, (size_t)(end - at)) : 0;
  if (length == 0) length = at < end;
  alm_slice code = {at, length};
  if (!alm_marc_repair_code(&code))
    ALM_LINE_NOTE(lines, ALM_MARC_SUBFIELD, "a subfield's code is not one character");
  alm_marc_open_subfield(lines->reading->builder, code.text, code.length);
  return at + length;
}

/* ---- writing ---- */

static size_t to_line_end(const char *text, size_t length) {
  size_t at = 0;
  while (at < length && text[at] != '\n' && text[at] != '\r') at++;
  return at;
}

bool alm_line_put(const char *text, size_t length, alm_buf *out) {
  for (;;) {
    size_t run = to_line_end(text, length);
    if (!alm_buf_add(out, text, run)) return false;
    if (run == length) return true;
    if (!ALM_BUF_PUT(out, " ")) return false;
    text += run + 1;
    length -= run + 1;
  }
}

/* ---- recognising ---- */

bool alm_lines_look(const char *head, size_t length, bool (*begins)(const alm_line *line)) {
  const char *end = head + length, *next;
  for (const char *at = head; at < end; at = next) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    next = stop ? stop + 1 : end;
    alm_line line = {.text = at, .length = (size_t)((stop ? stop : end) - at)};
    if (line.length > 0 && at[line.length - 1] == '\r') line.length--;
    if (line.length > 0 && begins(&line)) return true;
  }
  return false;
}
