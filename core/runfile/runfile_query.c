/* Statements and transactions of a run file, and what SQLite's codes mean. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runfile_private.h"

#define KEPT 64

struct alm_statement {
  alm_statement *next;
  alm_runfile *db; /* NULL after the close */
  sqlite3_stmt *raw;
  char *sql;
  size_t length;
  bool taken;
};

/* ---- failures ---- */

bool alm_runfile_is_full(sqlite3 *raw, int code) {
  int reason = sqlite3_system_errno(raw);
  return (code & 0xff) == SQLITE_FULL ||
         ((code & 0xff) == SQLITE_IOERR &&
          (reason == ENOSPC || reason == EDQUOT));
}

static alm_db_result failed(alm_error *err, alm_code code, const char *path,
                            const char *words) {
  alm_fail(err, code, "%s%s", path, words);
  return ALM_DB_FAILED;
}

static alm_db_result wrong(alm_error *err, const char *message) {
  alm_fail(err, ALM_IO, "%s", message);
  return ALM_DB_WRONG;
}

static alm_db_result failed_io(const alm_runfile *db, alm_error *err) {
  errno = sqlite3_system_errno(db->raw);
  if (errno)
    alm_fail_errno(err, "%s: %s", db->path, sqlite3_errmsg(db->raw));
  else
    alm_fail(err, ALM_IO, "%s: %s", db->path, sqlite3_errmsg(db->raw));
  err->code = ALM_IO;
  return ALM_DB_FAILED;
}

static alm_db_result failed_readonly(const alm_runfile *db, alm_error *err) {
  if (!db->writer) return wrong(err, "the file is open for reading only");
  return failed(err, ALM_IO, db->path, " can't be written to");
}

alm_db_result alm_runfile_fail(const alm_runfile *db, int code,
                               alm_error *err) {
  if (alm_runfile_is_full(db->raw, code))
    return failed(err, ALM_IO, db->path,
                  ": the disk is full; make room and go on");
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return failed(err, ALM_CONFLICT, db->path,
                    " is busy: another process keeps it locked");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return failed(err, ALM_PARSE, db->path,
                    " is damaged; copy it again or take a backup");
    case SQLITE_CONSTRAINT:
      alm_fail(err, ALM_CONFLICT, "%s: %s", db->path, sqlite3_errmsg(db->raw));
      return ALM_DB_FAILED;
    case SQLITE_TOOBIG:
      return failed(err, ALM_LIMIT, db->path, ": a value is too big");
    case SQLITE_READONLY:
      return failed_readonly(db, err);
    case SQLITE_NOMEM:
      return failed(err, ALM_IO, db->path, ": out of memory");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS:
      return failed_io(db, err);
    default:
      return wrong(err, sqlite3_errmsg(db->raw));
  }
}

/* ---- statements ---- */

static void free_statement(alm_statement *statement) {
  sqlite3_finalize(statement->raw);
  free(statement->sql);
  free(statement);
}

static void to_front(alm_runfile *db, alm_statement **link) {
  alm_statement *statement = *link;
  *link = statement->next;
  statement->next = db->statements;
  db->statements = statement;
}

static alm_statement *find_idle(alm_runfile *db, const char *sql,
                                size_t length) {
  alm_statement **link = &db->statements;
  for (; *link; link = &(*link)->next) {
    alm_statement *found = *link;
    if (found->taken || found->length != length) continue;
    if (memcmp(found->sql, sql, length) != 0) continue;
    to_front(db, link);
    return found;
  }
  return NULL;
}

static alm_db_result prepare(alm_runfile *db, const char *sql, size_t length,
                             sqlite3_stmt **raw, alm_error *err) {
  const char *rest = NULL;
  int code = sqlite3_prepare_v3(db->raw, sql, (int)length,
                                SQLITE_PREPARE_PERSISTENT, raw, &rest);
  if (code != SQLITE_OK) return alm_runfile_fail(db, code, err);
  if (!*raw) return wrong(err, "the SQL is empty");
  const char *end = sql + length;
  while (rest < end && strchr(" \t\r\n;", *rest)) rest++;
  if (rest == end) return ALM_DB_DONE;
  sqlite3_finalize(*raw);
  return wrong(err, "more than one SQL statement; scripts are for exec");
}

