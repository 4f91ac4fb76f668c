/* Matches gitignore's patterns. A line is kept as it was given, so that it can be told
 * again, together with the pattern that is left once its marks are read. */
#include "ignore.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  char *line;
  char *pattern; /* without ! and without the slashes that tie it to the top */
  bool negated, folders_only, tied;
} rule;

struct alm_ignore {
  rule *rules;
  size_t count;
};

alm_ignore *alm_ignore_new(void) { return calloc(1, sizeof(alm_ignore)); }

void alm_ignore_free(alm_ignore *list) {
  if (!list) return;
  for (size_t i = 0; i < list->count; i++) {
    free(list->rules[i].line);
    free(list->rules[i].pattern);
  }
  free(list->rules);
  free(list);
}

/* ---- reading a line ---- */

/* Blanks at the end don't count, unless a backslash stands in front of them. */
static size_t length_of(const char *text) {
  size_t length = strcspn(text, "\r\n");
  while (length > 0 && text[length - 1] == ' ' &&
         !(length > 1 && text[length - 2] == '\\'))
    length--;
  return length;
}

static void read_marks(rule *made, size_t length) {
  char *text = made->pattern;
  if (text[0] == '!') {
    made->negated = true;
    memmove(text, text + 1, length--);
  }
  if (length > 0 && text[length - 1] == '/') {
    made->folders_only = true;
    text[--length] = '\0';
  }
  made->tied = strchr(text, '/') != NULL;
  if (text[0] == '/') memmove(text, text + 1, length);
}

static bool make_rule(const char *line, rule *made, alm_error *err) {
  size_t length = length_of(line);
  *made = (rule){0};
  if (line[0] == '#')
    return alm_fail(err, ALM_PARSE,
                    "'%s' is a comment to gitignore; write \\%s", line, line);
  made->line = strndup(line, length);
  made->pattern = strndup(line, length);
  if (!made->line || !made->pattern)
    return alm_fail(err, ALM_IO, "out of memory");
  read_marks(made, length);
  if (made->pattern[0] != '\0') return true;
  return alm_fail(err, ALM_PARSE, "'%s' is no pattern: it names nothing", line);
}

bool alm_ignore_add(alm_ignore *list, const char *line, alm_error *err) {
  rule made;
  bool done = make_rule(line, &made, err);
  rule *rules = NULL;
  if (done) {
    rules = realloc(list->rules, (list->count + 1) * sizeof *rules);
    if (!rules) alm_fail(err, ALM_IO, "out of memory");
  }
  if (!rules) {
    free(made.line);
    free(made.pattern);
    return false;
  }
  list->rules = rules;
  list->rules[list->count++] = made;
  return true;
}

/* ---- matching ---- */

/* Says whether `letter` is in a set such as [a-z0] or [!a], and where the set ends. The end
 * is NULL when the bracket is never closed; it then stands for itself. */
static bool is_in_set(const char *set, char letter, const char **end) {
  const unsigned char *at = (const unsigned char *)set + 1;
  bool negated = *at == '!' || *at == '^', found = false;
  if (negated) at++;
  for (bool first = true; *at && (first || *at != ']'); first = false) {
    if (*at == '\\' && at[1]) at++;
    unsigned char from = *at++, to = from;
    if (*at == '-' && at[1] && at[1] != ']') {
      at++;
      if (*at == '\\' && at[1]) at++;
      to = *at++;
    }
    found |= from <= (unsigned char)letter && (unsigned char)letter <= to;
  }
  *end = *at ? (const char *)at + 1 : NULL;
  return found != negated && letter != '/';
}

/* Compares one sign of the pattern with one letter. Returns where the pattern goes on, or
 * NULL when they don't match. */
static const char *step(const char *pattern, char letter) {
  const char *end;
  if (*pattern == '?') return letter != '/' ? pattern + 1 : NULL;
  if (*pattern == '[') {
    bool in = is_in_set(pattern, letter, &end);
    if (end) return in ? end : NULL;
  }
  if (*pattern == '\\' && pattern[1]) pattern++;
  return *pattern == letter ? pattern + 1 : NULL;
}

/* The place behind a run of stars; `any` is true when it is a `**` that crosses slashes. */
static const char *behind_stars(const char *at, const char *begin, bool *any) {
  const char *end = at + strspn(at, "*");
  bool alone = (at == begin || at[-1] == '/') && (*end == '/' || !*end);
  *any = end - at == 2 && alone;
  return end;
}

/* Where matching goes on after a mismatch. The last star is tried with more and more text.
 * A star before it need not be tried again, but a `**` may, so both are kept. */
typedef struct {
  const char *pattern, *text;
} mark;

static bool go_back(mark *star, mark *stars, const char **pattern,
                    const char **text) {
  if (star->pattern && *star->text && *star->text != '/') {
    *pattern = star->pattern;
    *text = ++star->text;
    return true;
  }
  if (!stars->pattern || !*stars->text) return false;
  /* `**` before a slash stands for whole folders: it goes on behind the next slash. */
  if (*stars->pattern) {
    const char *slash = strchr(stars->text, '/');
    if (!slash) return false;
    stars->text = slash + 1;
  } else {
    stars->text++;
  }
  star->pattern = NULL;
  *pattern = stars->pattern;
  *text = stars->text;
  return true;
}

static bool fits(const char *pattern, const char *text) {
  const char *begin = pattern;
  mark star = {0}, stars = {0};
  for (;;) {
    bool any = false;
    if (*pattern == '*') {
      const char *rest = behind_stars(pattern, begin, &any);
      if (any) {
        stars = (mark){*rest ? rest + 1 : rest, text};
        star.pattern = NULL;
        if (!*rest) return *text != '\0';
        pattern = rest + 1;
      } else {
        star = (mark){rest, text};
        pattern = rest;
      }
      continue;
    }
    if (!*pattern && !*text) return true;
    const char *next = *pattern && *text ? step(pattern, *text) : NULL;
    if (next) {
      pattern = next;
      text++;
    } else if (!go_back(&star, &stars, &pattern, &text)) {
      return false;
    }
  }
}

const char *alm_ignore_match(const alm_ignore *list, const char *path,
                             bool is_folder) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  for (size_t i = list ? list->count : 0; i-- > 0;) {
    const rule *here = &list->rules[i];
    if (here->folders_only && !is_folder) continue;
    if (fits(here->pattern, here->tied ? path : name))
      return here->negated ? NULL : here->line;
  }
  return NULL;
}
