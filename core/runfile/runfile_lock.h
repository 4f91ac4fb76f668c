/* Keeps a database file to one writing process, and safe from its own process.
 *
 * POSIX takes all of a process's record locks on a file away, SQLite's too, as
 * soon as any descriptor of that file is closed. So there is one descriptor
 * for each database file in the process, shared by all who have it open here
 * and closed by the last. The writer's own lock is an OFD lock on a byte far
 * behind the end of any database; the kernel drops it when the process ends,
 * however it ends. Safe to call from several threads. */
#ifndef ALM_RUNFILE_GUARD_H
#define ALM_RUNFILE_GUARD_H

#include <stdbool.h>

#include "../base/error.h"

typedef struct alm_lock alm_lock;

/* Opens an existing file, or (`create`) a new one: a file that exists is then
 * a conflict. Must be closed after SQLite has closed the same file. */
alm_lock *alm_lock_open(const char *path, bool create, alm_error *err);

/* For reading only; belongs to the lock. */
int alm_lock_fd(const alm_lock *lock);

/* False with code conflict and the message "in use" when another process, or
 * another opener in this one, is the writer; with io when the file can't be
 * written to. */
bool alm_lock_take(alm_lock *lock, alm_error *err);

/* Does anybody hold it: another process, or an opener in this one? */
bool alm_lock_is_locked(const alm_lock *lock);

/* Gives the lock back if this opener holds it; closes the descriptor when it
 * was the last. NULL is fine. */
void alm_lock_close(alm_lock *lock);

#endif
