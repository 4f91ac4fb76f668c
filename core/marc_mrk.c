/* MarcEdit's mnemonic format (.mrk): "=245  10$aTitle$cName", an empty line
 * behind each record. A blank in an indicator, the leader or a control field
 * is '\'; what has a meaning has a mnemonic in text. */
#include <stdlib.h>
#include <string.h>

#include "marc_lines.h"
#include "marc_mnemonic.h"
#include "marc_repair.h"
#include "text.h"

enum { TAG_END = 4, GAP = 2, INDICATORS = 2 };

typedef struct {
  alm_marc_builder *builder;
  uint64_t offset;      /* of the record */
  bool has_leader, has_field, noted;
  alm_buf text;         /* decoded */
} reading_mrk;

#define NOTE(r, line, kind, ...) \
  ((r)->noted = true, \
   alm_marc_note((r)->builder, kind, (size_t)((line)->offset - (r)->offset), __VA_ARGS__))

/* ---- texts ---- */

static alm_slice decoded(reading_mrk *r, const alm_line *line, alm_slice text) {
  if (!text.length || !memchr(text.text, '{', text.length)) return text;
  alm_buf_clear(&r->text);
  size_t unknown = alm_mnemonic_decode(text.text, text.length, &r->text);
  if (unknown > 0)
    NOTE(r, line, ALM_MARC_ESCAPE, "%zu mnemonics are not known: %.*s", unknown,
         (int)(text.length < 60 ? text.length : 60), text.text);
  return (alm_slice){alm_buf_text(&r->text), r->text.length};
}

static void add_text(reading_mrk *r, const alm_line *line, const char *text, const char *end) {
  alm_slice is = decoded(r, line, (alm_slice){text, (size_t)(end - text)});
  alm_marc_add_text(r->builder, is.text, is.length);
}

/* '\' for blanks; they are changed before mnemonics are, since {bsol} is one. */
static alm_slice with_blanks(alm_slice text, alm_buf *out) {
  alm_buf_clear(out);
  alm_buf_add(out, text.text, text.length);
  for (size_t i = 0; i < out->length; i++)
    if (out->data[i] == '\\') out->data[i] = ' ';
  return (alm_slice){alm_buf_text(out), out->length};
}

/* ---- fields ---- */

static void add_coded(reading_mrk *r, const alm_line *line, alm_slice text, bool leader) {
  alm_buf blanks;
  alm_buf_init(&blanks, text.length + 1);
  alm_slice is = decoded(r, line, with_blanks(text, &blanks));
  if (leader) alm_marc_set_leader(r->builder, is.text, is.length);
  else alm_marc_add_text(r->builder, is.text, is.length);
  alm_buf_free(&blanks);
}

/* An indicator is a character or, where that has a meaning, its mnemonic. */
static char take_indicator(reading_mrk *r, const alm_line *line, const char **at, const char *end) {
  size_t length = *at < end && **at != '$';
  const char *close = length && **at == '{' ? memchr(*at, '}', (size_t)(end - *at)) : NULL;
  if (close) length = (size_t)(close - *at) + 1;
  alm_slice text = {*at, length};
  *at += length;
  if (length == 0 || text.text[0] == '\\') return ' ';
  char c;
  if (!alm_marc_repair_indicator(decoded(r, line, text), &c))
    NOTE(r, line, ALM_MARC_INDICATOR, "an indicator is no character of ASCII");
  return c;
}

/* `at` is behind the '$'. */
static void add_subfield(reading_mrk *r, const alm_line *line, const char *at, const char *end) {
  size_t length = at < end ? alm_text_character(at, (size_t)(end - at)) : 0;
  if (length == 0) length = at < end;
  alm_slice code = {at, length};
  if (!alm_marc_repair_code(&code))
    NOTE(r, line, ALM_MARC_SUBFIELD, "a subfield's code is not one character");
  if (alm_marc_open_subfield(r->builder, code.text, code.length))
    add_text(r, line, at + length, end);
}

