/* Building a record field by field. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marc_private.h"
#include "../base/text.h"
#include "../base/word.h"

/* Of one record so many problems are kept; the last says that there are more. */
enum { PROBLEMS = 100, FIELDS = ALM_MARC_MAXIMUM / 12, FIRST_CHARACTER = 0x20, DELETE = 0x7f };

/* What a record is about can't be known without its leader, so nothing says "book". */
static const char no_leader[ALM_MARC_LEADER + 1] = "00000n   a2200000   4500";

struct alm_marc_builder {
  alm_marc record;  /* what alm_marc_built gives; its pointers are set there */
  char leader[ALM_MARC_LEADER];
  alm_buf bytes;
  alm_marc_field *fields;
  size_t count, room;
  alm_marc_problem *problems;
  size_t problem_count;
  bool full;
};

/* ---- life ---- */

alm_marc_builder *alm_marc_builder_new(void) {
  alm_marc_builder *builder = calloc(1, sizeof *builder);
  if (!builder) return NULL;
  alm_buf_init(&builder->bytes, ALM_MARC_MAXIMUM);
  alm_marc_clear(builder, 0, 0);
  return builder;
}

void alm_marc_builder_free(alm_marc_builder *builder) {
  if (!builder) return;
  alm_buf_free(&builder->bytes);
  free(builder->fields);
  free(builder->problems);
  free(builder);
}

void alm_marc_clear(alm_marc_builder *builder, uint64_t number, uint64_t offset) {
  alm_buf_clear(&builder->bytes);
  builder->count = builder->problem_count = 0;
  builder->full = false;
  builder->record = (alm_marc){.number = number, .offset = offset};
  memcpy(builder->leader, no_leader, ALM_MARC_LEADER);
}

const alm_marc *alm_marc_built(alm_marc_builder *builder) {
  alm_marc *record = &builder->record;
  record->leader = builder->leader;
  record->fields = builder->fields;
  record->field_count = builder->count;
  record->bytes = alm_buf_text(&builder->bytes);
  record->length = builder->bytes.length;
  record->problems = builder->problems;
  record->problem_count = builder->problem_count;
  return record;
}

/* ---- problems ---- */

static alm_marc_problem *new_problem(alm_marc_builder *builder) {
  if (!builder->problems) builder->problems = malloc(PROBLEMS * sizeof *builder->problems);
  if (!builder->problems || builder->problem_count == PROBLEMS) return NULL;
  return &builder->problems[builder->problem_count++];
}

/* A message may quote what was read: that stays on one line, and UTF-8. */
static void clean(char *message) {
  size_t length = strlen(message);
  for (size_t at = 0, step; at < length; at += step) {
    unsigned char c = (unsigned char)message[at];
    step = c < FIRST_CHARACTER || c == DELETE ? 0 : alm_text_character(message + at, length - at);
    if (step > 0) continue;
    message[at] = '?';
    step = 1;
  }
}

void alm_marc_note(alm_marc_builder *builder, alm_marc_kind kind, size_t at,
                   const char *format, ...) {
  va_list args;
  alm_marc_problem *problem = new_problem(builder);
  if (!problem) return;
  problem->kind = kind;
  problem->at = at < UINT32_MAX ? (uint32_t)at : UINT32_MAX;
  if (builder->problem_count == PROBLEMS) format = "this and more, which are not listed";
  va_start(args, format);
  vsnprintf(problem->message, sizeof problem->message, format, args);
  va_end(args);
  clean(problem->message);
}

/* ---- leader and fields ---- */

bool alm_marc_set_leader(alm_marc_builder *builder, const char *text, size_t length) {
  bool right;
  size_t count = alm_marc_repair_leader(text, length, builder->leader, &right);
  if (right) return true;
  if (count != ALM_MARC_LEADER)
    alm_marc_note(builder, ALM_MARC_LEADER_WRONG, 0, "the leader has %zu characters instead of 24",
                  count);
  else
    alm_marc_note(builder, ALM_MARC_LEADER_WRONG, 0, "the leader is not as it should be: %.*s",
                  (int)length, text);
  return true;
}

static bool grow(alm_marc_builder *builder) {
  if (builder->count < builder->room) return true;
  if (builder->count == FIELDS) return false;
  size_t room = builder->room ? 2 * builder->room : 64;
  alm_marc_field *fields = realloc(builder->fields, room * sizeof *fields);
  if (!fields) return false;
  builder->fields = fields;
  builder->room = room;
  return true;
}

