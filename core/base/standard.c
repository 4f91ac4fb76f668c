/* Standard descriptors that are taken, and standard output that arrives. */
#include "standard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_closed(int fd) {
  return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

/* open gives the lowest free number. All numbers below `fd` are taken, so it is `fd`. */
static bool take(int fd, alm_error *err) {
  if (!is_closed(fd)) return true;
  if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) == fd)
    return true;
  return alm_fail_errno(err, "can't open /dev/null");
}

bool alm_standard_take(alm_error *err) {
  return take(STDIN_FILENO, err) && take(STDOUT_FILENO, err) &&
         take(STDERR_FILENO, err);
}

int alm_standard_above(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int reason = errno;
  close(fd);
  errno = reason;
  return moved;
}

static bool reader_is_gone(void) {
  struct pollfd output = {.fd = STDOUT_FILENO};
  return poll(&output, 1, 0) == 1 && output.revents & (POLLERR | POLLHUP);
}

bool alm_standard_flush(alm_error *err) {
  static int lost; /* errno of the first flush that failed, as far as known */
  if (fflush(stdout) != 0 && !lost) lost = errno;
  if (!ferror(stdout) || reader_is_gone()) return true;
  return alm_fail(err, ALM_IO, "standard output can't be written%s%s",
                  lost ? ": " : "", lost ? strerror(lost) : " (is the disk full?)");
}
