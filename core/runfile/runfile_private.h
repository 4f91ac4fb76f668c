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
  int log_pages, long_log;   /* pages of the log now; pages up to which it may grow */
};

/* Says what SQLite's result code means, with the file's path. */
alm_db_result alm_runfile_fail(const alm_runfile *db, int code, alm_error *err);

/* Runs a script of sqlite3_mprintf, which is freed; what a failure left open is rolled
 * back. NULL: there was no memory for it. */
alm_db_result alm_runfile_exec_whole(alm_runfile *db, char *script,
                                     alm_error *err);

/* Does the code mean that there is no room on the disk? */
bool alm_runfile_is_full(sqlite3 *raw, int code);

/* Ends all statements, taken ones too. */
void alm_runfile_end_statements(alm_runfile *db);

/* The application_id of a kind. */
uint32_t alm_runfile_kind_id(const char *kind);

/* Is there a log beside the file that was not brought in? For a link it lies beside the
 * link's target. */
bool alm_runfile_has_log(const char *path);

/* Connects to what the file holds without its log; NULL when it can't be opened. */
sqlite3 *alm_runfile_connect_alone(const char *path);

/* A file that a writer left is complete only with its log beside it. This looks before SQLite
 * does, since SQLite would begin a new log. A file that somebody is writing now is fine;
 * without `lock` nobody writes it. */
bool alm_runfile_check_part(const char *path, const alm_lock *lock,
                            alm_error *err);

/* Is the log of a file that was just opened its own? */
bool alm_runfile_check_log(alm_runfile *db, alm_error *err);

/* From the first call on the file itself says that there is a log. After the second it says
 * that there is none any more. */
alm_db_result alm_runfile_begin_log(alm_runfile *db, alm_error *err);
void alm_runfile_end_log(alm_runfile *db);

/* Brings a long log in when nobody reads. */
void alm_runfile_shorten_log(alm_runfile *db);

/* A callback for sqlite3_exec with the columns pid, host, since: writes words into 200 bytes. */
int alm_runfile_copy_holder(void *to, int count, char **values, char **names);

/* Looks at the first 100 bytes. Refuses a file that is no SQLite file, is cut off, or is of
 * another kind or version. */
bool alm_runfile_check(const char *path, int fd, const alm_db_options *options,
                       alm_error *err);

#endif
