/* Conditions: clauses in a row, each with "or" or "and" before it. */
#include "marc_where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marcspec_private.h"
#include "../base/regex.h"

enum { CLAUSES = 64 };

typedef enum { EXISTS, ABSENT, IS, IS_NOT, HAS, HAS_NOT, MATCHES } clause_relation;

typedef struct {
  bool or_before;
  clause_relation relation;
  alm_marcspec *spec;
  char *text;
  size_t length;
  alm_regex *regex;
} clause;

struct alm_marc_where {
  size_t count;
  clause clauses[CLAUSES];
};

void alm_marc_where_free(alm_marc_where *where) {
  if (!where) return;
  for (size_t i = 0; i < where->count; i++) {
    clause *c = &where->clauses[i];
    alm_marcspec_free(c->spec);
    alm_regex_free(c->regex);
    free(c->text);
  }
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

/* The text, which began at `start`. */
static bool compile(alm_scan *scan, clause *c, size_t start) {
  char reason[ALM_REGEX_REASON], what[160];
  c->regex = alm_regex_compile(c->text, c->length, reason);
  if (c->regex) return true;
  scan->at = start;
  snprintf(what, sizeof what, "not a regular expression (%s)", reason);
  return alm_scan_wrong(scan, what);
}

static bool scan_clause(alm_scan *scan, clause *c) {
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
    return scan_text(scan, c) && (c->relation != MATCHES || compile(scan, c, start));
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
    if (!scan_clause(scan, c)) return false;
    skip_blanks(scan);
    if (scan->at == scan->length) return true;
    if (!at_join(scan)) return alm_scan_expected(scan, "&& or ||");
    or_before = alm_scan_peek(scan, 0) == '|';
    scan->at += 2;
  }
}

alm_marc_where *alm_marc_where_parse(const char *text, size_t length, alm_error *err) {
  alm_scan scan = {.called = "condition", .text = text, .length = length, .err = err};
  alm_marc_where *where = calloc(1, sizeof *where);
  bool fine = where != NULL;
  if (!where) alm_fail(err, ALM_LIMIT, "condition: out of memory");
  else if (length > ALM_MARC_WHERE_MAXIMUM)
    fine = alm_fail(err, ALM_PARSE, "condition is longer than %d bytes", ALM_MARC_WHERE_MAXIMUM);
  if (fine && scan_clauses(&scan, where)) return where;
  alm_marc_where_free(where);
  return NULL;
}

/* ---- testing ---- */

/* -1: memory. */
static int fits(clause *c, alm_slice value) {
  switch (c->relation) {
    case IS: case IS_NOT:
      return value.length == c->length && memcmp(value.text, c->text, c->length) == 0;
    case HAS: case HAS_NOT:
      return memmem(value.text, value.length, c->text, c->length) != NULL;
    case MATCHES: return alm_regex_matches(c->regex, value.text, value.length);
    default: return 1;
  }
}

/* False: memory. */
static bool test_clause(clause *c, const alm_marc *record, bool *passes) {
  alm_marc_values values;
  bool any = false;
  int fitting = 0;
  if (!alm_marcspec_begin(c->spec, record, &values)) return false;
  while (fitting == 0 && alm_marcspec_next(&values)) {
    any = true;
    fitting = fits(c, values.hit.text);
  }
  bool negated = c->relation == IS_NOT || c->relation == HAS_NOT;
  *passes = c->relation == ABSENT ? !any : negated ? any && fitting == 0 : fitting == 1;
  return fitting >= 0 && !alm_marcspec_gave_up(c->spec);
}

bool alm_marc_where_test(alm_marc_where *where, const alm_marc *record, bool *passes,
                         alm_error *err) {
  *passes = true;
  for (size_t i = 0; i < where->count; i++) {
    clause *c = &where->clauses[i];
    if (c->or_before && *passes) return true;
    if (c->or_before) *passes = true;
    if (*passes && !test_clause(c, record, passes))
      return alm_fail(err, ALM_LIMIT, "condition: %s",
                      alm_marcspec_gave_up(c->spec) ? ALM_MARCSPEC_GAVE_UP : "out of memory");
  }
  return true;
}
