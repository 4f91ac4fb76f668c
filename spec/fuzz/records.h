/* What every target that reads records does with them. */
#ifndef FUZZ_RECORDS_H
#define FUZZ_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "../../core/marc/marc_read.h"

/* Reads `data` as the format (NULL: found out), looks at everything that a
 * record says of itself, and writes it in every format. Aborts when a promise
 * of marc.h is broken, or when a record that was written does not come back. */
void fuzz_records(const uint8_t *data, size_t size, const char *format, const char *charset);

/* Ends the process with the promise that was broken. */
#define PROMISED(condition) \
  do { if (!(condition)) fuzz_broken(#condition, __FILE__, __LINE__); } while (0)
_Noreturn void fuzz_broken(const char *promise, const char *file, int line);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
