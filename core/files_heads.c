/* How many files begin. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "files_private.h"
#include "parallel.h"

typedef struct {
  int folder;
  size_t count;
  alm_file_start *starts;
} job;

static bool read_start(int fd, size_t count, alm_file_start *start) {
  while (start->length < count) {
    ssize_t got = read(fd, start->bytes + start->length, count - start->length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return alm_fail_errno(&start->err, "can't read %s", start->path);
    if (got == 0) return true;
    start->length += (size_t)got;
  }
  return true;
}

static void read_one(void *context, size_t index) {
  const job *shared = context;
  alm_file_start *start = &shared->starts[index];
  struct stat info;
  start->length = 0;
  start->ok = false;
  int fd = alm_file_open(shared->folder, start->path, &info, &start->err);
  if (fd < 0) return;
  start->ok = read_start(fd, shared->count, start);
  close(fd);
}

bool alm_file_heads(const char *folder, size_t count, alm_file_start *starts,
                    size_t files, alm_error *err) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return alm_fail_errno(err, "can't open the folder %s", folder);
  if (count > ALM_HEAD_MAXIMUM) count = ALM_HEAD_MAXIMUM;
  job shared = {.folder = fd, .count = count, .starts = starts};
  alm_parallel(files, read_one, &shared);
  close(fd);
  return true;
}