static void add_data(reading_mrk *r, const alm_line *line, const char *tag, const char *at,
                     const char *end) {
  char first = take_indicator(r, line, &at, end), second = take_indicator(r, line, &at, end);
  if (!alm_marc_open_data(r->builder, tag, first, second)) return;
  if (at < end && *at != '$')
    NOTE(r, line, ALM_MARC_SUBFIELD, "field %s has text before its first subfield", tag);
  while (at < end && (at = memchr(at, '$', (size_t)(end - at)))) {
    const char *from = at + 1 < end ? at + 2 : end;
    const char *next = from < end ? memchr(from, '$', (size_t)(end - from)) : NULL;
    add_subfield(r, line, at + 1, next ? next : end);
    at = next ? next : end;
  }
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* By its number; a tag of letters ("FMT") is what its content looks like. */
static bool is_control(const char *tag, const char *at, const char *end) {
  if (tag[0] == '0' && tag[1] == '0') return true;
  bool number = is_digit(tag[0]) && is_digit(tag[1]) && is_digit(tag[2]);
  return !number && !memchr(at, '$', (size_t)(end - at));
}

static void add_field(reading_mrk *r, const alm_line *line, const char *at, const char *end) {
  char tag[4];
  if (!alm_marc_repair_tag((alm_slice){line->text + 1, 3}, tag))
    NOTE(r, line, ALM_MARC_TAG, "the tag \"%s\" is not three letters or digits", tag);
  r->has_field = true;
  if (!is_control(tag, at, end)) add_data(r, line, tag, at, end);
  else if (alm_marc_open_control(r->builder, tag))
    add_coded(r, line, (alm_slice){at, (size_t)(end - at)}, false);
}

/* ---- lines ---- */

static bool is_leader(const alm_line *line) {
  return line->length >= TAG_END &&
         (memcmp(line->text, "=LDR", TAG_END) == 0 || memcmp(line->text, "=000", TAG_END) == 0);
}

static bool begun(const reading_mrk *r) { return r->has_leader || r->has_field; }

static void take_tagged(reading_mrk *r, const alm_line *line) {
  const char *at = line->text + TAG_END, *end = line->text + line->length;
  for (int i = 0; i < GAP && at < end && *at == ' '; i++) at++;
  if (is_leader(line)) {
    add_coded(r, line, (alm_slice){at, (size_t)(end - at)}, true);
    r->has_leader = true;
    return;
  }
  if (!begun(r)) NOTE(r, line, ALM_MARC_LEADER_WRONG, "the record has no leader");
  add_field(r, line, at, end);
}

/* Takes a line; false when it belongs to the next record. */
static bool take(reading_mrk *r, const alm_line *line) {
  if (is_leader(line) && begun(r)) return false;
  if (line->text[0] == '=' && line->length >= TAG_END) take_tagged(r, line);
  else if (r->has_field) {
    alm_marc_add_text(r->builder, " ", 1);
    add_text(r, line, line->text, line->text + line->length);
  } else
    NOTE(r, line, ALM_MARC_GARBAGE, "a line that is no field: %.*s",
         (int)(line->length < 40 ? line->length : 40), line->text);
  return true;
}

/* ---- records ---- */

static void begin(reading_mrk *r, alm_marc_reading *reading, uint64_t offset) {
  r->builder = reading->builder;
  r->offset = offset;
  alm_marc_clear(r->builder, reading->number, offset);
}

static alm_marc_result read_record(reading_mrk *r, alm_marc_reading *reading, alm_error *err) {
  alm_line line;
  alm_marc_result result;
  while ((result = alm_line_peek(reading->source, &line, err)) == ALM_MARC_RECORD) {
    bool blank = alm_line_is_blank(&line);
    if (!blank && !r->builder) begin(r, reading, line.offset);
    if (blank ? r->builder != NULL : !take(r, &line)) break;
    alm_line_done(reading->source, &line);
  }
  if (result == ALM_MARC_FAILED || !r->builder) return result;
  reading->record = alm_marc_built(reading->builder);
  return ALM_MARC_RECORD;
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  reading_mrk r = {.builder = NULL};
  alm_buf_init(&r.text, 4 * ALM_MARC_MAXIMUM);
  alm_marc_result result = read_record(&r, reading, err);
  alm_buf_free(&r.text);
  return result;
}

static bool looks(const char *head, size_t length) {
  return length >= TAG_END + GAP && head[0] == '=' && (head[TAG_END] == ' ' || is_digit(head[1]));
}

/* ---- writing ---- */

static bool put_coded(const char *text, size_t length, alm_buf *out) {
  bool done = true;
  for (size_t i = 0; done && i < length; i++)
    done = text[i] == ' ' ? ALM_BUF_PUT(out, "\\") : alm_mnemonic_encode(text + i, 1, out);
  return done;
}

static bool put_data(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  char indicators[] = {alm_marc_indicator(record, field, 1), alm_marc_indicator(record, field, 2)};
  alm_subfield subfield = {.next = NULL};
  bool done = put_coded(indicators, INDICATORS, out);
  while (done && alm_marc_next_subfield(record, field, &subfield))
    done = ALM_BUF_PUT(out, "$") && alm_line_put(subfield.code.text, subfield.code.length, out) &&
           alm_mnemonic_encode(subfield.value.text, subfield.value.length, out);
  return done;
}

static bool put_field(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  alm_slice content = alm_marc_content(record, field);
  return ALM_BUF_PUT(out, "=") && alm_line_put(field->tag, 3, out) && ALM_BUF_PUT(out, "  ") &&
         (field->control ? put_coded(content.text, content.length, out)
                         : put_data(record, field, out)) &&
         ALM_BUF_PUT(out, "\n");
}

static bool write_record(const alm_marc *record, alm_buf *out, alm_error *err) {
  bool done = ALM_BUF_PUT(out, "=LDR  ") && put_coded(record->leader, ALM_MARC_LEADER, out) &&
              ALM_BUF_PUT(out, "\n");
  for (size_t i = 0; done && i < record->field_count; i++)
    done = put_field(record, &record->fields[i], out);
  return (done && ALM_BUF_PUT(out, "\n")) ||
         alm_fail(err, ALM_LIMIT, "the record as .mrk passes %zu bytes", out->maximum);
}

const alm_marc_format alm_marc_mrk = {
    .name = "mrk",
    .looks = looks,
    .next = next,
    .write = write_record,
    .head = "",
    .between = "",
    .tail = "",
    .any_bytes = true,
};
