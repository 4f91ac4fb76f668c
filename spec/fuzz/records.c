#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/text.h"

enum { LARGEST = 8 << 20 };

void fuzz_broken(const char *promise, const char *file, int line) {
  fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
  abort();
}

/* As much as there is room for is written, and its whole length is given. Tags that MARC
 * has not, as INST, have no shape. */
static void look_at_shape(const alm_marc *record, const alm_marc_field *field) {
  enum { SMALL = 7 };
  char small[SMALL + 1];
  small[SMALL] = '!';
  size_t length = alm_marc_shape(record, field, small, SMALL);
  char *whole = malloc(length);
  PROMISED((field->odd || length >= 4) && alm_marc_shape(record, field, whole, length) == length);
  PROMISED(small[SMALL] == '!' && memcmp(small, whole, length < SMALL ? length : SMALL) == 0);
  free(whole);
}

static void look_at_field(const alm_marc *record, const alm_marc_field *field) {
  alm_slice content = alm_marc_content(record, field);
  PROMISED(field->odd ? *field->tag && strlen(field->tag) <= ALM_MARC_TAG_LONGEST : strlen(field->tag) == 3);
  PROMISED(field->start <= record->length && field->length <= record->length - field->start);
  PROMISED(alm_text_valid(content.text, content.length));
  alm_subfield subfield = {0};
  while (alm_marc_next_subfield(record, field, &subfield)) {
    PROMISED(subfield.code.length >= 1 && (field->odd || subfield.code.length <= 4));
    PROMISED(subfield.value.text >= content.text &&
             subfield.value.text + subfield.value.length <= content.text + content.length);
  }
  alm_marc_indicator(record, field, 1);
  alm_marc_indicator(record, field, 2);
  look_at_shape(record, field);
}

static void look_at(const alm_marc *record) {
  PROMISED(alm_text_valid(record->leader, ALM_MARC_LEADER));
  for (size_t i = 0; i < record->field_count; i++) look_at_field(record, &record->fields[i]);
  alm_marc_look(record);
  for (size_t i = 0; i < record->problem_count; i++) {
    const char *message = record->problems[i].message;
    PROMISED(alm_marc_kind_name(record->problems[i].kind));
    PROMISED(*message && alm_text_valid(message, strlen(message)) && !strchr(message, '\n'));
  }
}

/* A record keeps what it says when it is packed. */
static void pack(const alm_marc *record) {
  void *block = malloc(alm_marc_packed_size(record));
  alm_marc *packed = alm_marc_pack(record, block);
  PROMISED(packed->field_count == record->field_count && packed->length == record->length);
  PROMISED(record->length == 0 || memcmp(packed->bytes, record->bytes, record->length) == 0);
  look_at(packed);
  free(block);
}

static alm_marc_reader *open_text(const char *text, size_t length, const alm_marc_format *format,
                                  const char *charset, alm_error *err) {
  const alm_marc_options options = {.format = format, .charset = charset};
  return alm_marc_reader_open(NULL, text, length, &options, err);
}

/* Writes the record as a document of the format. */
static bool write_document(const alm_marc *record, const alm_marc_format *format, alm_buf *out) {
  alm_error err;
  return alm_buf_adds(out, format->head) && alm_marc_write(record, format, false, out, &err) &&
         alm_buf_adds(out, format->tail);
}

/* From where the two texts differ. */
static void show_difference(const alm_buf *first, const alm_buf *second) {
  size_t at = 0;
  while (at < first->length && at < second->length && first->data[at] == second->data[at]) at++;
  at = at > 40 ? at - 40 : 0;
  fprintf(stderr, "written: …%.200s\nagain:   …%.200s\n", first->data + at,
          second->length > at ? second->data + at : "");
}

/* Reads what was written, as one record, and writes it again. False: that record
 * has problems, and what looks like a leader in it may be taken for one. */
static bool trip(const alm_buf *text, const alm_marc_format *format, alm_buf *again) {
  alm_error err;
  const alm_marc *record;
  alm_marc_reader *reader = open_text(text->data, text->length, format, "utf-8", &err);
  PROMISED(reader);
  PROMISED(alm_marc_reader_next(reader, &record, &err) == ALM_MARC_RECORD);
  look_at(record);
  bool whole = format != &alm_marc_iso2709 || record->problem_count == 0;
  if (whole) PROMISED(write_document(record, format, again));
  if (whole) PROMISED(alm_marc_reader_next(reader, &record, &err) == ALM_MARC_END);
  alm_marc_reader_close(reader);
  return whole;
}

/* The first trip may drop what the format has no room for (a terminator in a
 * text); after it nothing changes any more. */
static void come_back(const alm_buf *text, const alm_marc_format *format) {
  alm_buf second, third;
  alm_buf_init(&second, LARGEST);
  alm_buf_init(&third, LARGEST);
  if (trip(text, format, &second) && trip(&second, format, &third)) {
    bool same = second.length == third.length && memcmp(second.data, third.data, third.length) == 0;
    if (!same) show_difference(&second, &third);
    PROMISED(same);
  }
  alm_buf_free(&second);
  alm_buf_free(&third);
}

/* In all formats; one of those that hold everything is also read again. */
static void write_all(const alm_marc *record, size_t which) {
  static const char *const names[] = {"iso2709", "marcxml", "json", "line", "mrk"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    alm_buf out;
    const alm_marc_format *format = alm_marc_format_named(names[i]);
    alm_buf_init(&out, LARGEST);
    if (write_document(record, format, &out)) {
      PROMISED(alm_text_valid(out.data, out.length));
      if (i == which % 3) come_back(&out, format);
    }
    alm_buf_free(&out);
  }
}

void fuzz_records(const uint8_t *data, size_t size, const char *format, const char *charset) {
  alm_error err;
  const alm_marc *record;
  alm_marc_reader *reader = open_text((const char *)data, size,
                                      format ? alm_marc_format_named(format) : NULL, charset, &err);
  if (!reader) return;
  alm_marc_result result;
  for (size_t calls = 0; calls <= size + 1; calls++) {
    result = alm_marc_reader_next(reader, &record, &err);
    if (result == ALM_MARC_END || result == ALM_MARC_FAILED) break;
    if (result == ALM_MARC_BROKEN) continue;
    look_at(record);
    pack(record);
    write_all(record, size);
  }
  PROMISED(result == ALM_MARC_END || result == ALM_MARC_FAILED);
  alm_marc_reader_close(reader);
}
