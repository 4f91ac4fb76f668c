/* Conditions: clauses in a row, each with "or" or "and" before it. */
#include "marc_where.h"

#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marcspec_private.h"

enum { CLAUSES = 64, REPEATS = 1000 };

typedef enum { EXISTS, ABSENT, IS, IS_NOT, HAS, HAS_NOT, MATCHES } clause_relation;

typedef struct {
  bool or_before;
  clause_relation relation;
  alm_marcspec *spec;
  char *text;
  size_t length;
  bool compiled;
  regex_t regex;
} clause;

struct alm_marc_where {
  locale_t letters; /* regular expressions see characters, not bytes, in it */
  size_t count;
  clause clauses[CLAUSES];
};

void alm_marc_where_free(alm_marc_where *where) {
  if (!where) return;
  for (size_t i = 0; i < where->count; i++) {
    clause *c = &where->clauses[i];
    alm_marcspec_free(c->spec);
    if (c->compiled) regfree(&c->regex);
    free(c->text);
  }
  if (where->letters) freelocale(where->letters);
  free(where);
}

/* ---- text ---- */

static void skip_blanks(alm_scan *scan) {
  while (alm_scan_take(scan, ' ')) continue;
}

static bool at_join(const alm_scan *scan) {
  char c = alm_scan_peek(scan, 0);
  return (c == '&' || c == '|') && alm_scan_peek(scan, 1) == c;
}

/* A quote in it is there twice. */
static bool scan_quoted(alm_scan *scan, clause *c, char quote) {
  scan->at++;
  for (;;) {
    if (scan->at == scan->length)
      return alm_scan_expected(scan, quote == '"' ? "a closing \"" : "a closing '");
    if (alm_scan_take(scan, quote) && !(alm_scan_peek(scan, 0) == quote)) return true;
    c->text[c->length++] = scan->text[scan->at++];
  }
}

static void scan_bare(alm_scan *scan, clause *c) {
  while (scan->at < scan->length && !at_join(scan)) c->text[c->length++] = scan->text[scan->at++];
  while (c->length > 0 && c->text[c->length - 1] == ' ') c->length--;
}

static bool scan_text(alm_scan *scan, clause *c) {
  skip_blanks(scan);
  char quote = alm_scan_peek(scan, 0);
  c->text = calloc(1, scan->length - scan->at + 1);
  if (!c->text) return alm_fail(scan->err, ALM_LIMIT, "condition: out of memory");
  if (quote == '"' || quote == '\'') return scan_quoted(scan, c, quote);
  scan_bare(scan, c);
  return c->length > 0 || alm_scan_expected(scan, "a text ('' for the empty one)");
}

/* ---- regular expressions ---- */

/* {n,m} within each other multiply, and so does the memory they take. */
static bool repeats_too_often(const char *pattern) {
  unsigned long product = 1, number;
  for (const char *at = pattern; (at = strchr(at, '{')); at++) {
    const char *comma = at + 1 + strspn(at + 1, "0123456789");
    number = strtoul(*comma == ',' && comma[1] >= '0' && comma[1] <= '9' ? comma + 1 : at + 1,
                     NULL, 10);
    if (number > REPEATS) return true;
    if (number > 1) product *= number;
    if (product > REPEATS) return true;
  }
  return false;
}

static int compile_in(locale_t letters, clause *c) {
  locale_t before = letters ? uselocale(letters) : 0;
  int status = regcomp(&c->regex, c->text, REG_EXTENDED | REG_NOSUB);
  if (letters) uselocale(before);
  return status;
}

/* Behind the text, which began at `start`. */
static bool compile(alm_scan *scan, locale_t letters, clause *c, size_t start) {
  char reason[100], what[160];
  size_t end = scan->at;
  scan->at = start;
  if (strlen(c->text) < c->length)
    return alm_scan_wrong(scan, "a regular expression has no byte 0");
  if (repeats_too_often(c->text))
    return alm_scan_wrong(scan, "the regular expression repeats more than 1000 times");
  int status = compile_in(letters, c);
  c->compiled = status == 0;
  if (c->compiled) {
    scan->at = end;
    return true;
  }
  regerror(status, &c->regex, reason, sizeof reason);
  snprintf(what, sizeof what, "not a regular expression (%s)", reason);
  return alm_scan_wrong(scan, what);
}

/* ---- clauses ---- */

