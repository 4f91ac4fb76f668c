/* A MARCspec from its text: fields, then what is taken of them. */
#include <stdlib.h>
#include <string.h>

#include "marcspec_private.h"
#include "../base/ascii.h"

/* ---- one block ---- */

static size_t count_of(const alm_scan *scan, char c) {
  size_t count = 0;
  for (size_t i = scan->at; i < scan->length; i++) count += scan->text[i] == c;
  return count;
}

static void *carve(char **at, size_t size) {
  size_t unit = sizeof(max_align_t);
  void *memory = *at;
  *at += (size + unit - 1) / unit * unit;
  return memory;
}

/* With room for as many parts and sub-specs as the text can have. */
static alm_marcspec *new_spec(const alm_scan *scan) {
  size_t tests = count_of(scan, '{') + count_of(scan, '[') + 2 * count_of(scan, '_');
  size_t comparisons = tests + count_of(scan, '|');
  size_t parts = 1 + count_of(scan, '$'), unit = sizeof(max_align_t);
  size_t size = sizeof(alm_marcspec) + parts * sizeof(alm_part) + tests * sizeof(alm_test) +
                comparisons * sizeof(alm_comparison) + (scan->length - scan->at) + 5 * unit;
  char *at = calloc(1, size);
  if (!at) return NULL;
  alm_marcspec *spec = carve(&at, sizeof *spec);
  spec->parts = carve(&at, parts * sizeof *spec->parts);
  spec->tests = carve(&at, tests * sizeof *spec->tests);
  spec->comparisons = carve(&at, comparisons * sizeof *spec->comparisons);
  spec->text = at;
  spec->path.parts = spec->parts;
  return spec;
}

void alm_marcspec_free(alm_marcspec *spec) {
  if (!spec) return;
  free(spec->room);
  free(spec);
}

/* ---- fields ---- */

/* "[indicator1=4]", behind the bracket. */
static bool scan_named_indicator(alm_scan *scan, alm_marcspec *spec) {
  static const char name[] = "indicator";
  for (const char *c = name; *c; c++)
    if (!alm_scan_take(scan, *c)) return alm_scan_expected(scan, "a number, # or indicator1=");
  char which = alm_scan_peek(scan, 0);
  if (which != '1' && which != '2') return alm_scan_expected(scan, "1 or 2, the indicator");
  scan->at++;
  if (!alm_scan_take(scan, '=')) return alm_scan_expected(scan, "=");
  char value = alm_scan_peek(scan, 0);
  if (value <= ' ' || value >= 0x7f || value == ']')
    return alm_scan_expected(scan, "the indicator's value (_ or # for a blank)");
  scan->at++;
  if (!alm_scan_take(scan, ']')) return alm_scan_expected(scan, "]");
  if (value == '_' || value == '#') value = ' ';
  alm_marcspec_add_indicator_test(spec, &spec->path.tests, (char)(which - '0'), value);
  return true;
}

/* [0], then any [indicator1=…]. */
static bool scan_brackets(alm_scan *scan, alm_marcspec *spec) {
  while (alm_scan_take(scan, '[')) {
    if (alm_scan_peek(scan, 0) == 'i') {
      if (!scan_named_indicator(scan, spec)) return false;
      continue;
    }
    if (spec->path.indexed || spec->path.tests.count > 0)
      return alm_scan_expected(scan, "indicator1= or indicator2= (an index stands behind the tag)");
    spec->path.indexed = true;
    if (!alm_scan_span(scan, &spec->path.index)) return false;
    if (!alm_scan_take(scan, ']')) return alm_scan_expected(scan, "]");
  }
  return true;
}

/* "_10", "_1", "__0" behind the tag. */
static bool scan_old_indicators(alm_scan *scan, alm_marcspec *spec) {
  if (!alm_scan_take(scan, '_')) return true;
  for (char which = 1; which <= 2; which++) {
    char c = alm_scan_peek(scan, 0);
    bool given = alm_ascii_is_digit(c) || alm_ascii_is_small(c);
    if (given) alm_marcspec_add_indicator_test(spec, &spec->path.tests, which, c);
    else if (which == 1 && c != '_') return alm_scan_expected(scan, "an indicator or _");
    else if (c != '_') break;
    scan->at++;
  }
  return true;
}

