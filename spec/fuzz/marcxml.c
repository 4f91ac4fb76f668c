#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_records(data, size, "marcxml", NULL);
  return 0;
}
