/* Sub-specs: {left operator right | …}. A term without a tag means the path
 * around it; the table of abbreviations is in the published text. */
#include <string.h>

#include "marcspec_private.h"
#include "../base/ascii.h"

/* What a sub-spec stands behind. */
typedef struct {
  alm_scan *scan;
  alm_marcspec *spec;
  const alm_part *part;
} around;

/* ---- text ---- */

static bool ends_text(char c) { return strchr("${}!=~?| \t\n", c) != NULL; }

/* Behind the first backslash. An = there needs none. A NUL ends it. */
static bool scan_text(around *a, alm_term *term) {
  alm_scan *scan = a->scan;
  char *start = a->spec->text + a->spec->text_length, *to = start;
  if (alm_scan_take(scan, '=')) *to++ = '=';
  while (!ends_text(alm_scan_peek(scan, 0))) {
    bool escaped = alm_scan_take(scan, '\\');
    if (escaped && scan->at == scan->length)
      return alm_scan_expected(scan, "a character behind the backslash");
    char c = scan->text[scan->at++];
    *to++ = escaped && c == 's' ? ' ' : c;
  }
  term->scope = ALM_TERM_TEXT;
  term->text = (alm_slice){start, (size_t)(to - start)};
  a->spec->text_length += (size_t)(to - start);
  return true;
}

/* ---- terms ---- */

/* The same codes: the term means the very subfield. */
static bool is_same_subfield(const around *a, const alm_part *part) {
  return a->part->kind == ALM_PART_SUBFIELD && part->kind == ALM_PART_SUBFIELD &&
         !part->indexed && part->low == a->part->low && part->high == a->part->high &&
         strcmp(part->name, a->part->name) == 0;
}

static void copy_codes(const alm_part *from, alm_part *to) {
  to->low = from->low;
  to->high = from->high;
  memcpy(to->name, from->name, sizeof to->name);
}

static void point(const around *a, alm_term *term, bool this_field) {
  alm_path *path = &term->path;
  path->leader = strcmp(path->tag, "LDR") == 0;
  path->wild = strchr(path->tag, '.') != NULL;
  path->parts = &term->part;
  path->part_count = 1;
  term->scope = !this_field ? ALM_TERM_RECORD
                : is_same_subfield(a, &term->part) ? ALM_TERM_VALUE : ALM_TERM_FIELD;
  if (term->part.kind == ALM_PART_WHOLE && !path->leader) a->spec->joins = true;
}

/* $a ^1 /0 behind a tag or an index, or nothing. */
static bool scan_part(alm_scan *scan, alm_part *part) {
  if (alm_scan_peek(scan, 0) == '$') return alm_scan_subfield(scan, part);
  if (alm_scan_peek(scan, 0) == '^') return alm_scan_indicator(scan, part);
  return alm_scan_characters(scan, part);
}

static bool scan_index(alm_scan *scan, alm_span *span) {
  scan->at++; /* [ */
  return alm_scan_span(scan, span) && (alm_scan_take(scan, ']') || alm_scan_expected(scan, "]"));
}

static bool scan_tagged(around *a, alm_term *term) {
  alm_path *path = &term->path;
  bool before = a->scan->lettered;
  if (!alm_scan_tag(a->scan, path->tag)) return false;
  path->indexed = alm_scan_peek(a->scan, 0) == '[';
  if (path->indexed && !scan_index(a->scan, &path->index)) return false;
  if (!scan_part(a->scan, &term->part)) return false;
  a->scan->lettered = before;
  point(a, term, !path->indexed && strcmp(path->tag, a->spec->path.tag) == 0);
  return true;
}

/* [1] is of the subfield behind a subfield, else of the field. */
static bool scan_abbreviated_index(around *a, alm_term *term) {
  alm_span span;
  if (!scan_index(a->scan, &span)) return false;
  char next = alm_scan_peek(a->scan, 0);
  bool of_subfield = a->part->kind == ALM_PART_SUBFIELD && next != '$' && next != '^';
  if (of_subfield) {
    term->part.kind = ALM_PART_SUBFIELD;
    copy_codes(a->part, &term->part);
    term->part.index = span;
    term->part.indexed = true;
  } else {
    term->path.index = span;
    term->path.indexed = true;
  }
  if (!scan_part(a->scan, &term->part)) return false;
  point(a, term, of_subfield);
  return true;
}

static bool scan_abbreviated_characters(around *a, alm_term *term) {
  if (a->part->kind == ALM_PART_INDICATOR)
    return alm_scan_wrong(a->scan, "an indicator has no character positions");
  term->part.kind = a->part->kind;
  copy_codes(a->part, &term->part);
  if (!alm_scan_characters(a->scan, &term->part)) return false;
  point(a, term, true);
  return true;
}

static bool scan_abbreviated(around *a, alm_term *term) {
  char c = alm_scan_peek(a->scan, 0);
  memcpy(term->path.tag, a->spec->path.tag, sizeof term->path.tag);
  if (c == '[') return scan_abbreviated_index(a, term);
  if (c == '/') return scan_abbreviated_characters(a, term);
  if (c == '^' && a->part->kind == ALM_PART_WHOLE && a->part->cut)
    return alm_scan_wrong(a->scan, "a field with character positions has no indicators");
  if (!scan_part(a->scan, &term->part)) return false;
  point(a, term, true);
  return true;
}

