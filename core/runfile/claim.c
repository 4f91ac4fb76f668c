/* Makes claims on names as locks on bytes of a shared file. */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct alm_claim {
  int fd;
};

/* Some kernels protect shared folders: there somebody else's file can't be opened with
 * O_CREAT. So opening and making are tried one after the other. */
static int open_shared(const char *path) {
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  for (int tries = 0; tries < 3; tries++) {
    int fd = open(path, flags);
    if (fd >= 0 || errno != ENOENT) return fd;
    fd = open(path, flags | O_CREAT | O_EXCL, 0666);
    if (fd >= 0) fchmod(fd, 0666); /* the umask is for one's own files, and this one is shared */
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

alm_claim *alm_claim_open(const char *path, alm_error *err) {
  int fd = open_shared(path);
  alm_claim *claim = fd >= 0 ? malloc(sizeof *claim) : NULL;
  if (claim) {
    claim->fd = fd;
    return claim;
  }
  alm_fail_errno(err, "can't open %s", path);
  if (fd >= 0) close(fd);
  return NULL;
}

/* FNV-1a, cut to the range of an offset. */
static off_t byte_of(const char *name, size_t length) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)name[i]) * 1099511628211u;
  return (off_t)(hash >> 2);
}

static bool set(const alm_claim *claim, short type, const char *name,
                size_t length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};
  lock.l_start = byte_of(name, length);
  return fcntl(claim->fd, F_OFD_SETLK, &lock) == 0;
}

bool alm_claim_take(alm_claim *claim, const char *name, size_t length,
                    alm_error *err) {
  if (set(claim, F_WRLCK, name, length)) return true;
  if (errno == EAGAIN || errno == EACCES)
    return alm_fail(err, ALM_CONFLICT, "in use");
  return alm_fail_errno(err, "can't claim %.*s", (int)length, name);
}

void alm_claim_give(alm_claim *claim, const char *name, size_t length) {
  set(claim, F_UNLCK, name, length);
}

void alm_claim_close(alm_claim *claim) {
  if (!claim) return;
  close(claim->fd);
  free(claim);
}
