/* What the source files of files share. */
#ifndef ALM_FILES_PRIVATE_H
#define ALM_FILES_PRIVATE_H

#include <sys/stat.h>

#include "files.h"

/* Times beyond those that 64 bits of nanoseconds hold (1677 to 2262) become
 * the last one. */
void alm_file_describe(const struct stat *from, alm_file_info *info);

#endif
