/* One file out of a zip archive in memory, over libarchive, which is opened
 * when there is an archive. The size of what comes out has a ceiling, whatever
 * the archive says of it. Failures: missing (no such file, or no libarchive),
 * limit, parse. */
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
