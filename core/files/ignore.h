/* Patterns that leave files and folders out, by the rules of gitignore(5). The last
 * pattern that matches decides. `!` takes back. A slash in front or in the middle ties a
 * pattern to the top, a slash at the end makes it match folders only. */
#ifndef ALM_IGNORE_H
#define ALM_IGNORE_H

#include <stdbool.h>

#include "../base/error.h"

typedef struct alm_ignore alm_ignore;

/* NULL: no memory. */
alm_ignore *alm_ignore_new(void);

/* Adds a line of such a file; the line is copied. A line that says nothing (empty, or a
 * comment) is a failure (parse), and so is a pattern that can never match. */
bool alm_ignore_add(alm_ignore *list, const char *line, alm_error *err);

/* The line that leaves out this path, seen from the top; NULL when none does. What lies in
 * a folder that is left out is not asked about again. A NULL list leaves out nothing. */
const char *alm_ignore_match(const alm_ignore *list, const char *path,
                             bool is_folder);

/* NULL is fine. */
void alm_ignore_free(alm_ignore *list);

#endif
