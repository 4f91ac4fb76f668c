/* Patterns that leave files and folders out, by the rules of gitignore(5): the
 * last pattern that fits decides, `!` takes back, a slash in front or in the
 * middle ties to the top, a slash at the end means folders only. */
#ifndef ALM_IGNORE_H
#define ALM_IGNORE_H

#include <stdbool.h>

#include "../base/error.h"

typedef struct alm_ignore alm_ignore;

/* NULL: no memory. */
alm_ignore *alm_ignore_new(void);

/* Adds a line of such a file, which is copied. A line that says nothing (empty,
 * a comment) is a failure (parse), as is one that can fit nothing. */
bool alm_ignore_add(alm_ignore *list, const char *line, alm_error *err);

/* The line that leaves out this path, seen from the top; NULL when none does.
 * What lies in a folder that is left out is not looked at again. NULL for a
 * list leaves out nothing. */
const char *alm_ignore_match(const alm_ignore *list, const char *path,
                             bool is_folder);

/* NULL is fine. */
void alm_ignore_free(alm_ignore *list);

#endif
