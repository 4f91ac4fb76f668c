/* MARCspec, the path language for MARC records that Carsten Klee published
 * (version 0.16, https://marcspec.github.io/MARCspec/marc-spec.html).
 *
 *   245            all fields 245: of a data field its subfields' texts with a
 *                  blank between; LDR is the leader; '.' is any character
 *   300[0] 300[#]  the first, the last; [1-#] all but the first, [#-1] the last
 *                  two. What is counted is the fields that the tag matches, and
 *                  behind a $ the subfields with that code in one field.
 *   245$a 245$a$b 245$a-c $a[0]   subfields; control fields have none
 *   008/35-37 245$a/#             characters (Unicode, not bytes), from 0; a
 *                  place behind the end gives nothing
 *   856^1          indicator 1
 *   856$u{^1=\4}   sub-specs filter what stands before them: = != ~ (includes)
 *                  !~ ? ! (exists, doesn't), alternatives with |, all of
 *                  {…}{…} must hold. \text is text; \ before $ { } ! = ~ ? |
 *                  and \s for a blank. They don't nest.
 *
 * Where the text leaves it open:
 * - Values come in the record's order, each once: 245$b$a and 245$a$b are the
 *   same.
 * - A term with the tag of the spec around it, or without one, means the field
 *   that is looked at; with the same subfield code too, the very subfield.
 *   With an index it means that of the record, or of the field.
 * - No value on the left makes =, !=, ~ and !~ false, as the text says.
 * - A range that runs backwards is an error, as in the published tests.
 * - Beyond ASCII, characters need no escape. Leading zeros are fine (LDR/06).
 *
 * What is accepted besides:
 * - 856{^1=\4}$u: a sub-spec for the field, before its subfields.
 * - 856[indicator1=4]$u: short for that; _ or # is a blank.
 * - 856_4_$u, 856_40$u: indicators as in version 0.14; here _ is any.
 * - INST$a, HLD866[0]: longer tags that begin with a letter, with something behind them;
 *   HLD$updated: longer codes of letters and digits, without an index, where the tag begins
 *   with a letter. Alma has them.
 * - {^2=1} for {^2=\1}: one letter or digit, as in an example of the text. */
#ifndef ALM_MARCSPEC_H
#define ALM_MARCSPEC_H

#include "marc.h"

enum { ALM_MARCSPEC_MAXIMUM = 1000 }; /* bytes of an expression */

typedef struct alm_marcspec alm_marcspec;

/* Failure: parse, naming the position (from 1) and what was expected there. */
alm_marcspec *alm_marcspec_parse(const char *text, size_t length, alm_error *err);
void alm_marcspec_free(alm_marcspec *spec); /* NULL is fine */

/* The first value; its text is NULL when there is none. It lies in the record's
 * memory or the spec's, until the spec is used again. False: memory, or the
 * spec gave up. */
bool alm_marcspec_first(alm_marcspec *spec, const alm_marc *record, alm_slice *value);

/* Where a value is. */
typedef struct alm_part alm_part;
typedef struct {
  const alm_marc_field *field; /* NULL: the leader */
  const alm_part *part;        /* of the spec; private */
  alm_subfield subfield;       /* when the part is one */
  alm_slice whole, text;       /* before and after its characters are cut out */
} alm_marc_hit;

/* Steps through the values. A spec serves one walk at a time, since it holds
 * the memory for texts that are put together.
 *   alm_marc_values values;
 *   if (!alm_marcspec_begin(spec, record, &values)) … memory
 *   while (alm_marcspec_next(&values)) … values.hit.text */
enum { ALM_SUBFIELD_CODES = 128 };
typedef struct {
  alm_marc_hit hit;
  /* private */
  alm_marcspec *spec;
  const alm_marc *record;
  const struct alm_path *path;
  char *room;
  bool one_field, inside;
  size_t seen, total;
  char indicator;
  uint32_t codes_seen[ALM_SUBFIELD_CODES], codes_total[ALM_SUBFIELD_CODES];
} alm_marc_values;

bool alm_marcspec_begin(alm_marcspec *spec, const alm_marc *record, alm_marc_values *values);
bool alm_marcspec_next(alm_marc_values *values);

/* Sub-specs compare all with all, which a giant record makes endless. After 20
 * million steps a walk ends; its values are then not to be used. */
bool alm_marcspec_gave_up(const alm_marcspec *spec);
#define ALM_MARCSPEC_GAVE_UP "the record has too many fields and subfields for its sub-specs"

#endif
