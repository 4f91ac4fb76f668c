/* yaz-marcdump's lines: the leader, then a line for each field
 * ("245 10 $a Title $c Name"), then an empty line. Long lines that go on after
 * four blanks are read too, and fields without blanks around subfields. */
#include <string.h>

#include "marc_lines.h"
#include "marc_private.h"
#include "../base/text.h"
#include "../base/ascii.h"

enum { TAG = 3, CONTENT = 4, INDICATORS = 2, LENGTH_DIGITS = 5 };

/* ---- what a line is ---- */

static bool all_digits(const char *text, size_t length) {
  while (length > 0 && alm_ascii_is_digit(text[length - 1])) length--;
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

/* A longer tag begins with a letter, and indicators and a subfield follow. */
static size_t tag_length(const alm_line *line) {
  size_t length = alm_line_long_tag(line->text, line->length);
  bool fits = length && line->length > length + INDICATORS + 3 &&
              memcmp(line->text + length + INDICATORS + 1, " $", 2) == 0;
  return fits ? length : TAG;
}

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/* Words of a text are no tags. */
static bool is_field(const alm_line *line) {
  const char *tag = line->text;
  if (line->length >= TAG && tag_length(line) > TAG) return true;
  if (line->length < TAG || (line->length > TAG && tag[TAG] != ' ') || memchr(tag, ' ', TAG)) return false;
  return alm_ascii_is_digit(tag[0]) + alm_ascii_is_digit(tag[1]) + alm_ascii_is_digit(tag[2]) > 0 ||
         (is_upper(tag[0]) && is_upper(tag[1]) && is_upper(tag[2]));
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
  if (!as.spaced) return *code == 1 && (alm_ascii_is_digit(*at) || (*at | 0x20) >= 'a') && *at != as.marker;
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

/* A marker right where a text begins, and with none of its own, is that text: 066 names
 * the set of Chinese as " $c $1". An empty subfield has two blanks behind its code. */
static bool is_text(const char *at, const char *next, const char *end) {
  const char *behind = next + 1 + alm_text_character(next + 1, (size_t)(end - next - 1));
  bool here = next == at + 2 + alm_text_character(at + 1, (size_t)(end - at - 1));
  return here && (behind == end || (end - behind > 1 && behind[0] == ' ' && behind[1] == *at));
}

static const char *next_subfield(const char *at, const char *end, style as) {
  const char *next = next_marker(at + 1, end, as);
  return as.spaced && next < end && is_text(at, next, end) ? next_marker(next + 1, end, as) : next;
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
    const char *next = next_subfield(at, end, as);
    add_subfield(lines, at, next, end, as);
    at = next;
  }
}

/* ---- fields ---- */

/* Where the first subfield's marker is; NULL when none stands behind the indicators. */
static const char *find_marker(const char *content, const char *end, style *as) {
  if (end - content < INDICATORS + 2) return NULL;
  const char *at = content + INDICATORS;
  if (*at == ' ') at++;
  at += alm_marc_marks(at, (size_t)(end - at));
  if (at < end && *at == ' ') at++;
  if (end - at < 2 || !memchr("$_*", *at, 3)) return NULL;
  as->marker = *at;
  size_t code = alm_text_character(at + 1, (size_t)(end - at - 1));
  as->spaced = at + 1 + code >= end || at[1 + code] == ' ';
  return at;
}

/* A leader, or a field with subfields or of a control field's tag. */
static bool begins(const alm_line *line) {
  style as;
  const char *end = line->text + line->length;
  if (line->length == ALM_MARC_LEADER && is_leader(line, true) && memcmp(line->text + 20, "450", 3) == 0)
    return true;
  return is_field(line) && all_digits(line->text, TAG) && line->length > CONTENT &&
         (find_marker(line->text + CONTENT, end, &as) || memcmp(line->text, "001 ", CONTENT) == 0);
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

/* Text that stands where the first subfield should be. */
static void add_front(alm_lines *lines, const char *tag, const char *content, const char *end, bool subfields) {
  alm_marc_front front;
  bool apart = end - content > INDICATORS && content[INDICATORS] == ' ';  /* as indicators stand */
  alm_marc_read_front(content, apart ? INDICATORS : (size_t)(end - content), subfields, &front);
  if (apart && !front.text.length)
    front.text = (alm_slice){content + INDICATORS, (size_t)(end - content - INDICATORS)};
  else if (apart)
    alm_marc_read_front(content, (size_t)(end - content), subfields, &front);
  alm_slice text = front.text;
  if (text.length && text.text > content && *text.text == ' ') text = (alm_slice){text.text + 1, text.length - 1};
  if (subfields && text.length && text.text[text.length - 1] == ' ') text.length--;
  char first = indicator(lines, &front.indicators[0], &front.indicators[1]);
  alm_marc_open_data(lines->reading->builder, tag, first, indicator(lines, &front.indicators[1], &front.indicators[2]));
  if (!text.length) return;
  ALM_LINE_NOTE(lines, ALM_MARC_SUBFIELD, "field %s: text without a delimiter, taken for $a", tag);
  alm_marc_open_subfield(lines->reading->builder, "a", 1);
  alm_marc_add_text(lines->reading->builder, text.text, text.length);
}

/* A tag of letters has a control field when nothing in it looks like a subfield. */
static void add_plain(alm_lines *lines, const char *tag, const char *content, const char *end) {
  style as = {.marker = '$', .spaced = true};
  const char *marker = content < end && !is_control_tag(tag) ? next_marker(content + 1, end, as) : end;
  if (is_control_tag(tag) || (marker == end && !all_digits(tag, TAG))) {
    if (alm_marc_open_control(lines->reading->builder, tag))
      alm_marc_add_text(lines->reading->builder, content, (size_t)(end - content));
    return;
  }
  add_front(lines, tag, content, marker, marker < end);
  add_subfields(lines, marker, end, as);
}

static void add_field(alm_lines *lines) {
  const alm_line *line = &lines->line;
  const char *end = line->text + line->length;
  size_t length = tag_length(line);
  const char *content = line->length > length + 1 ? line->text + length + 1 : end;
  char tag[ALM_MARC_TAG_ROOM];
  style as = {.marker = '$'};
  alm_line_tag(lines, line->text, length, tag);
  const char *marker = is_control_tag(tag) ? NULL : find_marker(content, end, &as);
  if (!marker) {
    add_plain(lines, tag, content, end);
    return;
  }
  add_data(lines, tag, content, end);
  if (marker > content + INDICATORS + 1)
    ALM_LINE_NOTE(lines, ALM_MARC_INDICATOR, "field %s: invisible marks beside the indicators, left out", tag);
  add_subfields(lines, marker, end, as);
}

static void add_leader(alm_lines *lines) {
  char leader[ALM_MARC_LEADER] = "     ";
  memcpy(leader + blanks_missing(&lines->line), lines->line.text, lines->line.length);
  alm_marc_set_leader(lines->reading->builder, leader, sizeof leader);
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  static const alm_line_grammar grammar = {
      .ends = ends, .is_leader = is_leader, .is_field = is_field, .begins = begins, .is_remark = is_remark,
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
  return alm_line_put(field->tag, strlen(field->tag), out) && ALM_BUF_PUT(out, " ") &&
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

/* Of one that text stands before, the entry map too is looked at. */
static bool looks(const char *head, size_t length) {
  const char *end = memchr(head, '\n', length);
  alm_line line = {.text = head, .length = end ? (size_t)(end - head) : length};
  if (line.length > 0 && head[line.length - 1] == '\r') line.length--;
  return (end && is_leader(&line, false)) || alm_lines_look(head, length, begins);
}

const alm_marc_format alm_marc_line = {
    .name = "line",
    .looks = looks,
    .open = alm_lines_open,
    .next = next,
    .close = alm_lines_close,
    .write = write_record,
    .room = ALM_ROOM_TAGS,
    .head = "",
    .between = "",
    .tail = "",
    .any_bytes = true,
};
