/* Lets one process at a time write a database file, and keeps the file safe from its own
 * process.
 *
 * POSIX drops all of a process's record locks on a file, SQLite's too, as soon as any
 * descriptor of that file is closed. So there is one descriptor for each database file in
 * the process, shared by all who have the file open here and closed by the last. The writer's
 * own lock is an OFD lock on a byte far behind the end of any database; the kernel drops it
 * when the process ends, however it ends. Safe to call from several threads. */
#ifndef ALM_RUNFILE_GUARD_H
#define ALM_RUNFILE_GUARD_H

#include <stdbool.h>

#include "../base/error.h"

typedef struct alm_lock alm_lock;

/* Opens an existing file, or with `create` a new one; then an existing file is a conflict.
 * Must be closed after SQLite has closed the same file. */
alm_lock *alm_lock_open(const char *path, bool create, alm_error *err);

/* For reading only; belongs to the lock. */
int alm_lock_fd(const alm_lock *lock);

/* False with code conflict and the message "in use" when another process, or
 * another opener in this one, is the writer; with io when the file can't be
 * written to. */
bool alm_lock_take(alm_lock *lock, alm_error *err);

/* Does another process, or another opener in this one, hold it? */
bool alm_lock_is_locked(const alm_lock *lock);

/* Gives the lock back if this opener holds it, and closes the descriptor when it was the
 * last. NULL is fine. */
void alm_lock_close(alm_lock *lock);

#endif
