/* Guards the standard descriptors 0, 1 and 2: no file of ours ever gets one of these
 * numbers, and what was printed has arrived.
 *
 * A process can be started with any of them closed. The next file that is opened
 * gets the free number, and what is printed would be written into that file. */
#ifndef ALM_STANDARD_H
#define ALM_STANDARD_H

#include <stdbool.h>

#include "error.h"

/* Opens /dev/null as each of 0, 1 and 2 that is closed. For the main function
 * of a program only: the descriptors of a process belong to its program, never
 * to a module that it loads. */
bool alm_standard_take(alm_error *err);

/* Moves a file to a number above 2; `fd` is closed when it was one of 0 to 2. -1 stays
 * -1. -1 with errno when there is no descriptor left. */
int alm_standard_above(int fd);

/* Writes out what C's and Lua's standard output hold. False with the reason when
 * anything was ever lost. A reader that has gone (`| head`) is no failure. */
bool alm_standard_flush(alm_error *err);

#endif
