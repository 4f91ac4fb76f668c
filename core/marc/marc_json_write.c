/* Writing MARC-in-JSON. */
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "marc_private.h"

#define PUT ALM_BUF_PUT

/* ---- strings ---- */

static bool is_plain(unsigned char c) { return c >= ' ' && c < 0x80 && c != '"' && c != '\\'; }

/* How many bytes from here go out as they are. */
static size_t plain(const char *text, size_t length) {
  size_t at = 0;
  while (at < length && is_plain((unsigned char)text[at])) at++;
  return at;
}

static bool put_escaped(char c, alm_buf *out) {
  static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
  const char *at = c ? strchr(from, c) : NULL;
  char escape[8];
  if (at) snprintf(escape, sizeof escape, "\\%c", to[at - from]);
  else snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)c);
  return alm_buf_adds(out, escape);
}

static bool put_character(const char *text, size_t length, size_t *step, alm_buf *out) {
  *step = 1;
  if ((unsigned char)*text < 0x80) return put_escaped(*text, out);
  size_t size = alm_text_character(text, length);
  if (size == 0) return PUT(out, "\xef\xbf\xbd");
  *step = size;
  return alm_buf_add(out, text, size);
}

static bool put_string(const char *text, size_t length, alm_buf *out) {
  bool done = PUT(out, "\"");
  for (size_t at = 0, step; done && at < length; at += step) {
    step = plain(text + at, length - at);
    done = step ? alm_buf_add(out, text + at, step)
                : put_character(text + at, length - at, &step, out);
  }
  return done && PUT(out, "\"");
}

static bool put_slice(alm_slice text, alm_buf *out) {
  return put_string(text.text, text.length, out);
}

/* ---- fields ---- */

static bool put_subfields(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  alm_subfield subfield = {.next = NULL};
  bool done = true;
  for (bool first = true; done && alm_marc_next_subfield(record, field, &subfield); first = false)
    done = (first || PUT(out, ",")) && PUT(out, "{") && put_slice(subfield.code, out) &&
           PUT(out, ":") && put_slice(subfield.value, out) && PUT(out, "}");
  return done;
}

static bool put_data(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  char first = alm_marc_indicator(record, field, 1), second = alm_marc_indicator(record, field, 2);
  return PUT(out, "{\"ind1\":") && put_string(&first, 1, out) && PUT(out, ",\"ind2\":") &&
         put_string(&second, 1, out) && PUT(out, ",\"subfields\":[") &&
         put_subfields(record, field, out) && PUT(out, "]}");
}

static bool put_field(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  return PUT(out, "{") && put_string(field->tag, strlen(field->tag), out) && PUT(out, ":") &&
         (field->control ? put_slice(alm_marc_content(record, field), out)
                         : put_data(record, field, out)) &&
         PUT(out, "}");
}

bool alm_marc_json_write(const alm_marc *record, alm_buf *out, alm_error *err) {
  bool done = PUT(out, "{\"leader\":") && put_string(record->leader, ALM_MARC_LEADER, out) &&
              PUT(out, ",\"fields\":[");
  for (size_t i = 0; done && i < record->field_count; i++)
    done = (i == 0 || PUT(out, ",")) && put_field(record, &record->fields[i], out);
  return (done && PUT(out, "]}\n")) ||
         alm_fail(err, ALM_LIMIT, "the record as JSON passes %zu bytes", out->maximum);
}
