/* Writing, with the texts composed on request. */
#include "marc_write.h"

#include "marc_map.h"
#include "../base/text.h"

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
