/* Changed records: each function builds the record anew with its change in
 * `out` and leaves the one it was given alone. Problems are taken along.
 *
 * Failures: parse, when the arguments don't make sense (the caller's mistake);
 * missing, when there is nothing to set; limit, when the record gets too big. */
#ifndef ALM_MARC_EDIT_H
#define ALM_MARC_EDIT_H

#include "marc.h"
#include "marcspec.h"

typedef struct {
  alm_slice tag;
  alm_slice text;             /* of a control field: tags that begin with 00 */
  alm_slice indicators;       /* two characters: blank, digit or letter */
  const alm_slice *subfields; /* code, value, code, value, … */
  size_t subfield_count;      /* of pairs */
} alm_marc_new_field;

/* Puts it behind the last field whose tag is not greater, else in front. */
bool alm_marc_add(const alm_marc *record, const alm_marc_new_field *field, alm_marc_builder *out,
                  alm_error *err);

/* Sets the first value that the spec finds. A value in the leader or a control
 * field that is named by characters keeps its length. When there is none,
 * TAG$x gets the subfield at the end of the first such field, and TAG$x and
 * 00x get the field (blank indicators). */
bool alm_marc_set(const alm_marc *record, alm_marcspec *spec, const char *value, size_t length,
                  alm_marc_builder *out, alm_error *err);

/* Removes the fields or subfields that the spec finds; fields that have none
 * left go too, and count as their subfields did. */
bool alm_marc_remove(const alm_marc *record, alm_marcspec *spec, alm_marc_builder *out,
                     size_t *removed, alm_error *err);

#endif
