/* Runs the C library's regcomp, after estimating how much it would have to build. */
#include "regex.h"

#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 1000, GROUPS = 20, NESTED = 3 };

struct alm_regex {
  regex_t regex;
  bool compiled;
  locale_t letters; /* characters, not bytes */
};

/* ---- how much would be built ---- */

/* The size of an open group and of the last atom in it, since a repeat multiplies
 * that atom: characters once repeats are written out, and repeats within repeats. */
typedef struct {
  size_t length, last_length;
  int nested, last_nested;
} measure;

typedef struct {
  measure groups[GROUPS + 1], *group;
  bool repeated;   /* the last thing read is a repeat */
  size_t repeats;  /* characters that exist only because of repeats */
  const char *reason;
} estimate;

static void add_atom(estimate *e, size_t length, int nested) {
  measure *m = e->group;
  m->length += length;
  m->last_length = length;
  m->last_nested = nested;
  if (nested > m->nested) m->nested = nested;
  e->repeated = false;
}

static void open_group(estimate *e) {
  if (e->group == e->groups + GROUPS) {
    e->reason = "more than 20 groups in each other";
    return;
  }
  *++e->group = (measure){0};
  e->repeated = false;
}

static void close_group(estimate *e) {
  const measure *inner = e->group;
  if (inner == e->groups) return;
  e->group--;
  add_atom(e, inner->length + 1, inner->nested);
}

static void repeat(estimate *e, size_t times) {
  measure *m = e->group;
  size_t more = m->last_length * (times > 0 ? times - 1 : 0);
  if (e->repeated) e->reason = "a repeat of a repeat";
  e->repeats += more;
  m->length += more;
  m->last_length += more;
  m->last_nested++;
  if (m->last_nested > m->nested) m->nested = m->last_nested;
  if (m->nested > NESTED) e->reason = "more than 3 repeats in each other";
  e->repeated = true;
}

/* Reads the numbers behind {: how often its atom is written out. */
static size_t times_of(const char *at) {
  char *end;
  size_t least = strtoul(at, &end, 10), most;
  if (least > REPEATS) return 2 * REPEATS;
  if (*end != ',') return least;
  most = strtoul(end + 1, NULL, 10);
  if (most > REPEATS) return 2 * REPEATS;
  return most > least ? most : least + 1;
}

/* The ] that closes the [ at `at`. A ] right behind [ or [^ is a character. */
static const char *bracket_end(const char *at) {
  at += at[1] == '^' ? 2 : 1;
  if (*at == ']') at++;
  for (; *at && *at != ']'; at++) {
    char kind = at[0] == '[' ? at[1] : '\0';
    if (kind != ':' && kind != '.' && kind != '=') continue;
    const char *end = at + 2;
    while (*end && !(end[0] == kind && end[1] == ']')) end++;
    if (*end) at = end + 1;
  }
  return at;
}

/* Weighs the atom or sign at `at`, and returns its last character. */
static const char *weigh(estimate *e, const char *at) {
  switch (*at) {
    case '(': open_group(e); break;
    case ')': close_group(e); break;
    case '+': repeat(e, 2); break;
    case '*': case '?': repeat(e, 1); break;
    case '{': repeat(e, times_of(at + 1)); break;
    case '}': break;
    default: add_atom(e, 1, 0);
  }
  if (*at == '\\' && at[1] >= '1' && at[1] <= '9') e->reason = "references back are not known";
  if (e->repeats > REPEATS) e->reason = "too long when its repeats are written out";
  if (*at == '\\' && at[1]) return at + 1;
  if (*at == '{') return at + strspn(at + 1, "0123456789,");
  return *at == '[' ? bracket_end(at) : at;
}

/* Why a pattern is refused, or NULL. */
static const char *refusal(const char *pattern) {
  estimate e = {.group = e.groups};
  for (const char *at = pattern; *at && !e.reason; at++) {
    at = weigh(&e, at);
    if (!*at) break;
  }
  return e.reason;
}

/* ---- compiling and matching ---- */

void alm_regex_free(alm_regex *regex) {
  if (!regex) return;
  if (regex->compiled) regfree(&regex->regex);
  if (regex->letters) freelocale(regex->letters);
  free(regex);
}

static int compile(alm_regex *regex, const char *pattern) {
  locale_t before = regex->letters ? uselocale(regex->letters) : (locale_t)0;
  int status = regcomp(&regex->regex, pattern, REG_EXTENDED | REG_NOSUB);
  if (regex->letters) uselocale(before);
  regex->compiled = status == 0;
  return status;
}

static alm_regex *refuse(alm_regex *regex, char *reason, const char *words) {
  snprintf(reason, ALM_REGEX_REASON, "%s", words);
  alm_regex_free(regex);
  return NULL;
}

alm_regex *alm_regex_compile(const char *pattern, size_t length, char reason[ALM_REGEX_REASON]) {
  alm_regex *regex = calloc(1, sizeof *regex);
  if (!regex) return refuse(NULL, reason, "out of memory");
  if (strlen(pattern) < length) return refuse(regex, reason, "a byte 0 in it");
  if (refusal(pattern)) return refuse(regex, reason, refusal(pattern));
  regex->letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  int status = compile(regex, pattern);
  if (status == 0) return regex;
  char words[ALM_REGEX_REASON];
  regerror(status, &regex->regex, words, sizeof words);
  return refuse(regex, reason, words);
}

/* POSIX's regexec takes no length, so this gives it one. */
int alm_regex_matches(alm_regex *regex, const char *text, size_t length) {
  locale_t before = regex->letters ? uselocale(regex->letters) : (locale_t)0;
  regoff_t size = (regoff_t)length;
  regoff_t at = re_search(&regex->regex, text, size, 0, size, NULL);
  if (regex->letters) uselocale(before);
  return at >= 0 ? 1 : at == -1 ? 0 : -1;
}
