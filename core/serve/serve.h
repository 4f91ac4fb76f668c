/* A local HTTP server whose requests are taken one by one and answered in any order, at
 * any time. The rehearsal uses it, and a review in a browser may.
 *
 * There are no callbacks. alm_serve_wait drives the server, alm_serve_next gives requests
 * that have arrived completely; the connection then waits for the answer at no cost.
 * Large bodies lie in files. Some requests are answered here and never seen: a body over
 * the maximum with 413 (nothing is kept when its length was announced), too many headers
 * with 431, a body that can't be stored with 507. A client that sends or reads too slowly
 * is hung up on, at once when others wait for its place.
 *
 * With `heads`, a request whose body is too large for memory comes twice. First comes its
 * head, before any of the body is kept. Either it is accepted and comes again when it is
 * complete, or it is answered and its body is thrown away.
 *
 * alm_serve_fd can be polled together with other descriptors: when it is readable, call
 * alm_serve_wait with 0 seconds. */
#ifndef ALM_SERVE_H
#define ALM_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/headers.h"

typedef struct alm_serve alm_serve;

typedef struct {
  const char *host;       /* address to listen on */
  int port;               /* 0: any free one */
  int64_t max_body;
  const char *wide_path;  /* NULL, or what paths begin with … */
  int64_t wide_body;      /* … below which bodies may be so large */
  const char *spool_dir;  /* NULL: TMPDIR, else /tmp */
  int64_t spool_above;    /* bodies larger than this go into a file there */
  unsigned max_connections;
  bool heads;             /* large requests come with their head first */
} alm_serve_options;

/* What has arrived. It belongs to the caller until alm_request_release, also
 * when the server has been closed meanwhile. */
typedef struct {
  const char *method;
  const char *path;       /* as sent, still percent-encoded, without query */
  const char *query;      /* as sent, "" when there is none */
  alm_headers headers;
  const char *body;       /* NULL when it lies in a file */
  const char *body_path;  /* that file, or NULL; removed with the request, so
                             rename it to keep it */
  int64_t body_size;
  double arrived;         /* when its first line did, alm_sys_monotonic */
  bool is_head;           /* its body has not been read yet */
} alm_request;

typedef struct {
  unsigned status;        /* 200 to 599 */
  const char *const *headers; /* name, value, name, value, … */
  size_t header_count;
  const char *body;       /* or */
  size_t body_length;
  const char *path;       /* a file, sent from `offset` on */
  int64_t offset, length; /* length -1: to its end; without body and path the
                             length that the answer to a HEAD announces */
  int64_t cut;            /* >= 0: close the connection after so many bytes */
} alm_reply;

/* NULL when nothing can listen there: conflict when the port is taken. */
alm_serve *alm_serve_open(const alm_serve_options *options, alm_error *err);

int alm_serve_port(const alm_serve *server);
int alm_serve_fd(const alm_serve *server);

/* Drives the server until a request has arrived, a signal came or the seconds
 * are over. */
void alm_serve_wait(alm_serve *server, double seconds);

/* Whether a request has arrived and waits to be taken. */
bool alm_serve_pending(const alm_serve *server);

/* The next request that has arrived, or NULL; see alm_request_accept. */
alm_request *alm_serve_next(alm_serve *server);

/* Closes all connections, answered or not. */
void alm_serve_close(alm_serve *server);

/* Answers. False and closed when the server or the connection is gone,
 * conflict when there was an answer already, parse when the reply can't be
 * sent as it is, missing or io when its file can't be read; after the last
 * two the request still waits. */
bool alm_request_reply(alm_request *request, const alm_reply *reply,
                       alm_error *err);

/* The body of a head is read: the caller no longer holds the request, which
 * comes again when it is whole, or never when its connection is gone. */
void alm_request_accept(alm_request *request);

/* Resets the connection (TCP RST) instead of answering. */
bool alm_request_drop(alm_request *request, alm_error *err);

/* 64 hexadecimal digits and a NUL are written. */
void alm_request_sha256(alm_request *request, char *hex);

/* The caller is done with it. Unanswered, it is answered with 500. */
void alm_request_release(alm_request *request);

#endif
