/* Do the sub-specs hold? What doesn't depend on the field or the value that is
 * looked at is found out once. */
#include <string.h>

#include "marcspec_private.h"

/* The values of a term: one that is known, or a walk. */
typedef struct {
  bool one;
  alm_slice text;
  alm_marc_values walk;
} term_values;

static void begin_term(term_values *values, const alm_term *term, alm_marc_values *around,
                       char *room) {
  values->one = term->scope == ALM_TERM_TEXT || term->scope == ALM_TERM_VALUE;
  if (term->scope == ALM_TERM_TEXT) values->text = term->text;
  if (term->scope == ALM_TERM_VALUE)
    values->text = alm_marcspec_cut(&term->part, around->hit.whole);
  if (values->one) return;
  alm_marcspec_values_begin(&values->walk, around->spec, around->record, &term->path, room);
  if (term->scope != ALM_TERM_FIELD) return;
  values->walk.one_field = true;
  values->walk.hit.field = around->hit.field;
}

/* text NULL: no more. */
static alm_slice next_of_term(term_values *values) {
  alm_slice text = {NULL, 0};
  if (values->one) {
    text = values->text;
    values->text.text = NULL;
  } else if (alm_marcspec_next(&values->walk)) {
    text = values->walk.hit.text;
  }
  return text;
}

static bool exists(const alm_term *term, alm_marc_values *around, char *room) {
  term_values values;
  begin_term(&values, term, around, room);
  return next_of_term(&values).text != NULL;
}

/* ---- comparing ---- */

static bool same(alm_slice left, alm_slice right) {
  return left.length == right.length && memcmp(left.text, right.text, left.length) == 0;
}

static bool includes(alm_slice left, alm_slice right) {
  return memmem(left.text, left.length, right.text, right.length) != NULL;
}

static bool any_right(const alm_comparison *comparison, alm_slice left, alm_marc_values *around,
                      char *room) {
  term_values values;
  bool equal = comparison->operator == ALM_IS || comparison->operator == ALM_IS_NOT;
  begin_term(&values, &comparison->right, around, room);
  for (alm_slice right; (right = next_of_term(&values)).text;)
    if (equal ? same(left, right) : includes(left, right)) return true;
  return false;
}

static bool compare(const alm_comparison *comparison, alm_marc_values *around, char *room,
                    char *second) {
  term_values values;
  bool wanted = comparison->operator == ALM_IS || comparison->operator == ALM_HAS, any = false;
  begin_term(&values, &comparison->left, around, room);
  for (alm_slice left; (left = next_of_term(&values)).text; any = true)
    if (any_right(comparison, left, around, second)) return wanted;
  return any && !wanted;
}

static bool holds(const alm_comparison *comparison, alm_marc_values *around) {
  alm_marcspec *spec = around->spec;
  char *room = spec->room ? spec->room + spec->room_each : NULL;
  char *second = room ? room + spec->room_each : NULL;
  if (comparison->operator < ALM_EXISTS) return compare(comparison, around, room, second);
  if (comparison->left_given && !exists(&comparison->left, around, room)) return false;
  return exists(&comparison->right, around, room) == (comparison->operator == ALM_EXISTS);
}

/* ---- sub-specs ---- */

static bool any_holds(const alm_test *test, alm_marc_values *around) {
  const alm_comparison *list = around->spec->comparisons + test->alternatives.from;
  for (size_t i = 0; i < test->alternatives.count; i++)
    if (holds(&list[i], around)) return true;
  return false;
}

bool alm_marcspec_tests_hold(alm_marc_values *values, alm_run tests) {
  for (size_t i = 0; i < tests.count; i++) {
    alm_test *test = &values->spec->tests[tests.from + i];
    if (test->known == ALM_UNKNOWN || test->scope == ALM_TERM_VALUE)
      test->known = any_holds(test, values) ? ALM_TRUE : ALM_FALSE;
    if (test->known == ALM_FALSE) return false;
  }
  return true;
}

void alm_marcspec_tests_forget(alm_marcspec *spec, alm_term_scope scope) {
  for (size_t i = 0; i < spec->test_count; i++)
    if (spec->tests[i].scope >= scope) spec->tests[i].known = ALM_UNKNOWN;
}
