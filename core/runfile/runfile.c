/* Opens, closes and attaches run files. */
#include "runfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/buf.h"
#include "runfile_private.h"
#include "../base/sys.h"

static bool is_memory(const char *path) { return strcmp(path, ":memory:") == 0; }

/* Makes SQLite's URI of a path. Two slashes at the front would be read as a host. */
static bool make_uri(alm_buf *uri, const char *path, const char *query) {
  alm_buf_init(uri, 3 * PATH_MAX + 64);
  bool done = alm_buf_adds(uri, path[0] == '/' ? "file://" : "file:");
  for (; done && *path; path++) {
    char code[4];
    snprintf(code, sizeof code, "%%%02X", (unsigned char)*path);
    done = strchr("%?#", *path) ? alm_buf_adds(uri, code)
                                : alm_buf_add(uri, path, 1);
  }
  return done && alm_buf_adds(uri, query);
}

/* ---- settings of a connection ---- */

static void harden(sqlite3 *raw) {
  static const int settings[][2] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},  {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},    {SQLITE_DBCONFIG_DQS_DDL, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
  };
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
    sqlite3_db_config(raw, settings[i][0], settings[i][1], NULL);
  /* Whoever opened a file with another file's log must not bring that log in. */
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_wal_autocheckpoint(raw, 0);
  sqlite3_busy_timeout(raw, ALM_DB_BUSY_MS);
  sqlite3_extended_result_codes(raw, 1);
}

static alm_db_result connect_as(alm_runfile *db, const char *query, int flags,
                                alm_error *err) {
  alm_buf uri;
  int code = SQLITE_NOMEM;
  if (make_uri(&uri, db->path, query))
    code = sqlite3_open_v2(is_memory(db->path) ? db->path : alm_buf_text(&uri),
                           &db->raw, flags | SQLITE_OPEN_URI |
                           SQLITE_OPEN_NOMUTEX, NULL);
  alm_buf_free(&uri);
  if (code != SQLITE_OK) return alm_runfile_fail(db, code, err);
  harden(db->raw);
  return ALM_DB_DONE;
}

static const char *const alone = "?mode=ro&immutable=1";

sqlite3 *alm_runfile_connect_alone(const char *path) {
  alm_buf uri;
  sqlite3 *raw = NULL;
  if (make_uri(&uri, path, alone) &&
      sqlite3_open_v2(alm_buf_text(&uri), &raw,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
                          SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
    harden(raw);
  alm_buf_free(&uri);
  return raw;
}

static alm_db_result set_pragmas(alm_runfile *db, alm_error *err) {
  char script[200];
  snprintf(script, sizeof script,
           "PRAGMA cache_size=-8000; PRAGMA cell_size_check=ON;%s"
           "PRAGMA synchronous=%s",
           db->writer ? "PRAGMA journal_mode=WAL;" : "",
           db->options.safe ? "FULL" : "NORMAL");
  return alm_runfile_exec(db, script, err);
}

/* Reads the file for the first time, and its log when there is one. */
static alm_db_result probe(alm_runfile *db, alm_error *err) {
  return alm_runfile_exec(db, "SELECT count(*) FROM sqlite_schema", err);
}

/* ---- the holder: who writes, told to those who find the file in use ---- */

static alm_db_result write_holder(alm_runfile *db, alm_error *err) {
  char since[32], *script;
  time_t now = time(NULL);
  struct tm utc;
  strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &utc));
  script = sqlite3_mprintf(
      "SAVEPOINT hold; DELETE FROM holder;"
      "INSERT INTO holder(pid, host, since) VALUES(%d, %Q, %Q); RELEASE hold",
      (int)getpid(), alm_sys_hostname(), since);
  return alm_runfile_exec_whole(db, script, err);
}

static void tell_holder(alm_runfile *db, alm_error *err) {
  char holder[200] = " by another process";
  alm_error ignored;
  if (connect_as(db, "?mode=ro", SQLITE_OPEN_READONLY, &ignored) == ALM_DB_DONE)
    sqlite3_exec(db->raw, "SELECT pid, host, since FROM holder LIMIT 1",
                 alm_runfile_copy_holder, holder, NULL);
  alm_fail(err, ALM_CONFLICT, "%s is in use%s; wait for it or stop it",
           db->path, holder);
}

static alm_db_result begin(alm_runfile *db, alm_error *err) {
  alm_db_result result = write_holder(db, err);
  if (result != ALM_DB_DONE || is_memory(db->path)) return result;
  return alm_runfile_begin_log(db, err);
}

