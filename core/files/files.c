/* Reads files: what they are, what is in them, their digests. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "files_private.h"

#define CHUNK (256 * 1024)

static _Thread_local unsigned char chunk[CHUNK];

/* ---- opening ---- */

static int64_t nanoseconds(const struct timespec *time) {
  const int64_t most = INT64_MAX / 1000000000 - 1;
  if (time->tv_sec > most) return INT64_MAX;
  if (time->tv_sec < -most) return INT64_MIN;
  return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

void alm_file_describe(const struct stat *from, alm_file_info *info) {
  info->size = from->st_size;
  info->mode = from->st_mode;
  info->device = from->st_dev;
  info->inode = from->st_ino;
  info->mtime_ns = nanoseconds(&from->st_mtim);
}

bool alm_file_stat(const char *path, alm_file_info *info, alm_error *err) {
  struct stat found;
  if (stat(path, &found) != 0)
    return alm_fail_errno(err, "can't look at %s", path);
  alm_file_describe(&found, info);
  return true;
}

static int open_any(int folder, const char *path, int flags, struct stat *info,
                    alm_error *err) {
  int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0 || fstat(fd, info) != 0) {
    alm_fail_errno(err, "can't open %s", path);
    if (fd >= 0) close(fd);
    return -1;
  }
  if (!S_ISDIR(info->st_mode)) return fd;
  alm_fail(err, ALM_IO, "%s is a folder, not a file", path);
  close(fd);
  return -1;
}

/* Opening a pipe would wait for a writer; with O_NONBLOCK it does not, and it is refused. */
int alm_file_open(int folder, const char *path, struct stat *info,
                  alm_error *err) {
  int fd = open_any(folder, path, O_NONBLOCK, info, err);
  if (fd < 0 || S_ISREG(info->st_mode)) return fd;
  alm_fail(err, ALM_IO, "%s is not an ordinary file", path);
  close(fd);
  return -1;
}

static ssize_t read_chunk(int fd, size_t wanted) {
  ssize_t got;
  do got = read(fd, chunk, wanted < CHUNK ? wanted : CHUNK);
  while (got < 0 && errno == EINTR);
  return got;
}

/* ---- contents ---- */

static bool read_into(int fd, const char *path, size_t count, alm_buf *out,
                      alm_error *err) {
  ssize_t got = 1;
  for (; count > 0 && got > 0; count -= (size_t)got) {
    got = read_chunk(fd, count);
    if (got < 0) return alm_fail_errno(err, "can't read %s", path);
    if (!alm_buf_add(out, chunk, (size_t)got))
      return alm_fail(err, ALM_LIMIT, "%s has more than %zu bytes", path,
                      out->maximum);
  }
  return true;
}

bool alm_file_head(const char *path, size_t count, alm_buf *out,
                   alm_error *err) {
  struct stat info;
  int fd = alm_file_open(AT_FDCWD, path, &info, err);
  if (fd < 0) return false;
  bool done = read_into(fd, path, count, out, err);
  close(fd);
  return done;
}

char *alm_files_real_path(const char *path, alm_error *err) {
  char *real = realpath(path, NULL);
  if (!real) alm_fail_errno(err, "can't open %s", path);
  return real;
}

bool alm_files_path_below(const char *folder, const char *path) {
  size_t length = strlen(folder);
  if (strncmp(path, folder, length) != 0) return false;
  return path[length] == '/' || (length > 0 && folder[length - 1] == '/');
}

bool alm_file_check_within(const char *folder, const char *path,
                           alm_error *err) {
  char *target = realpath(path, NULL);
  char *above = target ? realpath(folder, NULL) : NULL;
  bool inside = above && alm_files_path_below(above, target);
  if (!target)
    alm_fail(err, ALM_IO, "%s is a link that leads nowhere", path);
  else if (!inside)
    alm_fail(err, ALM_IO, "%s is " ALM_LINK_OUT, path);
  free(target);
  free(above);
  return inside;
}

/* No folder can hold a file with so long a name, so it is missing. A whole path that is
 * too long says nothing about what is there. */
static bool is_name_too_long(const char *path) {
  const char *slash = strrchr(path, '/');
  return strlen(slash ? slash + 1 : path) > NAME_MAX;
}

bool alm_file_head_within(const char *folder, const char *path, size_t count,
                          alm_buf *out, alm_error *err) {
  struct stat info;
  if (lstat(path, &info) != 0) {
    if (errno == ENAMETOOLONG && is_name_too_long(path)) errno = ENOENT;
    return alm_fail_errno(err, "can't look at %s", path);
  }
  if (S_ISLNK(info.st_mode) && !alm_file_check_within(folder, path, err))
    return false;
  return alm_file_head(path, count, out, err);
}

bool alm_file_read(const char *path, alm_buf *out, alm_error *err) {
  struct stat info;
  int fd = open_any(AT_FDCWD, path, 0, &info, err);
  if (fd < 0) return false;
  bool done = read_into(fd, path, SIZE_MAX, out, err);
  close(fd);
  return done;
}

/* ---- digests ---- */

static bool feed(alm_hasher *hasher, int fd, const char *path, int64_t length,
                 int64_t *hashed, alm_error *err) {
  *hashed = 0;
  for (;;) {
    int64_t left = length < 0 ? CHUNK : length - *hashed;
    if (left == 0) return true;
    ssize_t got = read_chunk(fd, left < CHUNK ? (size_t)left : CHUNK);
    if (got < 0) return alm_fail_errno(err, "can't read %s", path);
    if (got == 0 && length < 0) return true;
    if (got == 0)
      return alm_fail(err, ALM_IO, "%s is shorter than it should be", path);
    if (!alm_hash_add(hasher, chunk, (size_t)got))
      return alm_fail(err, ALM_IO, "can't compute the digest of %s", path);
    *hashed += got;
  }
}

static bool hash_open_file(int fd, const char *path, alm_hash_kind kind,
                           int64_t length, unsigned char *digest,
                           int64_t *hashed, alm_error *err) {
  alm_hasher *hasher = alm_hash_open(kind, err);
  if (!hasher) return false;
  if (!feed(hasher, fd, path, length, hashed, err)) {
    alm_hash_free(hasher);
    return false;
  }
  if (alm_hash_end(hasher, digest)) return true;
  return alm_fail(err, ALM_IO, "can't compute the digest of %s", path);
}

bool alm_file_hash(const char *path, alm_hash_kind kind, int64_t offset,
                   int64_t length, unsigned char *digest, int64_t *hashed,
                   alm_error *err) {
  struct stat info;
  int fd = alm_file_open(AT_FDCWD, path, &info, err);
  if (fd < 0) return false;
  bool done = false;
  posix_fadvise(fd, offset, length < 0 ? 0 : length, POSIX_FADV_SEQUENTIAL);
  if (offset > info.st_size)
    alm_fail(err, ALM_IO, "%s is shorter than it should be", path);
  else if (lseek(fd, offset, SEEK_SET) < 0)
    alm_fail_errno(err, "can't read %s", path);
  else
    done = hash_open_file(fd, path, kind, length, digest, hashed, err);
  close(fd);
  return done;
}

bool alm_files_free_space(const char *path, int64_t *bytes, alm_error *err) {
  struct statvfs info;
  if (statvfs(path, &info) != 0)
    return alm_fail_errno(err, "can't look at %s", path);
  *bytes = (int64_t)info.f_bavail * (int64_t)info.f_frsize;
  return true;
}
