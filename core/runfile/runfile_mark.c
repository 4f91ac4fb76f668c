/* Says which log a run file needs. While a process writes, the newest part of a run is in
 * RUN-wal beside the file. A file that was moved without it would look like an older, complete
 * one. So each time a log is begun, the file itself says first that there is one, in the table
 * `generation`:
 *
 *   state 0  a log was begun behind this; only the file itself says so
 *   state 1  the same, said in the log: whoever brings the log in brings this in as
 *            well, so that a file with it is complete
 *   state 2  the writer has ended; the file is complete
 *   state 3  as 1, but the file may still be of the generation before
 *
 * A checkpoint writes state 0 into the file, completely or not at all. SQLite makes no
 * checkpoint by itself here: one that stops half-way because somebody reads would write state
 * 1 into a file that is not complete. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "runfile_private.h"

#define LONG_LOG 1000 /* pages; SQLite's own default */
#define SHORT_LOG 64  /* pages until a checkpoint that failed is tried again */
#define BEGIN_MS 500
#define PAUSE_MS 10
#define TRIES 3 /* a writer may be changing the mark while it is read */

enum { BEGUN, IN_LOG, ENDED, MAYBE_BEHIND };

typedef struct {
  char id[ALM_MARK_SIZE], before[ALM_MARK_SIZE];
  int state;
  char holder[200];
} mark;

/* ---- reading ---- */

static int copy_mark(void *to, int count, char **values, char **names) {
  mark *found = to;
  (void)names;
  if (count != 3 || !values[0] || !values[2]) return 0;
  snprintf(found->id, sizeof found->id, "%s", values[0]);
  snprintf(found->before, sizeof found->before, "%s",
           values[1] ? values[1] : "");
  found->state = atoi(values[2]);
  return 0;
}

int alm_runfile_copy_holder(void *to, int count, char **values, char **names) {
  (void)names;
  if (count == 3 && values[0] && values[1] && values[2])
    snprintf(to, 200, " by process %s on %s since %s", values[0], values[1],
             values[2]);
  return 0;
}

/* A file of an older almanac has no mark: its id is empty. */
static mark read_mark(sqlite3 *raw) {
  mark found = {.state = ENDED};
  sqlite3_exec(raw, "SELECT id, before, state FROM generation", copy_mark,
               &found, NULL);
  sqlite3_exec(raw, "SELECT pid, host, since FROM holder LIMIT 1",
               alm_runfile_copy_holder, found.holder, NULL);
  return found;
}

/* Reads the mark in the file alone, whatever its log says. */
static mark read_mark_of_file(const char *path) {
  mark found = {.state = ENDED};
  sqlite3 *raw = alm_runfile_connect_alone(path);
  if (raw) found = read_mark(raw);
  sqlite3_close(raw);
  return found;
}

/* ---- judging ---- */

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool has_its_log(const char *path, const mark *file, alm_error *err) {
  if (file->state != BEGUN || alm_runfile_has_log(path)) return true;
  const char *name = base_name(path);
  return alm_fail(err, ALM_PARSE,
                  "%s is only a part of its run: the newest of it was written"
                  "%s into %s-wal, which is not here. Nothing is judged from "
                  "half a run: bring it from where the run file was then, and "
                  "put it beside this file as %s-wal (there it bears the name "
                  "that the run file had then)",
                  path, file->holder, name, name);
}

bool alm_runfile_check_part(const char *path, const alm_lock *lock,
                            alm_error *err) {
  for (int i = 0; i < TRIES; i++) {
    mark file = read_mark_of_file(path);
    if (has_its_log(path, &file, err)) return true;
    if (lock && alm_lock_is_locked(lock)) return true;
    sqlite3_sleep(PAUSE_MS);
  }
  return false;
}

static bool belong_together(const mark *file, const mark *both) {
  if (!*file->id || strcmp(file->id, both->id) == 0) return true;
  return strcmp(file->id, both->before) == 0 && both->state != IN_LOG;
}

static bool is_own_log(alm_runfile *db, alm_error *err) {
  if (!alm_runfile_has_log(db->path)) return true;
  mark file = read_mark_of_file(db->path), both = read_mark(db->raw);
  if (belong_together(&file, &both)) return true;
  const char *name = base_name(db->path);
  return alm_fail(err, ALM_PARSE,
                  "%s and the %s-wal beside it are of different copies of the "
                  "run (that log was written%s): put together the two that "
                  "stood together",
                  db->path, name, both.holder);
}

