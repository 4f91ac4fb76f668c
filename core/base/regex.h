/* Regular expressions: POSIX extended, on UTF-8 texts of any bytes.
 *
 * What would take the C library's compiler or matcher long is refused: more
 * than 1,000 characters that are there only when repeats are written out (a{3}
 * is aaa, a+ is aa*), more than 3 repeats in each other, a repeat of a repeat
 * (a+*), more than 20 groups in each other, references back (\1, which the
 * standard's extended expressions lack). */
#ifndef ALM_REGEX_H
#define ALM_REGEX_H

#include <stdbool.h>
#include <stddef.h>

typedef struct alm_regex alm_regex;

/* NULL: `reason` says why, in a few words. */
enum { ALM_REGEX_REASON = 100 };
alm_regex *alm_regex_compile(const char *pattern, size_t length, char reason[ALM_REGEX_REASON]);
void alm_regex_free(alm_regex *regex); /* NULL is fine */

/* Does it match somewhere in the text? -1: memory. */
int alm_regex_matches(alm_regex *regex, const char *text, size_t length);

#endif
