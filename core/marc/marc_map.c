/* Copies a record field by field, each text through a function. */
#include <string.h>

#include "../base/text.h"
#include "marc_private.h"
#include "../base/ascii.h"

typedef struct {
  const alm_marc *from;
  alm_marc_builder *to;
  alm_marc_mapper *map;
  void *context;
} mapping;

static void add_text(const mapping *m, const alm_marc_field *field, alm_slice text) {
  text = m->map(m->context, field, text);
  alm_marc_add_text(m->to, text.text, text.length);
}

static void add_data(const mapping *m, const alm_marc_field *field) {
  alm_subfield subfield = {.next = NULL};
  char indicator1 = alm_marc_indicator(m->from, field, 1);
  char indicator2 = alm_marc_indicator(m->from, field, 2);
  if (!alm_marc_open_data(m->to, field->tag, indicator1, indicator2)) return;
  while (alm_marc_next_subfield(m->from, field, &subfield)) {
    alm_slice code = m->map(m->context, field, subfield.code);
    alm_marc_open_subfield(m->to, code.text, code.length);
    add_text(m, field, subfield.value);
  }
}

void alm_marc_map(const alm_marc *from, alm_marc_builder *to, alm_marc_mapper *map,
                  void *context) {
  mapping m = {from, to, map, context};
  alm_marc_copy_head(to, from);
  for (size_t i = 0; i < from->field_count; i++) {
    const alm_marc_field *field = &from->fields[i];
    if (!field->control)
      add_data(&m, field);
    else if (alm_marc_open_control(to, field->tag))
      add_text(&m, field, alm_marc_content(from, field));
  }
}

/* ---- writing ---- */

static bool is_ascii(const alm_marc *record) {
  unsigned char high = 0;
  for (size_t i = 0; i < record->length; i++) high |= (unsigned char)record->bytes[i];
  return high < 0x80;
}

/* What follows from how it is written, whatever the leader said: two characters for a
 * subfield's code, entries of 4 and 5 digits, and that the text is UTF-8, which UNIMARC
 * ("450 ") says elsewhere. */
static void set_leader(const alm_marc *record, char leader[ALM_MARC_LEADER]) {
  enum { CODING_SCHEME = 9, CODE_LENGTH = 11, MAP = 20 };
  memcpy(leader, record->leader, ALM_MARC_LEADER);
  leader[CODE_LENGTH] = '2';
  if (memcmp(leader + MAP, "450 ", 4) == 0) return;
  memcpy(leader + MAP, "4500", 4);
  if (leader[CODING_SCHEME] != 'a' && !is_ascii(record)) leader[CODING_SCHEME] = 'a';
}

static bool write_it(const alm_marc *record, const alm_marc_format *format, alm_buf *out, alm_error *err) {
  char leader[ALM_MARC_LEADER];
  alm_marc written = *record;
  set_leader(record, leader);
  written.leader = leader;
  return format->write(&written, out, err);
}

static alm_slice compose(void *context, const alm_marc_field *field, alm_slice text) {
  alm_buf *composed = context;
  (void)field;
  alm_buf_clear(composed);
  if (!alm_text_nfc(text.text, text.length, composed)) return text;
  return (alm_slice){alm_buf_text(composed), composed->length};
}

static bool write_composed(const alm_marc *record, const alm_marc_format *format, alm_buf *out,
                           alm_error *err) {
  alm_buf composed;
  alm_marc_builder *builder = alm_marc_builder_new();
  if (!builder) return alm_fail(err, ALM_LIMIT, "can't write a record: out of memory");
  alm_buf_init(&composed, ALM_MARC_MAXIMUM);
  alm_marc_map(record, builder, compose, &composed);
  bool done = write_it(alm_marc_built(builder), format, out, err);
  alm_buf_free(&composed);
  alm_marc_builder_free(builder);
  return done;
}

/* ---- without what the format has no room for ---- */

static bool has_room(const alm_marc_format *format, const alm_marc_field *field) {
  size_t length = strlen(field->tag);
  if (format->room == ALM_ROOM_ALL || length == 3) return true;
  if (format->room == ALM_ROOM_USUAL || field->control || length < 3 || field->tag[0] < 'A')
    return false;
  while (length > 0 && alm_ascii_is_alphanumeric(field->tag[length - 1])) length--;
  return length == 0;
}

static bool is_long(alm_slice code) {
  return code.length > 1 && alm_text_character(code.text, code.length) < code.length;
}

static bool add_name(const alm_marc_field *field, alm_slice code, alm_buf *names) {
  return (names->length == 0 || ALM_BUF_PUT(names, ", ")) && alm_buf_adds(names, field->tag) &&
         (code.length == 0 || ALM_BUF_PUT(names, " $")) &&
         alm_buf_add(names, code.text, code.length);
}

bool alm_marc_left_out(const alm_marc *record, const alm_marc_format *format, alm_buf *names) {
  bool done = true;
  for (size_t i = 0; done && format->room != ALM_ROOM_ALL && i < record->field_count; i++) {
    const alm_marc_field *field = &record->fields[i];
    alm_subfield subfield = {.next = NULL};
    bool fits = !field->odd || has_room(format, field);
    if (!fits) done = add_name(field, (alm_slice){"", 0}, names);
    while (done && field->odd && fits && alm_marc_next_subfield(record, field, &subfield))
      if (is_long(subfield.code)) done = add_name(field, subfield.code, names);
  }
  return done;
}

/* A field that has nothing but long codes is left out with them. */
static void add_what_fits(const alm_marc *record, const alm_marc_field *field,
                          alm_marc_builder *out) {
  alm_subfield subfield = {.next = NULL};
  bool open = false;
  while (alm_marc_next_subfield(record, field, &subfield)) {
    if (is_long(subfield.code)) continue;
    if (!open)
      alm_marc_open_data(out, field->tag, alm_marc_indicator(record, field, 1),
                         alm_marc_indicator(record, field, 2));
    open = true;
    alm_marc_open_subfield(out, subfield.code.text, subfield.code.length);
    alm_marc_add_text(out, subfield.value.text, subfield.value.length);
  }
}

static const alm_marc *fit(const alm_marc *record, const alm_marc_format *format,
                           alm_marc_builder *out) {
  alm_marc_copy_head(out, record);
  for (size_t i = 0; i < record->field_count; i++) {
    const alm_marc_field *field = &record->fields[i];
    if (!field->odd) alm_marc_copy_field(out, record, field);
    else if (has_room(format, field)) add_what_fits(record, field, out);
  }
  return alm_marc_built(out);
}

bool alm_marc_is_odd(const alm_marc *record) {
  size_t i = 0;
  while (i < record->field_count && !record->fields[i].odd) i++;
  return i < record->field_count;
}

bool alm_marc_write(const alm_marc *record, const alm_marc_format *format, bool nfc,
                    alm_buf *out, alm_error *err) {
  alm_marc_builder *fitting = NULL;
  if (format->room != ALM_ROOM_ALL && alm_marc_is_odd(record)) {
    fitting = alm_marc_builder_new();
    if (!fitting) return alm_fail(err, ALM_LIMIT, "can't write a record: out of memory");
    record = fit(record, format, fitting);
  }
  bool done = nfc ? write_composed(record, format, out, err) : write_it(record, format, out, err);
  alm_marc_builder_free(fitting);
  return done;
}
