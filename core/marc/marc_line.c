/* yaz-marcdump's lines: the leader, then a line for each field
 * ("245 10 $a Title $c Name"), then an empty line. Long lines that go on after
 * four blanks are read too, and fields without blanks around subfields. */
#include <string.h>

#include "marc_lines.h"
#include "marc_private.h"
#include "../base/text.h"

enum { TAG = 3, CONTENT = 4, INDICATORS = 2, LENGTH_DIGITS = 5 };

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

static bool is_field(const alm_line *line) {
  return line->length >= TAG && !memchr(line->text, ' ', TAG) &&
         (line->length == TAG || line->text[TAG] == ' ');
}

/* yaz-marcdump's remarks on a record stand in brackets or in a comment of XML. */
static bool is_remark(const alm_line *line) {
  return line->text[0] == '(' || (line->length > 4 && memcmp(line->text, "<!--", 4) == 0);
}

static bool continues(const alm_line *line, size_t *skip) {
  *skip = CONTENT;
  return line->length > CONTENT && memcmp(line->text, "    ", CONTENT) == 0;
}

static bool ends(const alm_line *line) { return alm_line_is_blank(line) || line->text[0] == '$'; }

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

/* From the marker at `at` to the next one. */
static void add_subfield(alm_lines *lines, const char *at, const char *next, const char *end,
                         style as) {
  at = alm_line_open_subfield(lines, at + 1, end);
  if (as.spaced && at < next) at++;
  if (as.spaced && next < end && next > at) next--;
  if (at < next) alm_marc_add_text(lines->reading->builder, at, (size_t)(next - at));
}

static void add_subfields(alm_lines *lines, const char *at, const char *end, style as) {
  while (at < end) {
    const char *next = next_marker(at + 1, end, as);
    add_subfield(lines, at, next, end, as);
    at = next;
  }
}

/* ---- fields ---- */

/* Where the first subfield's marker is; NULL in a control field. */
static const char *find_marker(const char *content, const char *end, style *as) {
  if (end - content < INDICATORS + 2) return NULL;
  const char *at = content + INDICATORS;
  if (*at == ' ') at++;
  if (end - at < 2 || !memchr("$_*", *at, 3)) return NULL;
  as->marker = *at;
  size_t code = alm_text_character(at + 1, (size_t)(end - at - 1));
  as->spaced = at + 1 + code >= end || at[1 + code] == ' ';
  return at;
}

static bool is_control_tag(const char *tag) { return tag[0] == '0' && tag[1] == '0'; }

static char indicator(alm_lines *lines, const char *at, const char *end) {
  char c = ' ';
  if (at < end && !alm_marc_repair_indicator((alm_slice){at, 1}, &c))
    ALM_LINE_NOTE(lines, ALM_MARC_INDICATOR, "an indicator is no character of ASCII");
  return c;
}

static void add_data(alm_lines *lines, const char *tag, const char *content, const char *end) {
  char first = indicator(lines, content, end), second = indicator(lines, content + 1, end);
  alm_marc_open_data(lines->reading->builder, tag, first, second);
}

/* A data field without subfields is no control field when its tag is a number. */
static bool is_empty(const char *tag, const char *content, const char *end) {
  return end - content <= INDICATORS + 1 && all_digits(tag, TAG);
}

static void add_field(alm_lines *lines) {
  const alm_line *line = &lines->line;
  const char *end = line->text + line->length;
  const char *content = line->length > CONTENT ? line->text + CONTENT : end;
  char tag[4];
  style as = {.marker = '$'};
  alm_line_tag(lines, line->text, tag);
  const char *marker = is_control_tag(tag) ? NULL : find_marker(content, end, &as);
  if (marker || (!is_control_tag(tag) && is_empty(tag, content, end))) {
    add_data(lines, tag, content, end);
    if (marker) add_subfields(lines, marker, end, as);
  } else if (alm_marc_open_control(lines->reading->builder, tag)) {
    alm_marc_add_text(lines->reading->builder, content, (size_t)(end - content));
  }
}

static void add_leader(alm_lines *lines) {
  char leader[ALM_MARC_LEADER] = "     ";
  memcpy(leader + blanks_missing(&lines->line), lines->line.text, lines->line.length);
  alm_marc_set_leader(lines->reading->builder, leader, sizeof leader);
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  static const alm_line_grammar grammar = {
      .ends = ends, .is_leader = is_leader, .is_field = is_field, .is_remark = is_remark,
      .continues = continues, .add_leader = add_leader, .add_field = add_field};
  return alm_lines_next(reading, &grammar, err);
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
    .open = alm_lines_open,
    .next = next,
    .close = alm_lines_close,
    .write = write_record,
    .head = "",
    .between = "",
    .tail = "",
    .any_bytes = true,
};
