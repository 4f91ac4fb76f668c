/* A pass over the records of one source after the other: which of them are
 * wanted, counted on the way. */
#ifndef ALM_PASS_H
#define ALM_PASS_H

#include "marc_read.h"
#include "marc_where.h"

enum { ALM_PASS_PAUSE = 512 }; /* records, wanted or not, between two pauses */

typedef struct {
  uint64_t from;          /* number of the first that is wanted, from 1, over all sources */
  uint64_t limit;         /* so many at most; 0: all */
  alm_marc_where *where;  /* NULL: no condition. Freed by whoever made it */
  uint64_t seen, taken;   /* records read, and wanted */
  uint64_t damaged;       /* wanted ones that have problems */
} alm_pass;

/* No further record is wanted. */
bool alm_pass_full(const alm_pass *pass);

/* The next record that is wanted, good until the next call. ALM_MARC_RECORD
 * with NULL is a pause: the last ALM_PASS_PAUSE were not wanted; call again. */
alm_marc_result alm_pass_next(alm_pass *pass, alm_marc_reader *reader, const alm_marc **record,
                              alm_error *err);

#endif