/* ---- what is taken of them ---- */

static const char AFTER_TAG[] = "[, {, $, ^, /", AFTER_FIELD[] = "{, $, ^, /",
                  AFTER_CODE[] = "[, /, {, $", AFTER_INDEX[] = "/, {, $",
                  AFTER_SUBFIELD[] = "{, $", AFTER_WHOLE[] = "{";

static bool scan_subfields(alm_scan *scan, alm_marcspec *spec, const char **next) {
  alm_path *path = &spec->path;
  while (alm_scan_peek(scan, 0) == '$') {
    alm_part *part = &spec->parts[path->part_count++];
    if (!alm_scan_subfield(scan, part)) return false;
    *next = part->cut ? AFTER_SUBFIELD : part->indexed ? AFTER_INDEX : AFTER_CODE;
    if (alm_scan_peek(scan, 0) == '{') *next = AFTER_SUBFIELD;
    if (!alm_scan_tests(scan, spec, part, &part->tests)) return false;
  }
  return true;
}

/* The field's text or part of it, or an indicator. */
static bool scan_one(alm_scan *scan, alm_marcspec *spec, const char **next) {
  alm_part *part = &spec->parts[0];
  char c = alm_scan_peek(scan, 0);
  spec->path.part_count = 1;
  spec->joins |= c != '^' && !spec->path.leader;
  if (c == '^' ? !alm_scan_indicator(scan, part) : !alm_scan_characters(scan, part)) return false;
  if (c == '^' || c == '/') *next = AFTER_WHOLE;
  return alm_scan_tests(scan, spec, part, &spec->path.tests);
}

static bool scan_field(alm_scan *scan, alm_marcspec *spec, const char **next) {
  static const alm_part whole = {.kind = ALM_PART_WHOLE};
  alm_path *path = &spec->path;
  if (!alm_scan_tag(scan, path->tag)) return false;
  path->leader = strcmp(path->tag, "LDR") == 0;
  path->wild = strchr(path->tag, '.') != NULL;
  *next = AFTER_TAG;
  if (!scan_brackets(scan, spec) || !scan_old_indicators(scan, spec)) return false;
  if (path->indexed || path->tests.count > 0 || alm_scan_peek(scan, 0) == '{') *next = AFTER_FIELD;
  return alm_scan_tests(scan, spec, &whole, &path->tests);
}

/* Most are TAG or TAG$x, which need none of the machinery. */
static void find_plain(alm_marcspec *spec) {
  const alm_path *path = &spec->path;
  const alm_part *part = path->parts;
  if (path->leader || path->wild || path->indexed || path->tests.count > 0) return;
  if (path->part_count > 1 || part->indexed || part->cut || part->tests.count > 0) return;
  if (part->kind == ALM_PART_WHOLE) spec->plain = ALM_PLAIN_FIELD;
  if (part->kind == ALM_PART_SUBFIELD && part->low == part->high && !*part->name) spec->plain = ALM_PLAIN_SUBFIELD;
}

alm_marcspec *alm_scan_marcspec(alm_scan *scan, const char **next) {
  alm_marcspec *spec = new_spec(scan);
  if (!spec) {
    alm_fail(scan->err, ALM_LIMIT, "%s: out of memory", scan->called);
    return NULL;
  }
  bool fine = scan_field(scan, spec, next) &&
              (alm_scan_peek(scan, 0) == '$' ? scan_subfields(scan, spec, next)
                                             : scan_one(scan, spec, next));
  if (fine) {
    find_plain(spec);
    return spec;
  }
  alm_marcspec_free(spec);
  return NULL;
}

alm_marcspec *alm_marcspec_parse(const char *text, size_t length, alm_error *err) {
  alm_scan scan = {.called = "MARCspec", .text = text, .length = length, .err = err};
  char what[64] = "the end or ";
  const char *next;
  if (length > ALM_MARCSPEC_MAXIMUM) {
    alm_fail(err, ALM_PARSE, "MARCspec is longer than %d bytes", ALM_MARCSPEC_MAXIMUM);
    return NULL;
  }
  alm_marcspec *spec = alm_scan_marcspec(&scan, &next);
  if (!spec || scan.at == length) return spec;
  alm_scan_expected(&scan, strcat(what, next));
  alm_marcspec_free(spec);
  return NULL;
}
