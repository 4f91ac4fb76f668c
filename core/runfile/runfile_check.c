/* Reads what a file says about itself before SQLite touches it. The fields are those of "The
 * Database Header" in SQLite's file format description. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runfile_private.h"

enum {
  HEADER = 100, PAGE_SIZE = 16, CHANGES = 24, PAGES = 28, USER_VERSION = 60,
  APPLICATION_ID = 68, VALID_FOR = 92
};

const char *const alm_runfile_kinds[] = {"run", "rehearsal", "fetch", NULL};

static const struct {
  uint32_t id;
  const char *words;
} kinds[] = {
    {0x616c6d52, "a run file"},             /* "almR" */
    {0x616c6d48, "the state of a rehearsal"}, /* "almH" */
    {0x616c6d46, "the state of a fetch"},     /* "almF" */
};

static size_t kind_index(const char *kind) {
  size_t i = 0;
  while (strcmp(alm_runfile_kinds[i], kind) != 0) i++;
  return i;
}

uint32_t alm_runfile_kind_id(const char *kind) {
  return kinds[kind_index(kind)].id;
}

static uint32_t number_at(const unsigned char *header, int at) {
  header += at;
  return (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 |
         (uint32_t)header[2] << 8 | header[3];
}

static bool holds_bytes(const char *path, const char *suffix) {
  char name[PATH_MAX + 16], target[PATH_MAX];
  struct stat info;
  snprintf(name, sizeof name, "%s%s",
           realpath(path, target) ? target : path, suffix);
  return stat(name, &info) == 0 && info.st_size > 0;
}

bool alm_runfile_has_log(const char *path) {
  return holds_bytes(path, "-wal") || holds_bytes(path, "-journal");
}

/* Only a file without a log can be judged: a log that was not brought in may hold the
 * missing end. */
static bool is_whole(const char *path, const unsigned char *header, off_t size,
                     alm_error *err) {
  off_t page = header[PAGE_SIZE] << 8 | header[PAGE_SIZE + 1];
  if (page == 1) page = 65536;
  off_t wanted = page * (off_t)number_at(header, PAGES);
  bool told = number_at(header, CHANGES) == number_at(header, VALID_FOR);
  if (!told || size >= wanted || alm_runfile_has_log(path)) return true;
  return alm_fail(err, ALM_PARSE,
                  "%s is cut off: %lld of %lld bytes are there; copy it again "
                  "or take a backup",
                  path, (long long)size, (long long)wanted);
}

static bool is_kind(const char *path, const unsigned char *header,
                    const alm_db_options *options, alm_error *err) {
  size_t wanted = kind_index(options->kind);
  uint32_t id = number_at(header, APPLICATION_ID);
  if (id == kinds[wanted].id) return true;
  for (size_t i = 0; alm_runfile_kinds[i]; i++)
    if (id == kinds[i].id)
      return alm_fail(err, ALM_PARSE, "%s is %s, not %s", path, kinds[i].words,
                      kinds[wanted].words);
  return alm_fail(err, ALM_PARSE,
                  "%s is a database of another program, not %s", path,
                  kinds[wanted].words);
}

static bool is_version(const char *path, const unsigned char *header,
                       const alm_db_options *options, alm_error *err) {
  int version = (int)number_at(header, USER_VERSION);
  if (version == options->version) return true;
  const char *advice = version < options->version
                           ? "an older almanac made it: use that one, or start "
                             "anew with this one"
                           : "a newer almanac made it: use that one";
  return alm_fail(err, ALM_PARSE, "%s has format %d, this almanac needs %d; %s",
                  path, version, options->version, advice);
}

static bool read_header(const char *path, int fd, unsigned char *header,
                        const alm_db_options *options, alm_error *err) {
  const char *words = kinds[kind_index(options->kind)].words;
  ssize_t length = pread(fd, header, HEADER, 0);
  if (length < 0) return alm_fail_errno(err, "can't read %s", path);
  if (length == 0)
    return alm_fail(err, ALM_PARSE, "%s is empty, not %s", path, words);
  if (length < HEADER || memcmp(header, "SQLite format 3", 16) != 0)
    return alm_fail(err, ALM_PARSE, "%s is not %s", path, words);
  return true;
}

bool alm_runfile_check(const char *path, int fd, const alm_db_options *options,
                       alm_error *err) {
  unsigned char header[HEADER];
  struct stat info;
  if (fstat(fd, &info) != 0) return alm_fail_errno(err, "can't read %s", path);
  if (S_ISDIR(info.st_mode))
    return alm_fail(err, ALM_IO, "%s is a folder", path);
  if (!S_ISREG(info.st_mode))
    return alm_fail(err, ALM_IO, "%s is not a file", path);
  return read_header(path, fd, header, options, err) &&
         is_kind(path, header, options, err) &&
         is_version(path, header, options, err) &&
         is_whole(path, header, info.st_size, err);
}
