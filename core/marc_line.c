/* yaz-marcdump's lines: the leader, then a line for each field
 * ("245 10 $a Title $c Name"), then an empty line. Long lines that go on after
 * four blanks are read too, and fields without blanks around subfields. */
#include <string.h>

#include "marc_lines.h"
#include "marc_repair.h"
#include "text.h"

enum { TAG = 3, CONTENT = 4, INDICATORS = 2, LENGTH_DIGITS = 5 };

typedef struct {
  alm_marc_builder *builder;
  uint64_t offset;      /* of the record */
  bool has_leader, has_field, noted;
} reading_lines;

#define NOTE(r, line, kind, ...) \
  ((r)->noted = true, \
   alm_marc_note((r)->builder, kind, (size_t)((line)->offset - (r)->offset), __VA_ARGS__))

/* ---- what a line is ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool all_digits(const char *text, size_t length) {
  while (length > 0 && is_digit(text[length - 1])) length--;
  return length == 0;
}

/* A leader without lengths, from XML, has blanks for them; at the beginning of
 * a file they have been passed over. */
static size_t blanks_missing(const alm_line *line) {
  const size_t length = ALM_MARC_LEADER - LENGTH_DIGITS;
  bool fits = line->length == length && line->text[0] >= 'a' &&
              memcmp(line->text + length - 4, "450", 3) == 0;
  return fits ? LENGTH_DIGITS : 0;
}

static bool is_leader(const alm_line *line, bool begun) {
  if (!begun && blanks_missing(line)) return true;
  if (line->length != ALM_MARC_LEADER) return false;
  return all_digits(line->text, LENGTH_DIGITS) ||
         (!begun && memcmp(line->text, "     ", LENGTH_DIGITS) == 0);
}

static bool set_leader(alm_marc_builder *builder, const alm_line *line) {
  char leader[ALM_MARC_LEADER] = "     ";
  memcpy(leader + blanks_missing(line), line->text, line->length);
  return alm_marc_set_leader(builder, leader, sizeof leader);
}

static bool is_field(const alm_line *line) {
  return line->length >= TAG && !memchr(line->text, ' ', TAG) &&
         (line->length == TAG || line->text[TAG] == ' ');
}

/* yaz-marcdump's remarks on a record stand in brackets or in a comment of XML. */
static bool is_remark(const alm_line *line) {
  return line->text[0] == '(' || (line->length > 4 && memcmp(line->text, "<!--", 4) == 0);
}

static bool is_continued(const alm_line *line) {
  return line->length > CONTENT && memcmp(line->text, "    ", CONTENT) == 0;
}

/* ---- subfields ---- */

typedef struct {
  char marker;      /* mostly '$' */
  bool spaced;      /* with blanks around: " $a text" */
} style;

/* The code's character at `at`, and whether it begins a subfield there. */
static bool is_code(const char *at, const char *end, style as, size_t *code) {
  *code = at < end && *at != ' ' ? alm_text_character(at, (size_t)(end - at)) : 0;
  if (*code == 0) return false;
  if (!as.spaced) return *code == 1 && (is_digit(*at) || (*at | 0x20) >= 'a') && *at != as.marker;
  return at + *code == end || at[*code] == ' ';
}

/* The next marker with a code behind it; `end` when there is none. */
static const char *next_marker(const char *from, const char *end, style as) {
  const char *at = from;
  size_t code;
  while (at < end && (at = memchr(at, as.marker, (size_t)(end - at)))) {
    bool apart = !as.spaced || at[-1] == ' ';
    if (apart && is_code(at + 1, end, as, &code)) return at;
    at++;
  }
  return end;
}

/* `at` is behind a marker. */
static void add_subfield(alm_marc_builder *builder, const char *at, const char *next,
                         const char *end, style as) {
  size_t code = at < end ? alm_text_character(at, (size_t)(end - at)) : 0;
  if (code == 0) code = at < end;
  alm_slice text = {at, code};
  if (!alm_marc_repair_code(&text))
    alm_marc_note(builder, ALM_MARC_SUBFIELD, 0, "a subfield's code is not one character");
  if (!alm_marc_open_subfield(builder, text.text, text.length)) return;
  at += code;
  if (as.spaced && at < next) at++;
  if (as.spaced && next < end && next > at) next--;
  alm_marc_add_text(builder, at, (size_t)(next - at));
}

static void add_subfields(alm_marc_builder *builder, const char *at, const char *end, style as) {
  while (at < end) {
    const char *next = next_marker(at + 1, end, as);
    add_subfield(builder, at + 1, next, end, as);
    at = next;
  }
}

/* ---- fields ---- */

/* Where the first subfield's marker is; NULL in a control field. */
static const char *find_marker(const char *content, const char *end, style *as) {
  const char *at = content + INDICATORS;
  if (at < end && *at == ' ') at++;
  if (end - at < 2 || !memchr("$_*", *at, 3)) return NULL;
  as->marker = *at;
  size_t code = alm_text_character(at + 1, (size_t)(end - at - 1));
  as->spaced = at + 1 + code >= end || at[1 + code] == ' ';
  return at;
}

static bool is_control_tag(const char *tag) { return tag[0] == '0' && tag[1] == '0'; }

static char indicator(reading_lines *r, const alm_line *line, const char *at) {
  char c;
  if (!alm_marc_repair_indicator((alm_slice){at, 1}, &c))
    NOTE(r, line, ALM_MARC_INDICATOR, "an indicator is no character of ASCII");
  return c;
}

