/* How many files begin: read in the background, since it mostly waits. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "files_private.h"
#include "parallel.h"

struct alm_file_heads {
  int folder;
  size_t count, files;
  alm_file_start *starts;
  pthread_t thread;
  bool threaded;
};

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
  const alm_file_heads *heads = context;
  alm_file_start *start = &heads->starts[index];
  struct stat info;
  start->length = 0;
  start->ok = false;
  int fd = alm_file_open(heads->folder, start->path, &info, &start->err);
  if (fd < 0) return;
  start->ok = read_start(fd, heads->count, start);
  close(fd);
}

static void *read_all(void *argument) {
  alm_file_heads *heads = argument;
  alm_parallel(heads->files, read_one, heads);
  return NULL;
}

alm_file_heads *alm_file_heads_begin(const char *folder, size_t count,
                                     alm_file_start *starts, size_t files,
                                     alm_error *err) {
  alm_file_heads *heads = malloc(sizeof *heads);
  if (!heads) {
    alm_fail(err, ALM_IO, "out of memory");
    return NULL;
  }
  *heads = (alm_file_heads){.count = count, .files = files, .starts = starts};
  heads->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (heads->folder < 0) {
    alm_fail_errno(err, "can't open the folder %s", folder);
    free(heads);
    return NULL;
  }
  if (count > ALM_HEAD_MAXIMUM) heads->count = ALM_HEAD_MAXIMUM;
  heads->threaded = alm_thread_start(&heads->thread, read_all, heads);
  if (!heads->threaded) read_all(heads);
  return heads;
}

void alm_file_heads_end(alm_file_heads *heads) {
  if (!heads) return;
  if (heads->threaded) pthread_join(heads->thread, NULL);
  close(heads->folder);
  free(heads);
}
