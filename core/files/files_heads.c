/* Reads how many files begin and end, in the background, since reading mostly waits. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files_private.h"
#include "../base/parallel.h"

struct alm_file_heads {
  int folder;
  size_t count, files;
  alm_file_start *starts;
  pthread_t thread;
  bool threaded;
};

#define PAGE 4096 /* bytes read at the beginning; fewer would take as long */
#define TAIL 64

/* FNV-1a, eight bytes a step. Run files keep its results, so it gives the same on every
 * machine. Another function here would need another version of run files. */
static uint64_t mix(uint64_t hash, const unsigned char *bytes, size_t length) {
  uint64_t word = 0;
  for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
    memcpy(&word, bytes, sizeof word);
    hash = (hash ^ le64toh(word)) * 0x100000001b3u;
    hash ^= hash >> 29;
  }
  word = htole64(length);
  memcpy(&word, bytes, length);
  return (hash ^ le64toh(word)) * 0x100000001b3u;
}

static ssize_t read_at(int fd, unsigned char *into, size_t count, int64_t from) {
  size_t length = 0;
  while (length < count) {
    ssize_t got = pread(fd, into + length, count - length,
                        (off_t)(from + (int64_t)length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    length += (size_t)got;
  }
  return (ssize_t)length;
}

/* Reads PAGE bytes at the beginning (a shorter file whole) and TAIL bytes at the end.
 * Returns how many the first were, or -1 with errno. */
static ssize_t read_ends(int fd, int64_t size, unsigned char *page,
                         uint64_t *mark) {
  unsigned char tail[TAIL];
  ssize_t got = read_at(fd, page, PAGE, 0), end = 0;
  if (got == PAGE && size > PAGE) end = read_at(fd, tail, TAIL, size - TAIL);
  if (got < 0 || end < 0) return -1;
  *mark = mix(mix((uint64_t)size, page, (size_t)got), tail, (size_t)end);
  return got;
}

static bool read_start(int fd, size_t count, int64_t size,
                       alm_file_start *start) {
  unsigned char page[PAGE];
  ssize_t got = read_ends(fd, size, page, &start->mark);
  if (got < 0) return alm_fail_errno(&start->err, "can't read %s", start->path);
  start->length = (size_t)got < count ? (size_t)got : count;
  memcpy(start->bytes, page, start->length);
  alm_jpeg_look(fd, page, (size_t)got, size, &start->jpeg);
  return true;
}

bool alm_file_mark(const char *folder, const char *path, uint64_t *mark,
                   alm_file_info *info, alm_error *err) {
  struct stat found;
  unsigned char page[PAGE];
  int fd = alm_file_open(AT_FDCWD, path, &found, err);
  if (fd < 0) return false;
  bool done = read_ends(fd, found.st_size, page, mark) >= 0;
  if (!done) alm_fail_errno(err, "can't read %s", path);
  alm_file_describe(&found, info);
  close(fd);
  if (!done || alm_file_check_within(folder, path, err)) return done;
  err->code = ALM_CONFLICT;
  return false;
}

static void read_one(void *context, size_t index) {
  const alm_file_heads *heads = context;
  alm_file_start *start = &heads->starts[index];
  struct stat info;
  start->length = 0;
  start->ok = false;
  int fd = alm_file_open(heads->folder, start->path, &info, &start->err);
  if (fd < 0) return;
  start->ok = read_start(fd, heads->count, info.st_size, start);
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
  heads->threaded = alm_parallel_thread(&heads->thread, read_all, heads);
  if (!heads->threaded) read_all(heads);
  return heads;
}

void alm_file_heads_end(alm_file_heads *heads) {
  if (!heads) return;
  if (heads->threaded) pthread_join(heads->thread, NULL);
  close(heads->folder);
  free(heads);
}
