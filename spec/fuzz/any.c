/* Whatever it is: the format is found out, gzip is unpacked. */
#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_records(data, size, NULL, NULL);
  return 0;
}
