/* Writing MARCXML. */
#include "marc_private.h"

#include <string.h>

#include "../base/xml.h"

#define PUT ALM_BUF_PUT

static bool put_control(const alm_marc_field *field, alm_slice text, alm_buf *out) {
  return PUT(out, "  <controlfield tag=\"") && alm_xml_escape(field->tag, strlen(field->tag), out) &&
         PUT(out, "\">") && alm_xml_escape(text.text, text.length, out) &&
         PUT(out, "</controlfield>\n");
}

static bool put_subfield(const alm_subfield *subfield, alm_buf *out) {
  return PUT(out, "    <subfield code=\"") &&
         alm_xml_escape(subfield->code.text, subfield->code.length, out) && PUT(out, "\">") &&
         alm_xml_escape(subfield->value.text, subfield->value.length, out) &&
         PUT(out, "</subfield>\n");
}

static bool put_data(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  char first = alm_marc_indicator(record, field, 1), second = alm_marc_indicator(record, field, 2);
  alm_subfield subfield = {.next = NULL};
  bool done = PUT(out, "  <datafield tag=\"") && alm_xml_escape(field->tag, strlen(field->tag), out) &&
              PUT(out, "\" ind1=\"") && alm_xml_escape(&first, 1, out) &&
              PUT(out, "\" ind2=\"") && alm_xml_escape(&second, 1, out) && PUT(out, "\">\n");
  while (done && alm_marc_next_subfield(record, field, &subfield))
    done = put_subfield(&subfield, out);
  return done && PUT(out, "  </datafield>\n");
}

static bool put_field(const alm_marc *record, const alm_marc_field *field, alm_buf *out) {
  if (field->control) return put_control(field, alm_marc_content(record, field), out);
  return put_data(record, field, out);
}

bool alm_marc_xml_write(const alm_marc *record, alm_buf *out, alm_error *err) {
  bool done = PUT(out, "<record>\n  <leader>") &&
              alm_xml_escape(record->leader, ALM_MARC_LEADER, out) && PUT(out, "</leader>\n");
  for (size_t i = 0; done && i < record->field_count; i++)
    done = put_field(record, &record->fields[i], out);
  return (done && PUT(out, "</record>\n")) ||
         alm_fail(err, ALM_LIMIT, "the record as MARCXML passes %zu bytes", out->maximum);
}
