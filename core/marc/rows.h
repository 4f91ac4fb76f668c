/* Values of records as rows of text: what `almanac marc get` prints. A column
 * is a MARCspec; its values have ALM_ROWS_BETWEEN between. */
#ifndef ALM_ROWS_H
#define ALM_ROWS_H

#include "../base/buf.h"
#include "pass.h"
#include "marcspec.h"

#define ALM_ROWS_BETWEEN " | "

enum { ALM_ROWS_COLUMNS = 100, ALM_ROWS_BLOCK = 64 << 10 };

typedef enum {
  ALM_ROWS_VALUES, /* a line for each value of the last column; those before it stand in front */
  ALM_ROWS_LINES,  /* a line for each record that has any value, a tab between columns */
  ALM_ROWS_CSV     /* a row for each record */
} alm_rows_style;

/* Tabs and ends of lines in values become blanks, except in CSV. */
typedef struct {
  alm_rows_style style;
  alm_marcspec *columns[ALM_ROWS_COLUMNS]; /* freed by alm_rows_free */
  size_t count;
} alm_rows;

/* Adds a column. Failures: parse, as alm_marcspec_parse; limit. */
bool alm_rows_column(alm_rows *rows, const char *text, size_t length, alm_error *err);
void alm_rows_free(alm_rows *rows);

/* Adds the rows of wanted records to `out` until it has ALM_ROWS_BLOCK bytes or
 * ALM_PASS_PAUSE records were read. ALM_MARC_RECORD: call again. */
alm_marc_result alm_rows_read(alm_rows *rows, alm_pass *pass, alm_marc_reader *reader,
                              alm_buf *out, alm_error *err);

#endif