static bool refuse(alm_marc_builder *builder) {
  if (!builder->full)
    alm_marc_note(builder, ALM_MARC_TOO_LONG, builder->bytes.length,
                  "the record is longer than %d bytes; the rest is left out", ALM_MARC_MAXIMUM);
  builder->full = true;
  return false;
}

static bool add(alm_marc_builder *builder, const char *text, size_t length) {
  if (builder->full || !alm_buf_add(&builder->bytes, text, length)) return refuse(builder);
  builder->fields[builder->count - 1].length += (uint32_t)length;
  return true;
}

static bool open_field(alm_marc_builder *builder, const char *tag, bool control) {
  if (builder->full || !grow(builder)) return refuse(builder);
  alm_marc_field *field = &builder->fields[builder->count++];
  size_t length = strnlen(tag, ALM_MARC_TAG_LONGEST);
  *field = (alm_marc_field){
      .control = control, .odd = length != 3, .start = (uint32_t)builder->bytes.length};
  memcpy(field->tag, tag, length);
  return true;
}

bool alm_marc_open_control(alm_marc_builder *builder, const char *tag) {
  return open_field(builder, tag, true);
}

bool alm_marc_open_data(alm_marc_builder *builder, const char *tag, char indicator1,
                        char indicator2) {
  char indicators[2] = {indicator1, indicator2};
  return open_field(builder, tag, false) && add(builder, indicators, 2);
}

void alm_marc_set_indicators(alm_marc_builder *builder, char indicator1, char indicator2) {
  if (builder->full) return;
  builder->bytes.data[builder->fields[builder->count - 1].start] = indicator1;
  builder->bytes.data[builder->fields[builder->count - 1].start + 1] = indicator2;
}

/* ---- text ---- */

static bool is_separator(char c) { return c >= 0x1d && c <= 0x1f; }

static size_t separator(const char *text, size_t length) {
  size_t at = 0;
  while (length - at >= 8 && !alm_word_below(alm_word_read(text + at), ' ')) at += 8;
  while (at < length && !is_separator(text[at])) at++;
  return at;
}

/* The separators of ISO 2709 can't be text: each becomes a blank. */
bool alm_marc_add_text(alm_marc_builder *builder, const char *text, size_t length) {
  if (builder->count == 0) return false;
  for (;;) {
    size_t plain = separator(text, length);
    if (!add(builder, text, plain)) return false;
    if (plain == length) return true;
    alm_marc_note(builder, ALM_MARC_CHARACTER, 0, "field %s has the control character 0x%02x in it",
                  builder->fields[builder->count - 1].tag, text[plain]);
    if (!add(builder, " ", 1)) return false;
    text += plain + 1;
    length -= plain + 1;
  }
}

bool alm_marc_open_subfield(alm_marc_builder *builder, const char *code, size_t length) {
  if (builder->count == 0 || builder->fields[builder->count - 1].control) return false;
  if (length < 2 || alm_text_character(code, length) == length)
    return add(builder, "\x1f", 1) && alm_marc_add_text(builder, code, length);
  builder->fields[builder->count - 1].odd = true;
  return add(builder, "\x1f\x1d", 2) && alm_marc_add_text(builder, code, length) &&
         add(builder, "\x1d", 1);
}

void alm_marc_keep_id(alm_marc_builder *builder, const alm_marc_field *field) {
  builder->fields[builder->count - 1].id = field->id;
}

void alm_marc_copy_head(alm_marc_builder *builder, const alm_marc *record) {
  alm_marc_clear(builder, record->number, record->offset);
  alm_marc_set_leader(builder, record->leader, ALM_MARC_LEADER);
  builder->record.ids = record->ids;
  for (size_t i = 0; i < record->problem_count; i++) {
    const alm_marc_problem *problem = &record->problems[i];
    alm_marc_note(builder, problem->kind, problem->at, "%s", problem->message);
  }
}

bool alm_marc_copy_field(alm_marc_builder *builder, const alm_marc *record,
                         const alm_marc_field *field) {
  alm_slice content = alm_marc_content(record, field);
  if (!open_field(builder, field->tag, field->control)) return false;
  alm_marc_keep_id(builder, field);
  builder->fields[builder->count - 1].odd = field->odd;
  return add(builder, content.text, content.length);
}
