/* Reading a record's fields, and keeping one. */
#include "marc.h"

#include <stdio.h>
#include <string.h>

#include "../base/text.h"

enum { SUBFIELD = 0x1f, LONG_CODE = 0x1d, BLOCK = 64 };

const char *alm_marc_kind_name(size_t kind) {
  static const char *const names[] = {
      [ALM_MARC_LEADER_WRONG] = "leader", [ALM_MARC_LENGTH] = "length",
      [ALM_MARC_DIRECTORY] = "directory", [ALM_MARC_TAG] = "tag",
      [ALM_MARC_INDICATOR] = "indicator", [ALM_MARC_SUBFIELD] = "subfield",
      [ALM_MARC_TERMINATOR] = "terminator",
      [ALM_MARC_CHARACTER] = "character", [ALM_MARC_ESCAPE] = "escape",
      [ALM_MARC_TRUNCATED] = "truncated", [ALM_MARC_GARBAGE] = "garbage",
      [ALM_MARC_TOO_LONG] = "too-long",   [ALM_MARC_STRUCTURE] = "structure",
      [ALM_MARC_CHARSET] = "charset",
  };
  return kind < sizeof names / sizeof *names ? names[kind] : NULL;
}

/* ---- fields ---- */

alm_slice alm_marc_content(const alm_marc *record, const alm_marc_field *field) {
  return (alm_slice){record->bytes + field->start, field->length};
}

static bool matches(const char *tag, const char *wanted) {
  for (; *wanted && *tag; wanted++, tag++)
    if (*wanted != '.' && *wanted != *tag) return false;
  return *wanted == *tag;
}

const alm_marc_field *alm_marc_find(const alm_marc *record, const char *tag,
                                    const alm_marc_field *after) {
  const alm_marc_field *end = record->fields + record->field_count;
  const alm_marc_field *field = after ? after + 1 : record->fields;
  for (; field < end; field++)
    if (!tag || matches(field->tag, tag)) return field;
  return NULL;
}

char alm_marc_indicator(const alm_marc *record, const alm_marc_field *field,
                        int which) {
  const char *text = record->bytes + field->start;
  for (int i = 0; i < which; i++)
    if ((size_t)i >= field->length || text[i] == SUBFIELD) return ' ';
  return text[which - 1];
}

/* ---- subfields ---- */

static size_t code_length(const char *text, size_t left) {
  if ((unsigned char)*text < 0x80) return 1;
  size_t length = alm_text_character(text, left);
  return length ? length : 1;
}

static const char *delimiter(const char *from, const char *end) {
  const char *found = from < end ? memchr(from, SUBFIELD, (size_t)(end - from)) : NULL;
  return found ? found : end;
}

/* The code and the value of what stands between delimiters. */
static void split(const char *from, const char *to, alm_subfield *subfield) {
  const char *close = *from == LONG_CODE ? memchr(from + 1, LONG_CODE, (size_t)(to - from) - 1) : NULL;
  const char *value = close ? close + 1 : from + code_length(from, (size_t)(to - from));
  if (close) subfield->code = (alm_slice){from + 1, (size_t)(close - from) - 1};
  else subfield->code = (alm_slice){from, (size_t)(value - from)};
  subfield->value = (alm_slice){value, (size_t)(to - value)};
}

/* A delimiter with nothing behind it is no subfield. */
bool alm_marc_next_subfield(const alm_marc *record, const alm_marc_field *field,
                            alm_subfield *subfield) {
  const char *start = record->bytes + field->start, *end = start + field->length;
  const char *from = subfield->next ? subfield->next : delimiter(start, end), *to;
  if (field->control) return false;
  for (; from < end; from = to) {
    to = delimiter(++from, end);
    if (from == to) continue;
    split(from, to, subfield);
    subfield->next = to;
    return true;
  }
  return false;
}

/* ---- ids ---- */

void alm_marc_name(alm_marc *record) {
  alm_marc_field *fields = (alm_marc_field *)record->fields; /* they lie in the record's own block */
  for (size_t i = 0; i < record->field_count; i++)
    if (fields[i].id == 0) fields[i].id = ++record->ids;
}

