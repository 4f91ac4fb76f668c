/* The two line formats; the first byte says which. */
#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 0) fuzz_records(data + 1, size - 1, *data == 'm' ? "mrk" : "line", NULL);
  return 0;
}