static alm_statement *new_statement(alm_runfile *db, sqlite3_stmt *raw,
                                    const char *sql, size_t length) {
  alm_statement *statement = calloc(1, sizeof *statement);
  char *copy = malloc(length + 1);
  if (!statement || !copy) {
    free(statement);
    free(copy);
    return NULL;
  }
  memcpy(copy, sql, length);
  copy[length] = '\0';
  *statement = (alm_statement){.next = db->statements, .db = db, .raw = raw,
                               .sql = copy, .length = length};
  return db->statements = statement;
}

alm_db_result alm_statement_take(alm_runfile *db, const char *sql,
                                 size_t length, alm_statement **statement,
                                 alm_error *err) {
  *statement = find_idle(db, sql, length);
  if (!*statement) {
    sqlite3_stmt *raw = NULL;
    if (length > 1 << 20) return wrong(err, "the SQL is longer than 1 MiB");
    alm_db_result result = prepare(db, sql, length, &raw, err);
    if (result != ALM_DB_DONE) return result;
    *statement = new_statement(db, raw, sql, length);
    if (!*statement) {
      sqlite3_finalize(raw);
      return failed(err, ALM_IO, db->path, ": out of memory");
    }
  }
  (*statement)->taken = true;
  return ALM_DB_DONE;
}

static bool is_undone(const alm_runfile *db) {
  return db->begun && sqlite3_get_autocommit(db->raw);
}

alm_db_result alm_statement_step(alm_statement *statement, alm_error *err) {
  alm_runfile *db = statement->db;
  if (!db) return wrong(err, "the run file is closed");
  if (is_undone(db) && !sqlite3_stmt_readonly(statement->raw))
    return failed(err, ALM_IO, db->path,
                  ": the transaction was undone; roll it back first");
  int code = sqlite3_step(statement->raw);
  if (code == SQLITE_ROW) return ALM_DB_ROW;
  if (code == SQLITE_DONE) return ALM_DB_DONE;
  return alm_runfile_fail(db, code, err);
}

void alm_statement_again(alm_statement *statement) {
  if (statement->db) sqlite3_reset(statement->raw);
}

static void drop_surplus(alm_runfile *db) {
  int idle = 0;
  alm_statement **link = &db->statements;
  while (*link) {
    alm_statement *statement = *link;
    if (!statement->taken && ++idle > KEPT) {
      *link = statement->next;
      free_statement(statement);
    } else {
      link = &statement->next;
    }
  }
}

void alm_statement_give(alm_statement *statement) {
  if (!statement) return;
  if (!statement->db) {
    free_statement(statement);
    return;
  }
  sqlite3_reset(statement->raw);
  sqlite3_clear_bindings(statement->raw);
  statement->taken = false;
  drop_surplus(statement->db);
}

void alm_runfile_end_statements(alm_runfile *db) {
  while (db->statements) {
    alm_statement *statement = db->statements;
    db->statements = statement->next;
    sqlite3_finalize(statement->raw);
    statement->raw = NULL;
    statement->db = NULL;
    if (!statement->taken) free_statement(statement);
  }
}

/* ---- values ---- */

int alm_statement_parameters(const alm_statement *statement) {
  return sqlite3_bind_parameter_count(statement->raw);
}

bool alm_statement_bind_integer(alm_statement *statement, int at,
                                int64_t value) {
  return sqlite3_bind_int64(statement->raw, at, value) == SQLITE_OK;
}

bool alm_statement_bind_number(alm_statement *statement, int at, double value) {
  return sqlite3_bind_double(statement->raw, at, value) == SQLITE_OK;
}