bool alm_runfile_check_log(alm_runfile *db, alm_error *err) {
  for (int i = 0; i < TRIES; i++) {
    if (is_own_log(db, err)) return true;
    if (db->writer) return false;
    if (alm_lock_is_locked(db->locks[0])) return true;
    sqlite3_sleep(PAUSE_MS);
  }
  return false;
}

/* ---- writing ---- */

static alm_db_result write_mark(alm_runfile *db, int state, alm_error *err) {
  char *script = sqlite3_mprintf(
      "SAVEPOINT mark; CREATE TABLE IF NOT EXISTS "
      "generation(id TEXT, before TEXT, state INTEGER);"
      "DELETE FROM generation;"
      "INSERT INTO generation VALUES(%Q, %Q, %d); RELEASE mark",
      db->mark, db->mark_before, state);
  return alm_runfile_exec_whole(db, script, err);
}

typedef struct {
  sqlite3 *raw;
  int left_ms;
} patience;

/* SQLite would bring in what it can. When it is interrupted, it brings in nothing. */
static int wait_or_stop(void *data, int times) {
  patience *readers = data;
  (void)times;
  if (readers->left_ms > 0) {
    readers->left_ms -= PAUSE_MS;
    sqlite3_sleep(PAUSE_MS);
    return 1;
  }
  sqlite3_interrupt(readers->raw);
  return 0;
}

static int bring_in_all(alm_runfile *db, int wait_ms) {
  int log = 0, brought = 0;
  patience readers = {db->raw, wait_ms};
  sqlite3_busy_handler(db->raw, wait_or_stop, &readers);
  int code = sqlite3_wal_checkpoint_v2(db->raw, NULL, SQLITE_CHECKPOINT_FULL,
                                       &log, &brought);
  sqlite3_busy_timeout(db->raw, ALM_DB_BUSY_MS);
  if (code == SQLITE_INTERRUPT) return SQLITE_BUSY;
  return code == SQLITE_OK && log != brought ? SQLITE_BUSY : code;
}

/* `mark_before` is what the file itself says now. A checkpoint may have failed, or the process
 * may have ended in the middle of one. */
static bool next_mark(alm_runfile *db, alm_error *err) {
  unsigned char random[(ALM_MARK_SIZE - 1) / 2];
  if (!alm_hash_random(random, sizeof random, err)) return false;
  alm_hash_hex(random, sizeof random, db->mark);
  mark file = read_mark_of_file(db->path);
  memcpy(db->mark_before, file.id, sizeof file.id);
  return true;
}

static alm_db_result bring_in(alm_runfile *db, int wait_ms, alm_error *err) {
  if (!next_mark(db, err)) return ALM_DB_FAILED;
  alm_db_result result = write_mark(db, BEGUN, err);
  if (result != ALM_DB_DONE) return result;
  int code = bring_in_all(db, wait_ms);
  db->long_log = code == SQLITE_OK ? LONG_LOG : db->log_pages + SHORT_LOG;
  alm_error reason;
  result = write_mark(db, code == SQLITE_OK ? IN_LOG : MAYBE_BEHIND, &reason);
  if (code != SQLITE_OK) return alm_runfile_fail(db, code, err);
  if (result != ALM_DB_DONE) *err = reason;
  return result;
}

/* A checkpoint is possible only while nobody in this process reads. */
static bool is_idle(const alm_runfile *db) {
  sqlite3_stmt *each = NULL;
  while ((each = sqlite3_next_stmt(db->raw, each)))
    if (sqlite3_stmt_busy(each)) return false;
  return sqlite3_get_autocommit(db->raw) != 0;
}

/* ---- the life of a writer ---- */

static int note_pages(void *db, sqlite3 *raw, const char *name, int pages) {
  (void)raw, (void)name;
  ((alm_runfile *)db)->log_pages = pages;
  return SQLITE_OK;
}

/* A reader may keep the mark out of the file for now. */
alm_db_result alm_runfile_begin_log(alm_runfile *db, alm_error *err) {
  sqlite3_wal_hook(db->raw, note_pages, db);
  alm_db_result result = bring_in(db, BEGIN_MS, err);
  db->marked = true;
  return result == ALM_DB_FAILED && err->code == ALM_CONFLICT ? ALM_DB_DONE
                                                              : result;
}

void alm_runfile_shorten_log(alm_runfile *db) {
  alm_error ignored;
  if (db->marked && db->log_pages >= db->long_log && is_idle(db))
    bring_in(db, 0, &ignored);
}

void alm_runfile_end_log(alm_runfile *db) {
  alm_error ignored;
  if (!db->marked) return;
  if (write_mark(db, ENDED, &ignored) == ALM_DB_DONE) {
    bring_in_all(db, 0);
    sqlite3_db_config(db->raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  }
}
