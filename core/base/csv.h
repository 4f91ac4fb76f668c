/* Writing CSV (RFC 4180), so that a spreadsheet takes no text for a formula. */
#ifndef ALM_CSV_H
#define ALM_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Adds a field in quotes when it needs them. What a spreadsheet would take for
 * a formula gets an apostrophe. False when `out` is full. */
bool alm_csv_write(const char *text, size_t length, alm_buf *out);

/* Does the field begin with such an apostrophe? Reading takes it off. */
bool alm_csv_is_guarded(const char *text, size_t length);

#endif