static bool is_one_of(char c, const char *list) { return c && strchr(list, c); }

static bool scan_term(around *a, alm_term *term) {
  char c = alm_scan_peek(a->scan, 0);
  *term = (alm_term){0};
  if (alm_scan_take(a->scan, '\\')) return scan_text(a, term);
  if (is_one_of(c, "[/$^")) return scan_abbreviated(a, term);
  if (c == '.' || alm_ascii_is_alphanumeric(c)) return scan_tagged(a, term);
  return alm_scan_expected(a->scan, "a tag, [, /, $, ^ or \\text");
}

/* Behind an operator, one letter or digit is text. */
static bool scan_right(around *a, alm_term *term) {
  char c = alm_scan_peek(a->scan, 0), next = alm_scan_peek(a->scan, 1);
  if (!alm_ascii_is_alphanumeric(c) || !is_one_of(next, "|}")) return scan_term(a, term);
  *term = (alm_term){0};
  return scan_text(a, term);
}

/* The value that the sub-spec stands behind. */
static void imply_left(around *a, alm_term *term) {
  *term = (alm_term){.part = *a->part};
  term->part.tests = (alm_run){0};
  term->part.indexed = false;
  memcpy(term->path.tag, a->spec->path.tag, sizeof term->path.tag);
  point(a, term, true);
}

/* ---- comparisons ---- */

static bool scan_operator(alm_scan *scan, alm_operator *operator) {
  bool not = alm_scan_take(scan, '!');
  if (alm_scan_take(scan, '=')) *operator = not ? ALM_IS_NOT : ALM_IS;
  else if (alm_scan_take(scan, '~')) *operator = not ? ALM_HAS_NOT : ALM_HAS;
  else if (not) *operator = ALM_EXISTS_NOT;
  else if (alm_scan_take(scan, '?')) *operator = ALM_EXISTS;
  else return false;
  return true;
}

/* "term", "operator term" or "term operator term". */
static bool scan_comparison(around *a, alm_comparison *comparison) {
  *comparison = (alm_comparison){.operator = ALM_EXISTS};
  imply_left(a, &comparison->left);
  if (scan_operator(a->scan, &comparison->operator)) return scan_right(a, &comparison->right);
  if (!scan_term(a, &comparison->right)) return false;
  if (!scan_operator(a->scan, &comparison->operator)) return true;
  comparison->left = comparison->right;
  comparison->left.path.parts = &comparison->left.part;
  comparison->left_given = true;
  return scan_right(a, &comparison->right);
}

static void widen(alm_test *test, const alm_comparison *comparison) {
  bool unary = comparison->operator >= ALM_EXISTS && !comparison->left_given;
  if (!unary && comparison->left.scope > test->scope) test->scope = comparison->left.scope;
  if (comparison->right.scope > test->scope) test->scope = comparison->right.scope;
}

static alm_comparison *new_comparison(alm_marcspec *spec, alm_test *test) {
  test->alternatives.count++;
  return &spec->comparisons[spec->comparison_count++];
}

static alm_test *new_test(alm_marcspec *spec, alm_run *run) {
  alm_test *test = &spec->tests[spec->test_count++];
  if (run->count++ == 0) run->from = (uint16_t)(spec->test_count - 1);
  *test = (alm_test){.alternatives.from = (uint16_t)spec->comparison_count};
  return test;
}

static bool is_text(const alm_comparison *comparison) {
  return comparison->right.scope == ALM_TERM_TEXT;
}

static bool scan_test(around *a, alm_run *run) {
  alm_test *test = new_test(a->spec, run);
  do {
    alm_comparison *comparison = new_comparison(a->spec, test);
    if (!scan_comparison(a, comparison)) return false;
    widen(test, comparison);
    char c = alm_scan_peek(a->scan, 0);
    if (c == '{' && !is_text(comparison))
      return alm_scan_wrong(a->scan, "a sub-spec can't be in a sub-spec");
    if (c != '|' && c != '}')
      return alm_scan_expected(a->scan, is_text(comparison)
                                            ? "| or }, or a backslash before it (\\s for a blank),"
                                            : comparison->left_given ? "| or }"
                                                                     : "an operator, | or }");
  } while (alm_scan_take(a->scan, '|'));
  a->scan->at++; /* } */
  return true;
}

bool alm_scan_tests(alm_scan *scan, alm_marcspec *spec, const alm_part *part, alm_run *run) {
  around a = {scan, spec, part};
  while (alm_scan_take(scan, '{'))
    if (!scan_test(&a, run)) return false;
  return true;
}

void alm_marcspec_add_indicator_test(alm_marcspec *spec, alm_run *run, char which, char value) {
  static const alm_part whole = {.kind = ALM_PART_WHOLE};
  around a = {NULL, spec, &whole};
  alm_test *test = new_test(spec, run);
  alm_comparison *comparison = new_comparison(spec, test);
  char *text = spec->text + spec->text_length++;
  *text = value;
  *comparison = (alm_comparison){.operator = ALM_IS, .left_given = true};
  comparison->left.part = (alm_part){.kind = ALM_PART_INDICATOR, .indicator = which};
  memcpy(comparison->left.path.tag, spec->path.tag, sizeof spec->path.tag);
  point(&a, &comparison->left, true);
  comparison->right = (alm_term){.scope = ALM_TERM_TEXT, .text = {text, 1}};
  widen(test, comparison);
}
