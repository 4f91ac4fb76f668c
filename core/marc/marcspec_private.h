/* What a MARCspec is compiled into, for the files that parse, walk and edit.
 * A path is fields and what is taken of them; a sub-spec compares terms, which
 * are paths with one part, or text. */
#ifndef ALM_MARCSPEC_PRIVATE_H
#define ALM_MARCSPEC_PRIVATE_H

#include "marcspec.h"

/* [0] [1-3] [#] [#-1]: places from `first` to `last`, `backward` from the end. */
typedef struct {
  uint32_t first, last;
  bool backward;
} alm_span;

/* A run of the spec's sub-specs, or of a sub-spec's alternatives. */
typedef struct {
  uint16_t from, count;
} alm_run;

typedef enum { ALM_PART_WHOLE, ALM_PART_SUBFIELD, ALM_PART_INDICATOR } alm_part_kind;

struct alm_part {
  alm_part_kind kind;
  char low, high;        /* subfield codes, */
  char name[16];         /* or one of more than one character */
  char indicator;        /* 1 or 2 */
  bool indexed, cut;
  alm_span index;        /* of subfields with one code in one field */
  alm_span characters;
  alm_run tests;         /* of a subfield; those of a field are the path's */
};

typedef struct alm_path {
  char tag[ALM_MARC_TAG_ROOM];
  bool leader, wild, indexed;
  alm_span index;        /* of fields that the tag matches */
  alm_run tests;
  const alm_part *parts; /* several only when they are subfields */
  size_t part_count;
} alm_path;

/* Where a term looks: the same for the whole record, for one field, or for the
 * very value that is tested. Their order is how long a result holds. */
typedef enum { ALM_TERM_TEXT, ALM_TERM_RECORD, ALM_TERM_FIELD, ALM_TERM_VALUE } alm_term_scope;

typedef struct {
  alm_term_scope scope;
  alm_slice text;
  alm_path path;
  alm_part part;
} alm_term;

typedef enum {
  ALM_IS, ALM_IS_NOT, ALM_HAS, ALM_HAS_NOT, ALM_EXISTS, ALM_EXISTS_NOT
} alm_operator;

typedef struct {
  alm_operator operator;
  bool left_given;
  alm_term left, right;
} alm_comparison;

typedef struct {
  alm_run alternatives;
  alm_term_scope scope;
  enum { ALM_UNKNOWN, ALM_TRUE, ALM_FALSE } known;
} alm_test;

struct alm_marcspec {
  alm_path path;
  enum { ALM_INTRICATE, ALM_PLAIN_FIELD, ALM_PLAIN_SUBFIELD } plain; /* TAG, TAG$x */
  bool joins;            /* puts subfields together: needs room */
  alm_part *parts;       /* all in the spec's own block, as the next three */
  alm_test *tests;
  alm_comparison *comparisons;
  char *text;            /* of comparison strings */
  size_t test_count, comparison_count, text_length;
  char *room;            /* for three texts: a value, a left and a right term */
  size_t room_each;
  size_t steps;          /* of the walk and the tests in it */
};

/* ---- scanning, with errors that say where and what ---- */

typedef struct {
  const char *called;    /* "MARCspec" or "condition" */
  const char *text;
  size_t length, at;
  alm_error *err;
  bool lettered;         /* the last tag begins with a letter: it may have longer codes */
} alm_scan;

/* The character there; NUL behind the end and for a NUL. */
char alm_scan_peek(const alm_scan *scan, size_t ahead);
/* Steps over `c` when it is there. */
bool alm_scan_take(alm_scan *scan, char c);
/* Fill the error, return false: "… expected WHAT at position N, not X". */
bool alm_scan_expected(const alm_scan *scan, const char *what);
bool alm_scan_wrong(const alm_scan *scan, const char *what);

bool alm_scan_tag(alm_scan *scan, char tag[ALM_MARC_TAG_ROOM]);
bool alm_scan_span(alm_scan *scan, alm_span *span);
bool alm_scan_indicator(alm_scan *scan, alm_part *part);
/* From the $ on: code or range, index, characters. */
bool alm_scan_subfield(alm_scan *scan, alm_part *part);
/* "/3-4" when it is there. */
bool alm_scan_characters(alm_scan *scan, alm_part *part);

/* All {…} that stand here, for `part` of the spec's path. */
bool alm_scan_tests(alm_scan *scan, alm_marcspec *spec, const alm_part *part, alm_run *run);
/* Adds {^N=\VALUE}. */
void alm_marcspec_add_indicator_test(alm_marcspec *spec, alm_run *run, char which, char value);

/* Parses what stands at the scan's place as far as it is a MARCspec; `next` is
 * what else could have followed. NULL: failed. */
alm_marcspec *alm_scan_marcspec(alm_scan *scan, const char **next);

/* ---- walking ---- */

/* The whole spec's, a field's or a value's sub-specs. */
bool alm_marcspec_tests_hold(alm_marc_values *values, alm_run tests);
/* Results that held for a field (or less) are forgotten. */
void alm_marcspec_tests_forget(alm_marcspec *spec, alm_term_scope scope);

/* A walk over a path; `room` is for a text that is put together. */
void alm_marcspec_values_begin(alm_marc_values *values, alm_marcspec *spec, const alm_marc *record,
                               const alm_path *path, char *room);
/* The next field that tag, index and tests allow. */
bool alm_marcspec_values_next_field(alm_marc_values *values);
/* The characters of `text` that the part cuts out; text NULL when none. */
alm_slice alm_marcspec_cut(const alm_part *part, alm_slice text);

#endif
