#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_records(data, size, "iso2709", NULL);
  return 0;
}
