/* What the run file's source files share. */
#ifndef ALM_RUNFILE_PRIVATE_H
#define ALM_RUNFILE_PRIVATE_H

#include <sqlite3.h>
#include <stdint.h>

#include "runfile.h"
#include "runfile_lock.h"

#define ALM_DB_LOCKS 11 /* the file and SQLite's ten attached ones */
#define ALM_DB_BUSY_MS 5000
#define ALM_MARK_SIZE 33 /* 16 bytes in hex */

struct alm_runfile {
  sqlite3 *raw;
  char *path;
  alm_db_options options; /* `kind` points into alm_runfile_kinds */
  alm_lock *locks[ALM_DB_LOCKS];
  int lock_count;
  alm_statement *statements; /* last used first */
  bool begun;                /* a transaction that the caller has not ended */
  bool writer;
  bool marked;               /* a log was begun, see runfile_mark.c */
  char mark[ALM_MARK_SIZE], mark_before[ALM_MARK_SIZE];
  int log_pages, long_log;   /* as long as it is; as it may grow */
};

/* What SQLite's result code means, with the file's path. */
alm_db_result alm_runfile_fail(const alm_runfile *db, int code, alm_error *err);

/* Does the code mean that there is no room on the disk? */
bool alm_runfile_is_full(sqlite3 *raw, int code);

/* Ends all statements, taken ones too. */
void alm_runfile_end_statements(alm_runfile *db);

/* The application_id of a kind. */
uint32_t alm_runfile_kind_id(const char *kind);

/* Is there a log beside the file that was not brought in? Beside a link's
 * target, that is. */
bool alm_runfile_has_log(const char *path);

/* A connection to what the file holds without its log; NULL when there is none. */
sqlite3 *alm_runfile_connect_alone(const char *path);

/* A file that a writer left stands for a whole run only with its log beside it.
 * Looked at before SQLite, which would begin a new log. A file that somebody
 * writes just now is as it should be; without `lock` nobody does. */
bool alm_runfile_check_part(const char *path, const alm_lock *lock,
                            alm_error *err);

/* Is the log of a file that was just opened its own? */
bool alm_runfile_check_log(alm_runfile *db, alm_error *err);

/* From here on the file itself says that there is a log; at the end, that there
 * is none any more. */
alm_db_result alm_runfile_begin_log(alm_runfile *db, alm_error *err);
void alm_runfile_end_log(alm_runfile *db);

/* Brings a long log in, when nobody reads. */
void alm_runfile_shorten_log(alm_runfile *db);

/* For sqlite3_exec of pid, host, since: fills 200 bytes with words. */
int alm_runfile_copy_holder(void *to, int count, char **values, char **names);

/* Looks at the first 100 bytes: refuses what is no SQLite file, is cut off, is
 * of another kind or of another version. */
bool alm_runfile_check(const char *path, int fd, const alm_db_options *options,
                       alm_error *err);

#endif
