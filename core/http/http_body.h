/* The two ends of a body. A source gives the bytes of a request, from memory or from a
 * slice of a file that is never loaded whole. A sink takes the bytes of an answer, into
 * limited memory or into a file that gets its name only when it is complete. */
#ifndef ALM_HTTP_BODY_H
#define ALM_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/buf.h"
#include "../base/error.h"
#include "../base/hash.h"

typedef struct {
  char *data;    /* the bytes, or */
  char *path;    /* the file, opened when the first byte is wanted */
  int fd;
  int64_t start; /* where the slice begins in the file */
  int64_t length;
  int64_t position;
} alm_source;

/* Copies the bytes. */
bool alm_source_memory(alm_source *source, const void *data, size_t length,
                       alm_error *err);

/* `length` bytes of the file from `offset` on; -1: all that follow. Fails when
 * the file does not hold them: missing, io, limit. */
bool alm_source_file(alm_source *source, const char *path, int64_t offset,
                     int64_t length, alm_error *err);

/* The next bytes, at most `size`; 0 at the end, -1 when the file can't be read
 * or has become shorter. */
ssize_t alm_source_read(alm_source *source, void *data, size_t size,
                        alm_error *err);

void alm_source_free(alm_source *source);

/* Digests of what a sink took, in hex; "" when they were not asked for, or libcrypto has
 * not got one (MD5 in FIPS mode). */
typedef struct {
  char sha256[2 * ALM_HASH_SIZE + 1];
  char md5[2 * ALM_HASH_SIZE + 1];
} alm_digests;

typedef struct {
  char *path;       /* NULL: memory only */
  char *part;       /* path while it is incomplete */
  int fd;
  alm_buf text;
  int64_t size;     /* bytes taken */
  int64_t maximum;
  bool unsynced;            /* the file may reach the disk later than its name */
  alm_hasher *sha256, *md5; /* of what goes into the file; NULL: not taken */
} alm_sink;

bool alm_sink_open(alm_sink *sink, const char *path, int64_t maximum,
                   alm_error *err);

/* Takes digests of the file as it is written, so that it need not be read again. */
bool alm_sink_hash(alm_sink *sink, alm_error *err);

/* Takes bytes: into the file when there is one and `to_file`, else into memory. */
bool alm_sink_write(alm_sink *sink, bool to_file, const void *data, size_t size,
                    alm_error *err);

/* The answer is complete: the file gets its name. `digests` is filled. */
bool alm_sink_finish(alm_sink *sink, alm_digests *digests, alm_error *err);

/* Removes an unfinished file and frees everything. */
void alm_sink_free(alm_sink *sink);

#endif
