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
  const alm_marc *record;     /* or a field as it is in a record, */
  const alm_marc_field *copied; /* this one; else NULL */
} alm_marc_new_field;

/* How many fields stay before a new one: it goes behind the last field whose
 * tag is not greater, else in front. */
size_t alm_marc_place(const alm_marc *record, const char tag[3]);

/* Puts the new field (NULL: none) before the field number `at`, from 0, or in
 * its stead when that is dropped. What is in the dropped field already is not
 * checked again. */
bool alm_marc_splice(const alm_marc *record, size_t at, bool dropped,
                     const alm_marc_new_field *field, alm_marc_builder *out, alm_error *err);

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

/* Which subfield of its field a hit is, from 1, or 0 for a whole field. False when
 * it is neither: the leader, an indicator, some characters. */
bool alm_marc_hit_place(const alm_marc *record, const alm_marc_hit *hit, size_t *subfield);

#endif
