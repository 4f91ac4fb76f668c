/* MARC-8 and ISO 5426 text by itself: what comes out is UTF-8, however it goes in. */
#include "../../core/marc/marc_private.h"
#include "../../core/base/text.h"
#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static alm_marc8 *marc8;
  alm_error err;
  alm_buf out;
  if (!marc8) PROMISED((marc8 = alm_marc8_open(&err)));
  alm_buf_init(&out, 1 << 20);
  alm_marc8_use(marc8, ALM_MARC8_ASCII, size % 2 ? ALM_MARC8_ISO5426 : ALM_MARC8_ANSEL);
  alm_marc8_begin(marc8);
  PROMISED(alm_marc8_convert(marc8, (const char *)data, size, &out) <= size);
  PROMISED(alm_text_valid(alm_buf_text(&out), out.length));
  alm_buf_free(&out);
  return 0;
}
