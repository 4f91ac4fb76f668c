/* Workers that look at pictures and make derivatives, seen from the program that needs them.
 * A worker is the program `picture` (work.h), a process without rights. It decodes with
 * libvips, which this side does not need. A picture that ends its worker is named, and a
 * new worker goes on with the next.
 *
 * A request is a text: a verb, and lines "name value"; with it go up to three descriptors
 * (SCM_RIGHTS). An answer is lines "name value", of which the last is "done" or "refused
 * WORDS". One message of a socket of kind SOCK_SEQPACKET is one of either; a message of one
 * NUL byte is a sign of life. */
#ifndef ALM_PICTURES_H
#define ALM_PICTURES_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"
#include "../base/error.h"

#define ALM_PICTURES_LONGEST 65536 /* bytes of a message */
#define ALM_PICTURES_FILES 3       /* the picture, what is made of it, a scratch file */

typedef struct alm_pictures alm_pictures;

typedef struct {
  int workers;    /* at most this many at once; 0: one for each processor */
  double memory;  /* bytes that one may take */
  double silence; /* seconds without a sign of life that end it */
} alm_pictures_options;

/* What became of a request. */
typedef struct {
  long number;     /* that alm_pictures_ask gave */
  alm_buf *answer; /* its lines; empty when `ended` */
  bool ended;      /* its worker ended or was ended over it; err says how */
  alm_error err;
} alm_pictures_result;

/* Opens a pool; a worker is started when it is needed. NULL: the program is missing. */
alm_pictures *alm_pictures_open(const alm_pictures_options *options, alm_error *err);

/* How many requests can be taken now. */
int alm_pictures_free(const alm_pictures *pool);

/* What a request is about. The worker gets these files opened, never a name. */
typedef struct {
  const char *picture; /* a regular file */
  const char *out;     /* a new file, that nobody has yet; NULL: nothing is made */
  const char *scratch; /* a folder with room for all pixels of a picture that has to be turned; NULL: such a one
                          is refused */
} alm_pictures_paths;

/* Gives a request to a free worker. Its number, or -1: missing, conflict (there is a file `out`), io, limit (no
 * worker is free). */
long alm_pictures_ask(alm_pictures *pool, const char *text, size_t length, const alm_pictures_paths *paths,
                      alm_error *err);

/* Waits until something is answered, or a worker has ended, at most so long. False: nothing yet. `result` lives
 * until the next call. */
bool alm_pictures_wait(alm_pictures *pool, double seconds, alm_pictures_result *result);

/* A descriptor that can be read when `alm_pictures_wait` would not have to wait. */
int alm_pictures_fd(const alm_pictures *pool);

/* Ends all workers. NULL is fine. */
void alm_pictures_close(alm_pictures *pool);

#endif