static bool scan_relation(alm_scan *scan, clause_relation *relation) {
  bool not = alm_scan_peek(scan, 0) == '!';
  char c = alm_scan_peek(scan, not);
  if (c != '=' && c != '~') return false;
  scan->at += not + 1u;
  if (c == '~') *relation = not ? HAS_NOT : HAS;
  else if (not) *relation = IS_NOT;
  else *relation = alm_scan_take(scan, '~') ? MATCHES : IS;
  return true;
}

static bool scan_clause(alm_scan *scan, locale_t letters, clause *c) {
  const char *next;
  skip_blanks(scan);
  bool absent = alm_scan_take(scan, '!');
  c->spec = alm_scan_marcspec(scan, &next);
  if (!c->spec) return false;
  c->relation = absent ? ABSENT : EXISTS;
  size_t end = scan->at;
  skip_blanks(scan);
  if (!absent && scan_relation(scan, &c->relation)) {
    size_t start = scan->at;
    return scan_text(scan, c) && (c->relation != MATCHES || compile(scan, letters, c, start));
  }
  if (at_join(scan) || scan->at == scan->length) return true;
  if (absent) return alm_scan_expected(scan, "&&, || or the end");
  char what[80] = "=, !=, ~, !~, =~, &&, || or the end";
  if (scan->at == end) snprintf(what, sizeof what, "=, !=, ~, !~, =~, &&, ||, the end or %s", next);
  return alm_scan_expected(scan, what);
}

static bool scan_clauses(alm_scan *scan, alm_marc_where *where) {
  bool or_before = false;
  for (;;) {
    if (where->count == CLAUSES) return alm_scan_wrong(scan, "more than 64 conditions");
    clause *c = &where->clauses[where->count++];
    c->or_before = or_before;
    if (!scan_clause(scan, where->letters, c)) return false;
    skip_blanks(scan);
    if (scan->at == scan->length) return true;
    if (!at_join(scan)) return alm_scan_expected(scan, "&& or ||");
    or_before = alm_scan_peek(scan, 0) == '|';
    scan->at += 2;
  }
}

alm_marc_where *alm_marc_where_parse(const char *text, size_t length, alm_error *err) {
  alm_scan scan = {"condition", text, length, 0, err};
  alm_marc_where *where = calloc(1, sizeof *where);
  bool fine = where != NULL;
  if (!where) alm_fail(err, ALM_LIMIT, "condition: out of memory");
  else if (length > ALM_MARC_WHERE_MAXIMUM)
    fine = alm_fail(err, ALM_PARSE, "condition is longer than %d bytes", ALM_MARC_WHERE_MAXIMUM);
  if (fine) where->letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  if (fine && scan_clauses(&scan, where)) return where;
  alm_marc_where_free(where);
  return NULL;
}

/* ---- testing ---- */

static bool fits(const clause *c, alm_slice value) {
  regmatch_t part = {0, (regoff_t)value.length};
  switch (c->relation) {
    case IS: case IS_NOT:
      return value.length == c->length && memcmp(value.text, c->text, c->length) == 0;
    case HAS: case HAS_NOT:
      return memmem(value.text, value.length, c->text, c->length) != NULL;
    case MATCHES: return regexec(&c->regex, value.text, 1, &part, REG_STARTEND) == 0;
    default: return true;
  }
}

/* False: memory. */
static bool test_clause(const clause *c, const alm_marc *record, bool *passes) {
  alm_marc_values values;
  bool any = false, fitting = false;
  if (!alm_marcspec_begin(c->spec, record, &values)) return false;
  while (!fitting && alm_marcspec_next(&values)) {
    any = true;
    fitting = fits(c, values.hit.text);
  }
  bool negated = c->relation == IS_NOT || c->relation == HAS_NOT;
  *passes = c->relation == ABSENT ? !any : negated ? any && !fitting : fitting;
  return true;
}

static bool test_clauses(const alm_marc_where *where, const alm_marc *record, bool *passes) {
  *passes = true;
  for (size_t i = 0; i < where->count; i++) {
    const clause *c = &where->clauses[i];
    if (c->or_before && *passes) return true;
    if (c->or_before) *passes = true;
    if (*passes && !test_clause(c, record, passes)) return false;
  }
  return true;
}

bool alm_marc_where_test(alm_marc_where *where, const alm_marc *record, bool *passes,
                         alm_error *err) {
  locale_t before = where->letters ? uselocale(where->letters) : 0;
  bool done = test_clauses(where, record, passes);
  if (where->letters) uselocale(before);
  return done || alm_fail(err, ALM_LIMIT, "condition: out of memory");
}
