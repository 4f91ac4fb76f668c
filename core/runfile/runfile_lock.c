/* Keeps one descriptor for each database file of the process, and the writer's lock on it. */
#include "runfile_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/standard.h"

#define LOCK_BYTE ((off_t)1 << 62) /* SQLite's own are at 1 GiB */

typedef struct shared {
  struct shared *next;
  dev_t device;
  ino_t inode;
  int fd;
  int openers;
  alm_lock *writer;
} shared;

struct alm_lock {
  shared *file;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static shared *files;

/* Looks by name: comparing descriptors would mean to open and close one, which must not happen. */
static shared *find_open(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) return NULL;
  shared *file = files;
  while (file && (file->device != info.st_dev || file->inode != info.st_ino))
    file = file->next;
  return file;
}

/* Titles and files in a run file may be restricted, so it is readable for this user alone.
 * SQLite gives its log the same rights. */
static int open_file(const char *path, bool create) {
  if (create) return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool fail_open(const char *path, bool create, alm_error *err) {
  if (create && errno == EEXIST)
    return alm_fail(err, ALM_CONFLICT, "%s exists already", path);
  if (!create && errno == ENOENT)
    return alm_fail(err, ALM_MISSING, "%s does not exist", path);
  return alm_fail_errno(err, create ? "can't create %s" : "can't open %s",
                        path);
}

static shared *add_file(const char *path, bool create, alm_error *err) {
  struct stat info;
  int fd = alm_standard_above(open_file(path, create));
  if (fd < 0) {
    fail_open(path, create, err);
    return NULL;
  }
  shared *file = malloc(sizeof *file);
  if (!file || fstat(fd, &info) != 0) {
    alm_fail_errno(err, "can't open %s", path);
    close(fd);
    free(file);
    return NULL;
  }
  *file = (shared){.next = files, .fd = fd};
  file->device = info.st_dev;
  file->inode = info.st_ino;
  return files = file;
}

alm_lock *alm_lock_open(const char *path, bool create, alm_error *err) {
  alm_lock *lock = malloc(sizeof *lock);
  if (!lock) {
    alm_fail(err, ALM_IO, "can't open %s: out of memory", path);
    return NULL;
  }
  pthread_mutex_lock(&mutex);
  lock->file = create ? NULL : find_open(path);
  if (!lock->file) lock->file = add_file(path, create, err);
  if (lock->file) lock->file->openers++;
  pthread_mutex_unlock(&mutex);
  if (lock->file) return lock;
  free(lock);
  return NULL;
}

int alm_lock_fd(const alm_lock *lock) { return lock->file->fd; }

static bool set_lock(int fd, short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
  lock.l_start = LOCK_BYTE;
  lock.l_len = 1;
  return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool lock_file(alm_lock *lock, alm_error *err) {
  shared *file = lock->file;
  if (file->writer) return alm_fail(err, ALM_CONFLICT, "in use");
  if (set_lock(file->fd, F_WRLCK)) {
    file->writer = lock;
    return true;
  }
  if (errno == EAGAIN || errno == EACCES)
    return alm_fail(err, ALM_CONFLICT, "in use");
  if (errno == EBADF) errno = EACCES; /* it could be opened for reading only */
  return alm_fail_errno(err, "can't lock it for writing");
}

bool alm_lock_take(alm_lock *lock, alm_error *err) {
  pthread_mutex_lock(&mutex);
  bool locked = lock_file(lock, err);
  pthread_mutex_unlock(&mutex);
  return locked;
}

bool alm_lock_is_locked(const alm_lock *lock) {
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  range.l_start = LOCK_BYTE;
  range.l_len = 1;
  pthread_mutex_lock(&mutex);
  bool locked = lock->file->writer ||
                (fcntl(lock->file->fd, F_OFD_GETLK, &range) == 0 &&
                 range.l_type != F_UNLCK);
  pthread_mutex_unlock(&mutex);
  return locked;
}

static void remove_file(shared *file) {
  shared **link = &files;
  while (*link != file) link = &(*link)->next;
  *link = file->next;
  close(file->fd);
  free(file);
}

void alm_lock_close(alm_lock *lock) {
  if (!lock) return;
  pthread_mutex_lock(&mutex);
  shared *file = lock->file;
  if (file->writer == lock) {
    set_lock(file->fd, F_UNLCK);
    file->writer = NULL;
  }
  if (--file->openers == 0) remove_file(file);
  pthread_mutex_unlock(&mutex);
  free(lock);
}
