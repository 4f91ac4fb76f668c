/* What the run file's source files share. */
#ifndef ALM_RUNFILE_PRIVATE_H
#define ALM_RUNFILE_PRIVATE_H

#include <sqlite3.h>
#include <stdint.h>

#include "runfile.h"
#include "runfile_guard.h"

#define ALM_DB_GUARDS 11 /* the file and SQLite's ten attached ones */

struct alm_runfile {
  sqlite3 *raw;
  char *path;
  alm_db_options options; /* `kind` points into alm_runfile_kinds */
  alm_guard *guards[ALM_DB_GUARDS];
  int guard_count;
  alm_statement *statements; /* last used first */
  bool begun;                /* a transaction that the caller has not ended */
  bool writer;
};

/* What SQLite's result code means, with the file's path. */
alm_db_result alm_runfile_fail(const alm_runfile *db, int code, alm_error *err);

/* Does the code mean that there is no room on the disk? */
bool alm_runfile_is_full(sqlite3 *raw, int code);

/* Ends all statements, taken ones too. */
void alm_runfile_end_statements(alm_runfile *db);

/* The application_id of a kind. */
uint32_t alm_runfile_kind_id(const char *kind);

/* Is there a log beside the file that was not brought in? */
bool alm_runfile_has_log(const char *path);

/* Looks at the first 100 bytes: refuses what is no SQLite file, is cut off, is
 * of another kind or of another version. */
bool alm_runfile_check(const char *path, int fd, const alm_db_options *options,
                       alm_error *err);

#endif
