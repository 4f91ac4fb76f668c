/* Whatever it is: the format is found out, gzip is unpacked, any charset. */
#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const charsets[] = {NULL, NULL, NULL, "iso-8859-1", "shift_jis", "utf-7", "iso-5426", "marc-8"};
  fuzz_records(data, size, NULL, charsets[size % (sizeof charsets / sizeof *charsets)]);
  return 0;
}
