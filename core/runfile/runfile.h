/* The run file is a SQLite database used as a journal. What a run does is written into it
 * before and after it is done, so that a killed run can go on where it was.
 *
 * One process writes, any number read meanwhile. What was written last is in a log beside
 * the file until the writer ends. A file that lost its log, or has another file's, is
 * refused with a message (see runfile_mark.c). A file knows what it is: its kind is SQLite's
 * application_id, its version the user_version. A file of another kind or version is refused
 * with a message instead of being misread. The file is in WAL mode; when `safe`, every commit
 * waits for the disk. Files may come by mail from others: triggers and views in them can't
 * call anything with an effect, and no extension is loaded.
 *
 * Statements are prepared once per SQL text, and the last 64 idle ones are kept. A statement
 * is taken, its parameters are bound, it is stepped, its columns are read, and it is given
 * back.
 *
 * There are two failures. ALM_DB_FAILED: the world said no (disk full, damaged file, in use,
 * a constraint); err holds message and code. ALM_DB_WRONG: the caller's mistake (malformed
 * SQL, a write through a read-only handle); err holds a message only. A full disk leaves the
 * file as it was at the last commit, and the handle works again once the transaction is
 * rolled back. */
#ifndef ALM_RUNFILE_H
#define ALM_RUNFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

typedef struct alm_runfile alm_runfile;
typedef struct alm_statement alm_statement;

typedef enum {
  ALM_DB_WRONG = -2, ALM_DB_FAILED = -1, ALM_DB_DONE = 0, ALM_DB_ROW = 1
} alm_db_result;

typedef enum { ALM_DB_READ, ALM_DB_WRITE, ALM_DB_CREATE } alm_db_mode;

typedef struct {
  alm_db_mode mode;
  const char *kind;   /* one of alm_runfile_kinds */
  int version;        /* what this program reads and writes, from 1 */
  const char *schema; /* SQL run when the file is created; may be NULL */
  bool safe;          /* every commit waits for the disk */
} alm_db_options;

/* "run", "rehearsal", "fetch", NULL */
extern const char *const alm_runfile_kinds[];

/* Create refuses an existing file (conflict); what was created is removed
 * again when it can't be finished. ":memory:" is a database of its own, made
 * with `schema` in every mode. */
alm_db_result alm_runfile_open(const char *path, const alm_db_options *options,
                               alm_runfile **db, alm_error *err);

/* Rolls back what is open and ends all statements; those still taken can only
 * be given back. NULL is fine. */
void alm_runfile_close(alm_runfile *db);

/* Runs several statements without parameters; rows are thrown away. */
alm_db_result alm_runfile_exec(alm_runfile *db, const char *script,
                               alm_error *err);

/* Transactions don't nest. A commit that fails is rolled back. When SQLite
 * had to roll back by itself (disk full), writes fail until the caller has
 * called rollback, so that no half of a transaction is ever written. Rollback
 * without a transaction does nothing. */
alm_db_result alm_runfile_begin(alm_runfile *db, alm_error *err);
alm_db_result alm_runfile_commit(alm_runfile *db, alm_error *err);
alm_db_result alm_runfile_rollback(alm_runfile *db, alm_error *err);
bool alm_runfile_in_transaction(const alm_runfile *db);

/* Makes another file of the same kind and version readable as NAME.table until
 * the close. */
alm_db_result alm_runfile_attach(alm_runfile *db, const char *path,
                                 const char *name, alm_error *err);

/* `sql` is one statement of `length` bytes. */
alm_db_result alm_statement_take(alm_runfile *db, const char *sql,
                                 size_t length, alm_statement **statement,
                                 alm_error *err);

/* Values of the parameters, counted from 1. False when one is too big. `stays` says that the
 * text stays where it is until the statement is given back; otherwise it is copied. A
 * parameter that is not bound is NULL. */
int alm_statement_parameters(const alm_statement *statement);
bool alm_statement_bind_integer(alm_statement *statement, int at,
                                int64_t value);
bool alm_statement_bind_number(alm_statement *statement, int at, double value);
bool alm_statement_bind_null(alm_statement *statement, int at);
bool alm_statement_bind_text(alm_statement *statement, int at, const char *text,
                             size_t length, bool stays);

/* Returns ALM_DB_ROW, ALM_DB_DONE or a failure. */
alm_db_result alm_statement_step(alm_statement *statement, alm_error *err);

/* The columns of the row, counted from 0, until the next step. Text is bytes. */
typedef enum {
  ALM_DB_NULL, ALM_DB_INTEGER, ALM_DB_NUMBER, ALM_DB_TEXT
} alm_db_type;

int alm_statement_columns(const alm_statement *statement);
const char *alm_statement_name(const alm_statement *statement, int column);
alm_db_type alm_statement_type(const alm_statement *statement, int column);
int64_t alm_statement_integer(const alm_statement *statement, int column);
double alm_statement_number(const alm_statement *statement, int column);
const char *alm_statement_text(const alm_statement *statement, int column,
                               size_t *length);

/* Makes a statement ready to be stepped from its start. Parameters stay bound until they are
 * bound anew. */
void alm_statement_again(alm_statement *statement);

/* Forgets values and row. NULL is fine. */
void alm_statement_give(alm_statement *statement);

/* How many rows the last INSERT, UPDATE or DELETE changed; the last rowid. */
int64_t alm_runfile_changes(const alm_runfile *db);
int64_t alm_runfile_last_id(const alm_runfile *db);

#endif
