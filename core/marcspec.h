/* MARCspec, the published path language for MARC records
 * (https://marcspec.github.io/MARCspec/marc-spec.html): tags with wildcards,
 * field and subfield index, character positions, indicators, sub-specs. */
#ifndef ALM_MARCSPEC_H
#define ALM_MARCSPEC_H

#include "marc.h"

typedef struct alm_marcspec alm_marcspec;

/* Failure: parse, naming the position (from 1) and what was expected there. */
alm_marcspec *alm_marcspec_parse(const char *text, size_t length, alm_error *err);
void alm_marcspec_free(alm_marcspec *spec); /* NULL is fine */

/* Steps through the values, which lie in the record's memory or in the step's:
 *   alm_marc_values values;
 *   alm_marcspec_begin(spec, record, &values);
 *   while (alm_marcspec_next(&values, &value)) …
 * A data field without $ gives its subfields' texts with a blank between. */
typedef struct alm_marc_values alm_marc_values;

#endif
