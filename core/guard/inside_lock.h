/* How a process gives its rights away, for good, before it runs a recipe. */
#ifndef ALM_INSIDE_LOCK_H
#define ALM_INSIDE_LOCK_H

#include <stdbool.h>

/* From now on this process can read standard input, write standard output,
 * get memory and end; it opens nothing, starts nothing, and dies with its
 * parent. Limits of the system do that everywhere, a seccomp filter once more
 * where the system has it: `filtered` tells. False when even the limits can't
 * be set. */
bool alm_inside_lock(bool *filtered);

#endif
