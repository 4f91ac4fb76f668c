/* What the source files of files share. */
#ifndef ALM_FILES_PRIVATE_H
#define ALM_FILES_PRIVATE_H

#include <sys/stat.h>

#include "files.h"

/* Times outside of 1677 to 2262 don't fit into 64 bits of nanoseconds and become the
 * nearest time that does. */
void alm_file_describe(const struct stat *from, alm_file_info *info);

/* Opens a regular file for reading, below the folder of that descriptor (or AT_FDCWD). -1
 * when it can't be opened or is no regular file. */
int alm_file_open(int folder, const char *path, struct stat *info,
                  alm_error *err);

/* Checks that a path leads to a place below a folder, all links followed. A link out of
 * it, or to nowhere, is a failure (io). */
bool alm_file_check_within(const char *folder, const char *path,
                           alm_error *err);

/* Does a path lie in a folder? Neither may have links in it. */
bool alm_files_path_below(const char *folder, const char *path);

#endif