static bool lock(alm_runfile *db, alm_error *err) {
  alm_error reason;
  db->writer = alm_lock_take(db->locks[0], &reason);
  if (db->writer) return true;
  if (reason.code == ALM_CONFLICT)
    tell_holder(db, err);
  else
    alm_fail(err, ALM_IO, "%s: %s", db->path, reason.message);
  return false;
}

/* ---- three ways to open ---- */

/* SQLite makes its log beside the file, so the folder must take new files. */
static bool check_folder(const char *path, alm_error *err) {
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder] = '\0';
  if (!slash) strcpy(folder, ".");
  if (access(folder, W_OK) == 0) return true;
  alm_fail_errno(err, "can't write in the folder of %s", path);
  return false;
}

static bool open_lock(alm_runfile *db, bool create, alm_error *err) {
  db->locks[0] = alm_lock_open(db->path, create, err);
  db->lock_count = db->locks[0] ? 1 : 0;
  return db->lock_count == 1;
}

/* Kind, version and tables are written in one transaction before WAL is on. So the header of
 * the file itself always tells kind and version. */
static alm_db_result write_schema(alm_runfile *db, alm_error *err) {
  char head[300];
  snprintf(head, sizeof head,
           "PRAGMA application_id=%u; PRAGMA user_version=%d;"
           "CREATE TABLE holder(pid INTEGER, host TEXT, since TEXT);"
           "CREATE TABLE generation(id TEXT, before TEXT, state INTEGER)",
           alm_runfile_kind_id(db->options.kind), db->options.version);
  alm_db_result result = alm_runfile_begin(db, err);
  if (result == ALM_DB_DONE) result = alm_runfile_exec(db, head, err);
  if (result == ALM_DB_DONE && db->options.schema)
    result = alm_runfile_exec(db, db->options.schema, err);
  if (result == ALM_DB_DONE) return alm_runfile_commit(db, err);
  alm_error ignored;
  alm_runfile_rollback(db, &ignored);
  return result;
}

static alm_db_result fill(alm_runfile *db, int flags, alm_error *err) {
  db->writer = true;
  alm_db_result result = connect_as(db, "?mode=rw", flags, err);
  if (result == ALM_DB_DONE) result = write_schema(db, err);
  if (result == ALM_DB_DONE) result = set_pragmas(db, err);
  return result == ALM_DB_DONE ? begin(db, err) : result;
}

static void remove_created(const char *path) {
  static const char *const suffixes[] = {"-wal", "-shm", "-journal", ""};
  char name[PATH_MAX + 16];
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
    unlink(name);
  }
}

static alm_db_result open_create(alm_runfile *db, alm_error *err) {
  if (!check_folder(db->path, err) || !open_lock(db, true, err))
    return ALM_DB_FAILED;
  alm_db_result result = ALM_DB_FAILED;
  if (lock(db, err)) result = fill(db, SQLITE_OPEN_READWRITE, err);
  if (result == ALM_DB_DONE) return result;
  sqlite3_close(db->raw);
  db->raw = NULL;
  remove_created(db->path);
  return result;
}

static alm_db_result open_write(alm_runfile *db, alm_error *err) {
  if (!open_lock(db, false, err) ||
      !alm_runfile_check(db->path, alm_lock_fd(db->locks[0]), &db->options,
                         err) ||
      !check_folder(db->path, err) || !lock(db, err) ||
      !alm_runfile_check_part(db->path, NULL, err))
    return ALM_DB_FAILED;
  alm_db_result result =
      connect_as(db, "?mode=rw", SQLITE_OPEN_READWRITE, err);
  if (result == ALM_DB_DONE) result = set_pragmas(db, err);
  if (result == ALM_DB_DONE) result = probe(db, err);
  if (result != ALM_DB_DONE) return result;
  return alm_runfile_check_log(db, err) ? begin(db, err) : ALM_DB_FAILED;
}

/* In a read-only folder, or on a full disk, there is no place for the log's index. Without a
 * log the file can be read as one that nobody changes. */
static alm_db_result read_unchanging(alm_runfile *db, alm_error *err) {
  if (alm_runfile_has_log(db->path)) {
    if (!alm_runfile_is_full(db->raw, sqlite3_extended_errcode(db->raw)))
      alm_fail(err, ALM_IO, "%s: a write was cut short, and this folder can't "
               "be written to; copy file and log elsewhere", db->path);
    return ALM_DB_FAILED;
  }
  sqlite3_close(db->raw);
  db->raw = NULL;
  alm_db_result result =
      connect_as(db, alone, SQLITE_OPEN_READONLY, err);
  return result == ALM_DB_DONE ? probe(db, err) : result;
}

