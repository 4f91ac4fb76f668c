/* What the source files of files share. */
#ifndef ALM_FILES_PRIVATE_H
#define ALM_FILES_PRIVATE_H

#include <sys/stat.h>

#include "files.h"

/* Times beyond those that 64 bits of nanoseconds hold (1677 to 2262) become
 * the last one. */
void alm_file_describe(const struct stat *from, alm_file_info *info);

/* Opens a regular file below the folder of that descriptor (or AT_FDCWD) for
 * reading; -1 when it can't be, or is none. */
int alm_file_open(int folder, const char *path, struct stat *info,
                  alm_error *err);

/* Whether what a path leads to, all links followed, lies below a folder; a link
 * out of it, or to nowhere, is a failure (io). */
bool alm_file_check_within(const char *folder, const char *path,
                           alm_error *err);

/* Whether a path lies in a folder; both without links in them. */
bool alm_path_below(const char *folder, const char *path);

#endif
