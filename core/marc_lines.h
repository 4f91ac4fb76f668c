/* The lines of a source, one after the other, for the formats that are lines. */
#ifndef ALM_MARC_LINES_H
#define ALM_MARC_LINES_H

#include "marc_format.h"

typedef struct {
  const char *text;     /* good until the next call */
  size_t length;        /* without the line's end */
  uint64_t offset;
  size_t whole;         /* private: with its end */
} alm_line;

/* The next line, which stays the next until alm_line_done. One longer than a
 * record can be comes in pieces. */
alm_marc_result alm_line_peek(alm_marc_source *source, alm_line *line, alm_error *err);
void alm_line_done(alm_marc_source *source, const alm_line *line);

bool alm_line_is_blank(const alm_line *line);

/* Adds text of a record; what would end the line becomes a blank. */
bool alm_line_put(const char *text, size_t length, alm_buf *out);

#endif
