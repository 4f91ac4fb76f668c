/* Which records? Conditions as `almanac marc --where` takes them:
 *
 *   SPEC           there is a value         !SPEC        there is none
 *   SPEC=text      a value is the text      SPEC!=text   none is
 *   SPEC~text      a value includes it      SPEC!~text   none does
 *   SPEC=~regex    POSIX extended, matches a part of a value
 *
 * SPEC is a MARCspec. As in its sub-specs, a record without any value passes
 * none of the comparisons, != and !~ included; !SPEC finds it.
 * Conditions are joined by && and ||, && first; there are no parentheses.
 *
 * The text goes to the end or the next && or ||, blanks around it left out. In
 * quotes, 'text' or "text", it may hold anything; a quote of that kind in it
 * is written twice. Nothing else has a meaning in it: 856$u=~\.jpg$ needs no
 * quotes. A text that begins with a quote, or with a ~ behind =, needs them. */
#ifndef ALM_MARC_WHERE_H
#define ALM_MARC_WHERE_H

#include "marc.h"

enum { ALM_MARC_WHERE_MAXIMUM = 4000 }; /* bytes of a condition */

typedef struct alm_marc_where alm_marc_where;

/* Failure: parse, naming the position (from 1). */
alm_marc_where *alm_marc_where_parse(const char *text, size_t length, alm_error *err);
void alm_marc_where_free(alm_marc_where *where); /* NULL is fine */

/* Failure: limit, when memory is out or the record has too much to compare. */
bool alm_marc_where_test(alm_marc_where *where, const alm_marc *record, bool *passes,
                         alm_error *err);

#endif
