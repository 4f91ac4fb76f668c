/* Copies a record field by field, each text through a function. */
#include "../base/text.h"
#include "marc_private.h"

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

/* ---- writing, with the texts composed on request ---- */

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
  bool done = format->write(alm_marc_built(builder), out, err);
  alm_buf_free(&composed);
  alm_marc_builder_free(builder);
  return done;
}

bool alm_marc_write(const alm_marc *record, const alm_marc_format *format, bool nfc,
                    alm_buf *out, alm_error *err) {
  return nfc ? write_composed(record, format, out, err) : format->write(record, out, err);
}
