/* Changes files: folders, removal, and writes that appear whole or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "../base/standard.h"

/* ---- folders ---- */

static bool is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool make_one(const char *path, mode_t mode, alm_error *err) {
  if (mkdir(path, mode) == 0 || is_folder(path)) return true;
  return alm_fail_errno(err, "can't make the folder %s", path);
}

bool alm_files_make_folder(const char *path, mode_t mode, alm_error *err) {
  char *part = strdup(path);
  if (!part) return alm_fail(err, ALM_IO, "out of memory");
  bool done = true;
  for (char *at = part; done && *at; at++) {
    if (*at != '/' || at == part) continue;
    *at = '\0';
    done = make_one(part, mode, err);
    *at = '/';
  }
  done = done && make_one(part, mode, err);
  free(part);
  return done;
}

bool alm_files_temp_folder(char *path, size_t size, alm_error *err) {
  const char *base = getenv("TMPDIR");
  if (!base || !*base) base = "/tmp";
  int length = snprintf(path, size, "%s/almanac-XXXXXX", base);
  if (length < 0 || (size_t)length >= size)
    return alm_fail(err, ALM_LIMIT, "the path in TMPDIR is too long");
  if (mkdtemp(path)) return true;
  return alm_fail_errno(err, "can't make a folder in %s", base);
}

/* ---- removing ---- */

bool alm_files_remove(const char *path, alm_error *err) {
  if (remove(path) == 0) return true;
  return alm_fail_errno(err, "can't remove %s", path);
}

static bool empty_folder(int fd);

static bool remove_entry(int folder, const char *name) {
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return true;
  if (unlinkat(folder, name, 0) == 0) return true;
  if (errno != EISDIR && errno != EPERM) return false;
  int fd = openat(folder, name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd >= 0 && empty_folder(fd) &&
         unlinkat(folder, name, AT_REMOVEDIR) == 0;
}

/* Closes `fd`. */
static bool empty_folder(int fd) {
  DIR *list = fdopendir(fd);
  if (!list) {
    close(fd);
    return false;
  }
  struct dirent *entry;
  bool done = true;
  while (done && (errno = 0, entry = readdir(list)))
    done = remove_entry(fd, entry->d_name);
  done = done && errno == 0;
  int reason = errno;
  closedir(list);
  errno = reason;
  return done;
}

static bool is_root(int fd) {
  struct stat here, root;
  return fstat(fd, &here) == 0 && stat("/", &root) == 0 &&
         here.st_dev == root.st_dev && here.st_ino == root.st_ino;
}

bool alm_files_remove_tree(const char *path, alm_error *err) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
    return alm_files_remove(path, err);
  if (fd >= 0 && is_root(fd)) {
    close(fd);
    return alm_fail(err, ALM_IO, "%s is everything; it is not removed", path);
  }
  if (fd >= 0 && empty_folder(fd)) return alm_files_remove(path, err);
  return alm_fail_errno(err, "can't remove %s", path);
}

bool alm_files_rename(const char *from, const char *to, alm_error *err) {
  if (rename(from, to) == 0) return true;
  return alm_fail_errno(err, "can't rename %s to %s", from, to);
}

/* ---- writing ---- */

static bool write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, data, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    length -= (size_t)written;
  }
  return true;
}

/* close() may report a write that failed late, as on a network share. */
static bool close_well(int fd, bool done) {
  int reason = errno;
  bool closed = close(fd) == 0;
  if (!done) errno = reason;
  return done && closed;
}

static bool write_through(const char *path, const void *data, size_t length) {
  int fd = alm_standard_above(open(path, O_WRONLY | O_CLOEXEC));
  return fd >= 0 && close_well(fd, write_all(fd, data, length));
}

/* Writes the folder part of `path`, with its slash, at `folder`. */
static bool split_folder(const char *path, char *folder) {
  const char *slash = strrchr(path, '/');
  size_t length = slash ? (size_t)(slash - path) + 1 : 0;
  if (length >= PATH_MAX - 32) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(folder, path, length);
  folder[length] = '\0';
  return true;
}

static int open_beside(const char *folder, mode_t mode, char *name) {
  unsigned char random[8];
  char hex[2 * sizeof random + 1];
  alm_error ignored;
  if (!alm_hash_random(random, sizeof random, &ignored)) {
    errno = EAGAIN;
    return -1;
  }
  alm_hash_hex(random, sizeof random, hex);
  snprintf(name, PATH_MAX + 32, "%s.almanac-%s", folder, hex);
  return alm_standard_above(
      open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
}

static bool sync_folder(const char *folder) {
  int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return true; /* it may be searched but not read, so it can't be synced */
  fsync(fd);               /* some file systems can't for folders */
  close(fd);
  return true;
}

static bool replace(const char *path, const struct stat *old, const void *data,
                    size_t length, mode_t mode) {
  char folder[PATH_MAX], name[PATH_MAX + 32];
  if (!split_folder(path, folder)) return false;
  int fd = open_beside(folder, mode, name);
  if (fd < 0) return false;
  bool done = (!old || fchmod(fd, old->st_mode & 07777) == 0) &&
              write_all(fd, data, length) && fsync(fd) == 0;
  if (close_well(fd, done) && rename(name, path) == 0)
    return sync_folder(folder);
  int reason = errno;
  unlink(name);
  errno = reason;
  return false;
}

static bool write_file(const char *path, const void *data, size_t length,
                       mode_t mode) {
  struct stat info;
  char target[PATH_MAX];
  if (lstat(path, &info) != 0)
    return errno == ENOENT && replace(path, NULL, data, length, mode);
  if (S_ISLNK(info.st_mode)) {
    if (stat(path, &info) != 0) return false;
    if (S_ISREG(info.st_mode))
      return realpath(path, target) &&
             replace(target, &info, data, length, mode);
  }
  if (S_ISREG(info.st_mode)) return replace(path, &info, data, length, mode);
  return write_through(path, data, length);
}

/* Some file systems can't sync folders, or anything; that is no failure. */
static bool sync_by(int (*flush)(int), const char *path, alm_error *err) {
  int fd = alm_standard_above(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd < 0) return alm_fail_errno(err, "can't open %s", path);
  bool done = flush(fd) == 0 || errno == EINVAL || errno == ENOTSUP ||
              errno == EROFS;
  if (close_well(fd, done)) return true;
  return alm_fail_errno(err, "can't write %s to the disk", path);
}

bool alm_files_sync(const char *path, alm_error *err) {
  return sync_by(fsync, path, err);
}

bool alm_files_sync_disk(const char *path, alm_error *err) {
  return sync_by(syncfs, path, err);
}

bool alm_file_write(const char *path, const void *data, size_t length,
                    mode_t mode, alm_error *err) {
  if (write_file(path, data, length, mode)) return true;
  return alm_fail_errno(err, "can't write %s", path);
}
