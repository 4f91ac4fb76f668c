/* Takes one file out of a zip archive in memory. libarchive does it, and is loaded
 * when the first archive comes. The size of the result is limited, whatever the
 * archive says about it. Failures: missing (no such file, or no libarchive), limit,
 * parse. */
#ifndef ALM_ZIP_H
#define ALM_ZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

/* Adds the content of the file `name` to `out`; `limit` when `out` is full. */
bool alm_zip_read(const char *bytes, size_t length, const char *name, alm_buf *out,
                  alm_error *err);

#endif
