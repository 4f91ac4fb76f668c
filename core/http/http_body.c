/* Sources and sinks of HTTP bodies. */
#include "http_body.h"
#include "../base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An answer meant for a file may be a refusal instead; so much of it is kept. */
enum { MEMORY_MOST = 32 * 1024 * 1024 };

static bool no_memory(alm_error *err) {
  return alm_fail(err, ALM_LIMIT, "no memory for a transfer");
}

bool alm_source_memory(alm_source *source, const void *data, size_t length,
                       alm_error *err) {
  *source = (alm_source){.fd = -1, .length = (int64_t)length};
  source->data = malloc(length + 1);
  if (!source->data) return no_memory(err);
  if (length) memcpy(source->data, data, length);
  return true;
}

bool alm_source_file(alm_source *source, const char *path, int64_t offset,
                     int64_t length, alm_error *err) {
  *source = (alm_source){.fd = -1, .start = offset};
  struct stat st;
  if (stat(path, &st) != 0)
    return alm_fail_errno(err, "can't read %s", path);
  if (!S_ISREG(st.st_mode))
    return alm_fail(err, ALM_IO, "can't send %s: it is not a file", path);
  int64_t rest = (int64_t)st.st_size - offset;
  source->length = length < 0 ? rest : length;
  if (rest < 0 || source->length > rest)
    return alm_fail(err, ALM_LIMIT, "%s is shorter than what is to be sent",
                    path);
  source->path = strdup(path);
  return source->path || no_memory(err);
}

static bool source_open(alm_source *source, alm_error *err) {
  if (source->fd >= 0) return true;
  source->fd = open(source->path, O_RDONLY | O_CLOEXEC);
  return source->fd >= 0 || alm_fail_errno(err, "can't read %s", source->path);
}

static ssize_t read_file(alm_source *source, void *data, size_t size,
                         alm_error *err) {
  if (!source_open(source, err)) return -1;
  ssize_t n;
  do
    n = pread(source->fd, data, size, (off_t)(source->start + source->position));
  while (n < 0 && errno == EINTR);
  if (n < 0)
    alm_fail_errno(err, "can't read %s", source->path);
  else if (n == 0)
    alm_fail(err, ALM_IO, "%s became shorter while it was sent", source->path);
  return n > 0 ? n : -1;
}

ssize_t alm_source_read(alm_source *source, void *data, size_t size,
                        alm_error *err) {
  int64_t rest = source->length - source->position;
  if ((int64_t)size > rest) size = (size_t)rest;
  ssize_t n = (ssize_t)size;
  if (size && source->path)
    n = read_file(source, data, size, err);
  else if (size)
    memcpy(data, source->data + source->position, size);
  if (n > 0) source->position += n;
  return n;
}

void alm_source_free(alm_source *source) {
  if (source->fd >= 0) close(source->fd);
  free(source->data);
  free(source->path);
  *source = (alm_source){.fd = -1};
}

bool alm_sink_open(alm_sink *sink, const char *path, int64_t maximum,
                   alm_error *err) {
  *sink = (alm_sink){.fd = -1, .maximum = maximum};
  bool to_memory = !path || maximum < MEMORY_MOST;
  alm_buf_init(&sink->text, to_memory ? (size_t)maximum : MEMORY_MOST);
  if (!path) return true;
  sink->path = strdup(path);
  if (!sink->path || asprintf(&sink->part, "%s.part", path) < 0) {
    sink->part = NULL;
    return no_memory(err);
  }
  return true;
}

/* What is fetched may be restricted, so the file is readable for this user alone. */
static bool sink_open_file(alm_sink *sink, alm_error *err) {
  if (sink->fd >= 0) return true;
  sink->fd = alm_standard_above(
      open(sink->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  return sink->fd >= 0 || alm_fail_errno(err, "can't write %s", sink->path);
}

bool alm_sink_hash(alm_sink *sink, alm_error *err) {
  alm_error without;
  sink->md5 = alm_hash_open(ALM_MD5, &without);
  sink->sha256 = alm_hash_open(ALM_SHA256, err);
  return sink->sha256 != NULL;
}

static bool hash(alm_sink *sink, const void *data, size_t size, alm_error *err) {
  if (!sink->sha256 || (alm_hash_add(sink->sha256, data, size) &&
                        (!sink->md5 || alm_hash_add(sink->md5, data, size))))
    return true;
  return alm_fail(err, ALM_IO, "libcrypto can't go on with a checksum");
}

/* Frees the hasher; an absent one leaves "". */
static void end_hash(alm_hasher **hasher, alm_hash_kind kind, char *hex) {
  unsigned char digest[ALM_HASH_SIZE];
  if (*hasher && alm_hash_end(*hasher, digest))
    alm_hash_hex(digest, alm_hash_size(kind), hex);
  *hasher = NULL;
}

static bool write_file(alm_sink *sink, const char *data, size_t size,
                       alm_error *err) {
  if (!sink_open_file(sink, err)) return false;
  while (size > 0) {
    ssize_t n = write(sink->fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return alm_fail_errno(err, "can't write %s", sink->path);
    data += n;
    size -= (size_t)n;
  }
  return true;
}

bool alm_sink_write(alm_sink *sink, bool to_file, const void *data, size_t size,
                    alm_error *err) {
  if ((int64_t)size > sink->maximum - sink->size)
    return alm_fail(err, ALM_LIMIT, "the answer has more than %lld bytes",
                    (long long)sink->maximum);
  sink->size += (int64_t)size;
  if (sink->path && to_file)
    return hash(sink, data, size, err) && write_file(sink, data, size, err);
  return alm_buf_add(&sink->text, data, size) || no_memory(err);
}

bool alm_sink_finish(alm_sink *sink, alm_digests *digests, alm_error *err) {
  if (!sink->path) return true;
  end_hash(&sink->sha256, ALM_SHA256, digests->sha256);
  end_hash(&sink->md5, ALM_MD5, digests->md5);
  if (!sink_open_file(sink, err)) return false;
  int fd = sink->fd;
  sink->fd = -1;
  bool synced = sink->unsynced || fsync(fd) == 0 || errno == EINVAL; /* some file systems can't */
  if (close(fd) == 0 && synced && rename(sink->part, sink->path) == 0) return true;
  alm_fail_errno(err, "can't write %s", sink->path);
  unlink(sink->part);
  return false;
}

void alm_sink_free(alm_sink *sink) {
  if (sink->fd >= 0) {
    close(sink->fd);
    unlink(sink->part);
  }
  alm_hash_free(sink->sha256);
  alm_hash_free(sink->md5);
  free(sink->path);
  free(sink->part);
  alm_buf_free(&sink->text);
  *sink = (alm_sink){.fd = -1};
}
