/* CSV row by row over libcsv: RFC 4180, and what people make of it.
 *
 * A quote inside a field is text (5" disk; "Waiting" by X) and never swallows the
 * rows behind it. Blanks around unquoted fields are dropped. Empty lines and a
 * UTF-8 byte order mark are ignored. Lines end in LF, CRLF or CR. Bytes are kept
 * as they are. Failures: parse (UTF-16, or a quote that is never closed; with the
 * line), limit (more than 16 MiB or 10,000 fields in a row), io, missing. */
#ifndef ALM_CSV_H
#define ALM_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error.h"

typedef struct alm_csv alm_csv;

alm_csv *alm_csv_open(const char *path, char delimiter, alm_error *err);

/* `text` must stay until the close. */
alm_csv *alm_csv_parse(const char *text, size_t length, char delimiter,
                       alm_error *err);
void alm_csv_close(alm_csv *csv); /* NULL is fine */

typedef enum {
  ALM_CSV_FAILED = -1, ALM_CSV_END = 0, ALM_CSV_ROW = 1
} alm_csv_result;

/* After a failure there is nothing more to read. */
alm_csv_result alm_csv_next(alm_csv *csv, alm_error *err);

/* The row, until the next step: fields, and the line in which it starts. */
size_t alm_csv_count(const alm_csv *csv);
const char *alm_csv_field(const alm_csv *csv, size_t index, size_t *length);
int64_t alm_csv_line(const alm_csv *csv);

/* Adds a field in quotes when it needs them. What a spreadsheet would take for
 * a formula gets an apostrophe, which alm_csv_field takes off again. False when
 * `out` is full. */
bool alm_csv_write(const char *text, size_t length, alm_buf *out);

#endif