static void add_data(reading_lines *r, const alm_line *line, const char *tag, const char *marker,
                     style as) {
  const char *content = line->text + CONTENT, *end = line->text + line->length;
  char first = content < end ? indicator(r, line, content) : ' ';
  char second = content + 1 < end ? indicator(r, line, content + 1) : ' ';
  if (alm_marc_open_data(r->builder, tag, first, second) && marker)
    add_subfields(r->builder, marker, end, as);
}

static void add_field(reading_lines *r, const alm_line *line) {
  char tag[4];
  style as = {.marker = '$'};
  if (!alm_marc_repair_tag((alm_slice){line->text, TAG}, tag))
    NOTE(r, line, ALM_MARC_TAG, "the tag \"%s\" is not three letters or digits", tag);
  size_t skip = line->length > CONTENT ? CONTENT : line->length;
  const char *content = line->text + skip, *end = line->text + line->length;
  const char *marker = is_control_tag(tag) ? NULL : find_marker(content, end, &as);
  bool empty = end - content <= INDICATORS + 1 && all_digits(tag, TAG) && !is_control_tag(tag);
  if (marker || empty) add_data(r, line, tag, marker, as);
  else if (alm_marc_open_control(r->builder, tag))
    alm_marc_add_text(r->builder, content, (size_t)(end - content));
  r->has_field = true;
}

/* ---- records ---- */

static void begin(reading_lines *r, alm_marc_reading *reading, uint64_t offset) {
  *r = (reading_lines){.builder = reading->builder, .offset = offset};
  alm_marc_clear(r->builder, reading->number, offset);
}

static bool begun(const reading_lines *r) { return r->has_leader || r->has_field; }

/* Takes a line; false when it belongs to the next record. */
static bool take(reading_lines *r, const alm_line *line) {
  if (is_leader(line, begun(r))) {
    if (begun(r)) return false;
    r->has_leader = set_leader(r->builder, line);
  } else if (is_remark(line)) {
    return true;
  } else if (is_field(line)) {
    if (!begun(r)) NOTE(r, line, ALM_MARC_LEADER_WRONG, "the record has no leader");
    add_field(r, line);
  } else if (r->has_field && is_continued(line)) {
    alm_marc_add_text(r->builder, line->text + CONTENT - 1, line->length - CONTENT + 1);
  } else {
    NOTE(r, line, ALM_MARC_GARBAGE, "a line that is no field: %.*s",
         (int)(line->length < 40 ? line->length : 40), line->text);
  }
  return true;
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  alm_line line;
  alm_marc_result result;
  reading_lines r = {.builder = NULL};
  while ((result = alm_line_peek(reading->source, &line, err)) == ALM_MARC_RECORD) {
    bool ends = alm_line_is_blank(&line) || line.text[0] == '$';
    if (!ends && !r.builder) begin(&r, reading, line.offset);
    if (ends ? r.builder != NULL : !take(&r, &line)) break;
    alm_line_done(reading->source, &line);
  }
  if (result == ALM_MARC_FAILED || !r.builder || (!begun(&r) && !r.noted)) return result;
  reading->record = alm_marc_built(reading->builder);
  return ALM_MARC_RECORD;
}

/* ---- writing ---- */

static bool put_data(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  alm_subfield subfield = {.next = NULL};
  char indicators[] = {alm_marc_indicator(record, field, 1), alm_marc_indicator(record, field, 2)};
  bool done = alm_line_put(indicators, sizeof indicators, out);
  while (done && alm_marc_next_subfield(record, field, &subfield))
    done = ALM_BUF_PUT(out, " $") && alm_line_put(subfield.code.text, subfield.code.length, out) &&
           ALM_BUF_PUT(out, " ") && alm_line_put(subfield.value.text, subfield.value.length, out);
  return done;
}

static bool put_field(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  alm_slice content = alm_marc_content(record, field);
  return alm_line_put(field->tag, TAG, out) && ALM_BUF_PUT(out, " ") &&
         (field->control ? alm_line_put(content.text, content.length, out)
                         : put_data(record, field, out)) &&
         ALM_BUF_PUT(out, "\n");
}

static bool write_record(const alm_marc *record, alm_buf *out, alm_error *err) {
  bool done = alm_line_put(record->leader, ALM_MARC_LEADER, out) && ALM_BUF_PUT(out, "\n");
  for (size_t i = 0; done && i < record->field_count; i++)
    done = put_field(record, &record->fields[i], out);
  return (done && ALM_BUF_PUT(out, "\n")) ||
         alm_fail(err, ALM_LIMIT, "the record as lines passes %zu bytes", out->maximum);
}

/* A leader or a field on a line of its own. */
static bool looks(const char *head, size_t length) {
  const char *end = memchr(head, '\n', length);
  alm_line line = {.text = head, .length = end ? (size_t)(end - head) : length};
  if (line.length > 0 && head[line.length - 1] == '\r') line.length--;
  if (end && is_leader(&line, false)) return true;
  return line.length > CONTENT && is_field(&line) && all_digits(head, TAG);
}

const alm_marc_format alm_marc_line = {
    .name = "line",
    .looks = looks,
    .next = next,
    .write = write_record,
    .head = "",
    .between = "",
    .tail = "",
    .any_bytes = true,
};