const alm_marc_field *alm_marc_named(const alm_marc *record, uint32_t id) {
  for (size_t i = 0; i < record->field_count; i++)
    if (record->fields[i].id == id) return &record->fields[i];
  return NULL;
}

/* ---- looking at all of it ---- */

static size_t put(alm_slice text, char *out, size_t at, size_t room) {
  for (size_t i = 0; i < text.length && at + i < room; i++) out[at + i] = text.text[i];
  return at + text.length;
}

static size_t put_control(alm_slice content, char *out, size_t at, size_t room) {
  char text[32];
  size_t characters = 0;
  bool delimiter = false;
  for (size_t i = 0; i < content.length; i++) {
    characters += ((unsigned char)content.text[i] & 0xc0) != 0x80;
    delimiter |= content.text[i] == SUBFIELD;
  }
  int length = snprintf(text, sizeof text, "\x1e%zu%s", characters, delimiter ? "\x1f" : "");
  return put((alm_slice){text, (size_t)length}, out, at, room);
}

size_t alm_marc_shape(const alm_marc *record, const alm_marc_field *field, char *out, size_t room) {
  alm_subfield subfield = {.next = NULL};
  if (strlen(field->tag) != 3) return 0;
  size_t at = put((alm_slice){field->tag, 3}, out, 0, room);
  if (field->control) return put_control(alm_marc_content(record, field), out, at, room);
  char indicators[2] = {alm_marc_indicator(record, field, 1), alm_marc_indicator(record, field, 2)};
  at = put((alm_slice){indicators, sizeof indicators}, out, at, room);
  while (alm_marc_next_subfield(record, field, &subfield))
    if (subfield.code.text[-1] == SUBFIELD) at = put(subfield.code, out, at, room);
  return at;
}

static bool is_control(char c) {
  return ((unsigned char)c < 0x20 && (unsigned char)(c - 0x1d) > 2) || c == 0x7f;
}

/* U+0080 to U+009F are 0xc2 and a byte. */
static bool has_high_controls(const char *text, size_t length) {
  const char *end = text + length, *at = text;
  while (at + 1 < end && (at = memchr(at, 0xc2, (size_t)(end - at - 1)))) {
    unsigned char next = (unsigned char)*++at;
    if (next < 0xa0 && next != 0x98 && next != 0x9c) return true;
  }
  return false;
}

/* In blocks, which the compiler turns into vector instructions. */
alm_marc_characters alm_marc_look(const alm_marc *record) {
  const char *text = record->bytes;
  unsigned char high = 0, controls = 0;
  size_t at = 0;
  for (; at + BLOCK <= record->length; at += BLOCK)
    for (size_t i = 0; i < BLOCK; i++) {
      high |= (unsigned char)text[at + i];
      controls |= is_control(text[at + i]);
    }
  for (; at < record->length; at++) {
    high |= (unsigned char)text[at];
    controls |= is_control(text[at]);
  }
  bool beyond = high & 0x80;
  return (alm_marc_characters){controls || (beyond && has_high_controls(text, record->length)), beyond};
}

/* ---- keeping: the view, fields, problems, leader, bytes ---- */

size_t alm_marc_packed_size(const alm_marc *record) {
  return sizeof *record + record->field_count * sizeof *record->fields +
         record->problem_count * sizeof *record->problems + ALM_MARC_LEADER +
         record->length;
}

static void *keep(char **at, const void *data, size_t length) {
  void *there = *at;
  if (length) memcpy(there, data, length);
  *at += length;
  return there;
}

alm_marc *alm_marc_pack(const alm_marc *record, void *block) {
  char *at = block;
  alm_marc *packed = keep(&at, record, sizeof *record);
  packed->fields = keep(&at, record->fields, record->field_count * sizeof *record->fields);
  packed->problems = keep(&at, record->problems, record->problem_count * sizeof *record->problems);
  packed->leader = keep(&at, record->leader, ALM_MARC_LEADER);
  packed->bytes = keep(&at, record->bytes, record->length);
  return packed;
}
