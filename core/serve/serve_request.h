/* A request between libmicrohttpd and its taker. It is held by two: by the connection until
 * it is answered or gone, and by the caller until it is released. The last one frees it.
 * Only the files of serve use this. */
#ifndef ALM_SERVE_REQUEST_H
#define ALM_SERVE_REQUEST_H

#include <microhttpd.h>
#include <openssl/evp.h>

#include "serve.h"
#include "serve_visit.h"

typedef struct alm_incoming alm_incoming;

struct alm_incoming {
  alm_request view;        /* first: the caller's pointer is also ours */
  struct MHD_Connection *connection; /* NULL when it is gone */
  alm_serve *server;
  alm_incoming *next;      /* in the queue of those that have arrived */
  alm_incoming *newer, *older; /* among those with a connection */
  bool begun;              /* the headers were read */
  bool waiting;            /* suspended until there is an answer */
  bool taken;              /* the caller holds it */
  unsigned refused;        /* status to answer with by ourselves */
  bool dropped;
  unsigned status;
  struct MHD_Response *response;
  char *target, *method;
  alm_buf body;
  int64_t most, announced; /* bytes of the body: at most, as it was announced */
  char *spool;             /* path of the file with the body */
  int spool_fd;
  EVP_MD_CTX *digest;
  unsigned char sha256[32];
  bool hashed;
};

struct alm_serve {
  struct MHD_Daemon *daemon;
  int port, poll_fd, wake_fd;
  bool woken;              /* wake_fd is readable */
  alm_serve_options options;
  alm_visits visits;
  char *spool_dir, *wide_path;
  unsigned long spooled;   /* files so far: part of their names */
  alm_incoming *first, *last; /* arrived, not taken yet */
  alm_incoming *newest;    /* all that have a connection */
};

alm_incoming *alm_incoming_new(alm_serve *server, const char *target,
                               struct MHD_Connection *connection);
void alm_incoming_free(alm_incoming *request);

/* Takes the method and the headers. Sets `refused` when they are enough to refuse. */
void alm_incoming_begin(alm_incoming *request, const char *method);

/* Must the head be judged before the body is kept? */
bool alm_incoming_is_large(const alm_incoming *request);

/* A sender that asks first (Expect: 100-continue) gets its answer before it
 * sends anything. */
bool alm_incoming_asks_first(const alm_incoming *request);

/* Another piece of the body; of an answered request it is thrown away. */
void alm_incoming_take(alm_incoming *request, const char *data, size_t size);

/* The body is complete. */
void alm_incoming_complete(alm_incoming *request);

/* Hands the answer that was given to libmicrohttpd. */
enum MHD_Result alm_incoming_answer(alm_incoming *request);

/* Makes the descriptor that callers poll readable. */
void alm_serve_wake(alm_serve *server);

#endif
