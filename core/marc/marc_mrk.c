/* MarcEdit's mnemonic format (.mrk): "=245  10$aTitle$cName", an empty line
 * behind each record. A blank in an indicator, the leader or a control field
 * is '\'; what has a meaning has a mnemonic in text. */
#include <string.h>

#include "marc_lines.h"
#include "marc_private.h"
#include "../base/text.h"
#include "../base/ascii.h"

enum { TAG_END = 4, GAP = 2, INDICATORS = 2, SHOWN = 60, MARK = 3 };

/* ---- texts ---- */

static alm_slice decoded(alm_lines *lines, const char *text, const char *end) {
  alm_slice whole = {text, (size_t)(end - text)};
  if (!whole.length || !memchr(text, '{', whole.length)) return whole;
  alm_buf_clear(&lines->text);
  size_t unknown = alm_marc_mnemonic_decode(text, whole.length, &lines->text);
  if (unknown > 0)
    ALM_LINE_NOTE(lines, ALM_MARC_ESCAPE, "%zu mnemonics are not known: %.*s", unknown,
                  (int)(whole.length < SHOWN ? whole.length : SHOWN), text);
  return (alm_slice){alm_buf_text(&lines->text), lines->text.length};
}

static void add_text(alm_lines *lines, const char *text, const char *end) {
  alm_slice is = decoded(lines, text, end);
  alm_marc_add_text(lines->reading->builder, is.text, is.length);
}

/* '\' for a blank; {bsol} comes to be one only afterwards. */
static alm_slice decoded_coded(alm_lines *lines, const char *text, const char *end) {
  char *own = lines->joined.data + (text - lines->joined.data);
  for (char *at = own; at < end; at++)
    if (*at == '\\') *at = ' ';
  return decoded(lines, own, end);
}

/* ---- fields ---- */

/* An indicator is a character or, where that has a meaning, its mnemonic. */
static char take_indicator(alm_lines *lines, const char **at, const char *end) {
  size_t length = *at < end && **at != '$' ? alm_text_character(*at, (size_t)(end - *at)) : 0;
  if (length == 0) length = *at < end && **at != '$';
  const char *close = length && **at == '{' ? memchr(*at, '}', (size_t)(end - *at)) : NULL;
  const char *from = *at;
  char c;
  *at = close ? close + 1 : from + length;
  if (length == 0 || *from == '\\') return ' ';
  if (!alm_marc_repair_indicator(decoded(lines, from, *at), &c))
    ALM_LINE_NOTE(lines, ALM_MARC_INDICATOR, "an indicator is no character of ASCII");
  return c;
}

static const char *find_marker(const char *at, const char *end) {
  const char *found = at < end ? memchr(at, '$', (size_t)(end - at)) : NULL;
  return found ? found : end;
}

static char plain_indicator(alm_lines *lines, const char *at) {
  char c;
  if (!alm_marc_repair_indicator((alm_slice){at, 1}, &c))
    ALM_LINE_NOTE(lines, ALM_MARC_INDICATOR, "an indicator is no character of ASCII");
  return c == '\\' ? ' ' : c;
}

/* What stands before the first subfield when it is not just two characters. */
static alm_slice take_front(alm_lines *lines, const char *tag, const char *at, const char *marker,
                            const char *end) {
  alm_marc_front front;
  alm_marc_read_front(at, (size_t)(marker - at), marker < end, &front);
  alm_marc_open_data(lines->reading->builder, tag, plain_indicator(lines, &front.indicators[0]),
                     plain_indicator(lines, &front.indicators[1]));
  if (front.text.length)
    ALM_LINE_NOTE(lines, ALM_MARC_SUBFIELD, "field %s: text without a delimiter, taken for $a", tag);
  else if (front.marks)
    ALM_LINE_NOTE(lines, ALM_MARC_INDICATOR, "field %s: invisible marks beside the indicators, left out", tag);
  else if (marker - at != INDICATORS)
    ALM_LINE_NOTE(lines, ALM_MARC_INDICATOR, "field %s: %zu instead of 2 indicators", tag, (size_t)(marker - at));
  return front.text;
}

/* MarcEdit writes marks before a delimiter so that text from the right shows well. */
static const char *without_marks(const char *text, const char *end) {
  while (end - text >= MARK && alm_marc_marks(end - MARK, MARK) == MARK) end -= MARK;
  return end;
}

static void add_subfields(alm_lines *lines, const char *tag, const char *at, const char *end) {
  bool marks = false;
  while (at < end) {
    const char *text = alm_line_open_subfield(lines, at + 1, end);
    at = find_marker(text, end);
    const char *last = at < end ? without_marks(text, at) : at;
    marks = marks || last < at;
    add_text(lines, text, last);
  }
  if (marks) ALM_LINE_NOTE(lines, ALM_MARC_CHARACTER, "field %s: invisible marks before a $, left out", tag);
}

static bool are_two(const char *at, const char *marker) {
  size_t length = (size_t)(marker - at), first = length ? alm_text_character(at, length) : 0;
  return first > 0 && first < length && alm_text_character(at + first, length - first) == length - first &&
         alm_marc_marks(at, length) == 0 && alm_marc_marks(at + first, length - first) == 0;
}