bool alm_statement_bind_null(alm_statement *statement, int at) {
  return sqlite3_bind_null(statement->raw, at) == SQLITE_OK;
}

bool alm_statement_bind_text(alm_statement *statement, int at, const char *text,
                             size_t length, bool stays) {
  return sqlite3_bind_text64(statement->raw, at, text, length,
                             stays ? SQLITE_STATIC : SQLITE_TRANSIENT,
                             SQLITE_UTF8) == SQLITE_OK;
}

int alm_statement_columns(const alm_statement *statement) {
  return sqlite3_column_count(statement->raw);
}

const char *alm_statement_name(const alm_statement *statement, int column) {
  return sqlite3_column_name(statement->raw, column);
}

alm_db_type alm_statement_type(const alm_statement *statement, int column) {
  switch (sqlite3_column_type(statement->raw, column)) {
    case SQLITE_INTEGER: return ALM_DB_INTEGER;
    case SQLITE_FLOAT: return ALM_DB_NUMBER;
    case SQLITE_NULL: return ALM_DB_NULL;
    default: return ALM_DB_TEXT;
  }
}

int64_t alm_statement_integer(const alm_statement *statement, int column) {
  return sqlite3_column_int64(statement->raw, column);
}

double alm_statement_number(const alm_statement *statement, int column) {
  return sqlite3_column_double(statement->raw, column);
}

const char *alm_statement_text(const alm_statement *statement, int column,
                               size_t *length) {
  const char *bytes = sqlite3_column_blob(statement->raw, column);
  *length = (size_t)sqlite3_column_bytes(statement->raw, column);
  return bytes ? bytes : "";
}

int64_t alm_runfile_changes(const alm_runfile *db) {
  return sqlite3_changes64(db->raw);
}

int64_t alm_runfile_last_id(const alm_runfile *db) {
  return sqlite3_last_insert_rowid(db->raw);
}

/* ---- scripts and transactions ---- */

alm_db_result alm_runfile_exec(alm_runfile *db, const char *script,
                               alm_error *err) {
  if (is_undone(db))
    return failed(err, ALM_IO, db->path,
                  ": the transaction was undone; roll it back first");
  int code = sqlite3_exec(db->raw, script, NULL, NULL, NULL);
  return code == SQLITE_OK ? ALM_DB_DONE : alm_runfile_fail(db, code, err);
}

alm_db_result alm_runfile_begin(alm_runfile *db, alm_error *err) {
  if (db->begun) return wrong(err, "a transaction is open already");
  alm_db_result result = alm_runfile_exec(
      db, db->writer ? "BEGIN IMMEDIATE" : "BEGIN", err);
  db->begun = result == ALM_DB_DONE;
  return result;
}

alm_db_result alm_runfile_rollback(alm_runfile *db, alm_error *err) {
  db->begun = false;
  if (sqlite3_get_autocommit(db->raw)) return ALM_DB_DONE;
  return alm_runfile_exec(db, "ROLLBACK", err);
}

alm_db_result alm_runfile_exec_whole(alm_runfile *db, char *script,
                                     alm_error *err) {
  if (!script) return alm_runfile_fail(db, SQLITE_NOMEM, err);
  alm_db_result result = alm_runfile_exec(db, script, err);
  alm_error ignored;
  if (result != ALM_DB_DONE) alm_runfile_rollback(db, &ignored);
  sqlite3_free(script);
  return result;
}

alm_db_result alm_runfile_commit(alm_runfile *db, alm_error *err) {
  if (!db->begun) return wrong(err, "no transaction is open");
  alm_db_result result = alm_runfile_exec(db, "COMMIT", err);
  alm_error ignored;
  if (result != ALM_DB_DONE) alm_runfile_rollback(db, &ignored);
  db->begun = false;
  if (result == ALM_DB_DONE) alm_runfile_shorten_log(db);
  return result;
}

bool alm_runfile_in_transaction(const alm_runfile *db) {
  return !sqlite3_get_autocommit(db->raw);
}
