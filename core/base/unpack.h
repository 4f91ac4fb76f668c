/* The files that a file, standard input or a piece of memory holds: itself, or what is
 * packed in it with gzip (members one after the other too), as tar or as zip, also
 * one in the other. Each is told by its first bytes. Memory stays small whatever is
 * unpacked; what unpacks to hundreds of times its size, holds too many files, or has
 * archives in archives in archives is refused, so that no archive can keep a machine busy.
 * libarchive reads tar and zip, and is loaded when the first one comes.
 * Failures: io, missing (the file, or libarchive), parse (broken gzip or archive), limit;
 * cancelled when a signal that is caught (sys.h) ends the waiting for more. */
#ifndef ALM_UNPACK_H
#define ALM_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "error.h"

typedef struct alm_unpack alm_unpack;

/* Does something that is unpacked begin so? `head` is up to 512 bytes. */
bool alm_unpack_looks(const char *head, size_t length);

/* "-" is standard input. */
alm_unpack *alm_unpack_open(const char *path, alm_error *err);
/* The bytes must stay until the close. */
alm_unpack *alm_unpack_memory(const char *bytes, size_t length, const char *name, alm_error *err);
void alm_unpack_close(alm_unpack *unpack); /* NULL is fine */

/* Goes to the next file, first to the first. False with `there`: failed; after a failure
 * of a file it goes on with the next one, after one of the archive nothing is there. */
bool alm_unpack_next(alm_unpack *unpack, bool *there, alm_error *err);
/* Bytes of it; 0 at its end, -1: failed. */
ssize_t alm_unpack_read(alm_unpack *unpack, char *into, size_t room, alm_error *err);
/* Its name within the archive ("a.tar: b.mrc" for an archive in one), for people; NULL:
 * what is read is no archive. */
const char *alm_unpack_file(const alm_unpack *unpack);
/* Behind a failure: another file may follow. */
bool alm_unpack_goes_on(const alm_unpack *unpack);
/* The path, "standard input", or the name that was given. */
const char *alm_unpack_name(const alm_unpack *unpack);

/* Bytes read of what is packed, and how many there are; 0 when that isn't known. */
uint64_t alm_unpack_done(const alm_unpack *unpack);
uint64_t alm_unpack_size(const alm_unpack *unpack);

/* Adds the file `name` of an archive in memory to `out`. Failures also: missing; limit when
 * `out` is full. */
bool alm_unpack_one(const char *bytes, size_t length, const char *name, alm_buf *out, alm_error *err);

#endif