static void add_data(alm_lines *lines, const char *tag, const char *at, const char *end) {
  const char *marker = find_marker(at, end);
  bool named = marker - at > 1 && (at[0] == '{' || at[1] == '{');
  alm_slice text = {marker, 0};
  if (named || (marker < end && are_two(at, marker))) {
    char first = take_indicator(lines, &at, end), second = take_indicator(lines, &at, end);
    alm_marc_open_data(lines->reading->builder, tag, first, second);
    if (named && at < marker) text = (alm_slice){at, (size_t)(marker - at)};
  } else {
    text = take_front(lines, tag, at, marker, end);
  }
  if (text.length) {
    alm_marc_open_subfield(lines->reading->builder, "a", 1);
    add_text(lines, text.text, text.text + text.length);
  }
  add_subfields(lines, tag, marker, end);
}

/* By its number; a tag of letters ("FMT") is what its content looks like. */
static bool is_control(const char *tag, const char *at, const char *end) {
  if (tag[0] == '0' && tag[1] == '0') return true;
  bool number = alm_ascii_is_digit(tag[0]) && alm_ascii_is_digit(tag[1]) && alm_ascii_is_digit(tag[2]);
  return !number && !memchr(at, '$', (size_t)(end - at));
}

/* Behind a longer tag, which begins with a letter, are two blanks. */
static size_t tag_length(const alm_line *line) {
  size_t length = alm_line_long_tag(line->text + 1, line->length - 1), end = 1 + length;
  return length && line->length > end + GAP && line->text[end + 1] == ' ' ? length : TAG_END - 1;
}

/* Behind the tag and its two blanks. */
static const char *content_of(const alm_line *line) {
  const char *at = line->text + 1 + tag_length(line), *end = line->text + line->length;
  for (int i = 0; i < GAP && at < end && *at == ' '; i++) at++;
  return at;
}

static void add_field(alm_lines *lines) {
  const alm_line *line = &lines->line;
  const char *at = content_of(line), *end = line->text + line->length;
  char tag[ALM_MARC_TAG_ROOM];
  alm_line_tag(lines, line->text + 1, tag_length(line), tag);
  if (!is_control(tag, at, end)) {
    add_data(lines, tag, at, end);
  } else if (alm_marc_open_control(lines->reading->builder, tag)) {
    alm_slice text = decoded_coded(lines, at, end);
    alm_marc_add_text(lines->reading->builder, text.text, text.length);
  }
}

/* ---- lines ---- */

static bool is_leader(const alm_line *line, bool begun) {
  (void)begun;
  return line->length >= TAG_END &&
         (memcmp(line->text, "=LDR", TAG_END) == 0 || memcmp(line->text, "=000", TAG_END) == 0);
}

static bool is_field(const alm_line *line) {
  return line->length >= TAG_END && line->text[0] == '=' && line->text[1] != '=';
}

/* A leader, a control field, or a field with subfields. */
static bool begins(const alm_line *line) {
  char tag[ALM_MARC_TAG_ROOM];
  if (line->length < TAG_END + GAP || line->text[0] != '=' || line->text[TAG_END] != ' ') return false;
  if (is_leader(line, false) || memcmp(line->text + 1, "00", 2) == 0) return true;
  return alm_marc_repair_tag((alm_slice){line->text + 1, 3}, tag) && memchr(line->text, '$', line->length);
}

static bool is_remark(const alm_line *line) {
  (void)line;
  return false;
}

static bool continues(const alm_line *line, size_t *skip) {
  *skip = 0;
  return !alm_line_is_blank(line) && line->text[0] != '=';
}

static void add_leader(alm_lines *lines) {
  const alm_line *line = &lines->line;
  alm_buf_clear(&lines->joined);
  alm_buf_add(&lines->joined, line->text, line->length);
  alm_line own = {.text = alm_buf_text(&lines->joined), .length = lines->joined.length};
  alm_slice text = decoded_coded(lines, content_of(&own), own.text + own.length);
  alm_marc_set_leader(lines->reading->builder, text.text, text.length);
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  static const alm_line_grammar grammar = {
      .ends = alm_line_is_blank, .is_leader = is_leader, .is_field = is_field, .begins = begins,
      .is_remark = is_remark, .continues = continues, .add_leader = add_leader,
      .add_field = add_field};
  return alm_lines_next(reading, &grammar, err);
}

static bool looks(const char *head, size_t length) { return alm_lines_look(head, length, begins); }

/* ---- writing ---- */

static bool put_coded(const char *text, size_t length, alm_buf *out) {
  bool done = true;
  for (size_t i = 0; done && i < length; i++)
    done = text[i] == ' ' ? ALM_BUF_PUT(out, "\\") : alm_marc_mnemonic_encode(text + i, 1, out);
  return done;
}

static bool put_data(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  char indicators[] = {alm_marc_indicator(record, field, 1), alm_marc_indicator(record, field, 2)};
  alm_subfield subfield = {.next = NULL};
  bool done = put_coded(indicators, INDICATORS, out);
  while (done && alm_marc_next_subfield(record, field, &subfield))
    done = ALM_BUF_PUT(out, "$") && alm_line_put(subfield.code.text, subfield.code.length, out) &&
           alm_marc_mnemonic_encode(subfield.value.text, subfield.value.length, out);
  return done;
}

static bool put_field(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  alm_slice content = alm_marc_content(record, field);
  return ALM_BUF_PUT(out, "=") && alm_line_put(field->tag, strlen(field->tag), out) && ALM_BUF_PUT(out, "  ") &&
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