static bool has_no_place(sqlite3 *raw) {
  int code = raw ? sqlite3_errcode(raw) : SQLITE_OK;
  return (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY ||
         alm_runfile_is_full(raw, code);
}

static alm_db_result open_read(alm_runfile *db, alm_error *err) {
  if (!open_lock(db, false, err) ||
      !alm_runfile_check(db->path, alm_lock_fd(db->locks[0]), &db->options,
                         err) ||
      !alm_runfile_check_part(db->path, db->locks[0], err))
    return ALM_DB_FAILED;
  alm_db_result result = connect_as(db, "?mode=ro", SQLITE_OPEN_READONLY, err);
  if (result == ALM_DB_DONE) result = probe(db, err);
  if (result == ALM_DB_DONE && !alm_runfile_check_log(db, err))
    return ALM_DB_FAILED;
  if (result == ALM_DB_DONE) return set_pragmas(db, err);
  return has_no_place(db->raw) ? read_unchanging(db, err) : result;
}

static alm_runfile *new_runfile(const char *path,
                                const alm_db_options *options) {
  alm_runfile *db = calloc(1, sizeof *db);
  if (!db) return NULL;
  db->options = *options;
  db->path = strdup(path);
  if (db->path) return db;
  free(db);
  return NULL;
}

static alm_db_result open_as(alm_runfile *db, alm_error *err) {
  if (is_memory(db->path))
    return fill(db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
  switch (db->options.mode) {
    case ALM_DB_CREATE: return open_create(db, err);
    case ALM_DB_WRITE: return open_write(db, err);
    default: return open_read(db, err);
  }
}

alm_db_result alm_runfile_open(const char *path, const alm_db_options *options,
                               alm_runfile **db, alm_error *err) {
  *db = NULL;
  if (strlen(path) > PATH_MAX - 16) {
    alm_fail(err, ALM_LIMIT, "the path of the run file is too long");
    return ALM_DB_FAILED;
  }
  alm_runfile *fresh = new_runfile(path, options);
  if (!fresh) {
    alm_fail(err, ALM_IO, "can't open %s: out of memory", path);
    return ALM_DB_FAILED;
  }
  alm_db_result result = open_as(fresh, err);
  fresh->options.schema = NULL;
  if (result == ALM_DB_DONE)
    *db = fresh;
  else
    alm_runfile_close(fresh);
  return result;
}

static void forget_holder(alm_runfile *db) {
  alm_error ignored;
  if (!db->raw || !db->writer) return;
  alm_runfile_rollback(db, &ignored);
  if (alm_runfile_exec(db, "DELETE FROM holder", &ignored) == ALM_DB_DONE)
    alm_runfile_end_log(db);
}

void alm_runfile_close(alm_runfile *db) {
  if (!db) return;
  alm_runfile_end_statements(db);
  forget_holder(db);
  sqlite3_close(db->raw);
  while (db->lock_count > 0) alm_lock_close(db->locks[--db->lock_count]);
  free(db->path);
  free(db);
}

/* ---- attached files ---- */

static alm_db_result attach_script(alm_runfile *db, const char *path,
                                   const char *name, alm_error *err) {
  alm_buf uri;
  char *sql = NULL;
  if (make_uri(&uri, path, "?mode=ro"))
    sql = sqlite3_mprintf("ATTACH %Q AS \"%w\";"
                          "SELECT count(*) FROM \"%w\".sqlite_schema",
                          alm_buf_text(&uri), name, name);
  alm_buf_free(&uri);
  alm_db_result result = sql ? alm_runfile_exec(db, sql, err)
                             : alm_runfile_fail(db, SQLITE_NOMEM, err);
  sqlite3_free(sql);
  return result;
}

alm_db_result alm_runfile_attach(alm_runfile *db, const char *path,
                                 const char *name, alm_error *err) {
  if (db->lock_count == ALM_DB_LOCKS) {
    alm_fail(err, ALM_LIMIT, "%s: ten files are attached already", db->path);
    return ALM_DB_FAILED;
  }
  alm_lock *other = alm_lock_open(path, false, err);
  if (!other) return ALM_DB_FAILED;
  db->locks[db->lock_count++] = other; /* kept after a failure too, since SQLite may hold it */
  if (!alm_runfile_check(path, alm_lock_fd(other), &db->options, err) ||
      !alm_runfile_check_part(path, other, err))
    return ALM_DB_FAILED;
  char *own = db->path;
  db->path = (char *)path; /* so that failures name this file */
  alm_db_result result = attach_script(db, path, name, err);
  db->path = own;
  return result;
}
