/* Transfers on one curl multi handle: any number at once, and none ever blocks. A
 * transfer is added, then alm_http_wait drives all of them, then alm_http_next gives
 * those that have ended, in the order in which they ended.
 *
 * Only http and https are spoken, also behind a redirect. Connections are kept and used
 * again; HTTP/2 is spoken where TLS offers it. `Authorization` goes to no other host
 * than the one it was given for. Bodies come from memory or straight from files, and
 * answers are limited in size.
 *
 * A proxy is used when http_proxy, https_proxy or all_proxy names one.
 *
 * libcurl sends a request a second time by itself when a kept connection turns out to
 * be dead. A request with `once` is sent at most once, whatever happens, and its
 * failure says whether it was sent at all. */
#ifndef ALM_HTTP_H
#define ALM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/headers.h"

typedef struct alm_http alm_http;

typedef struct {
  const char *user_agent; /* NULL: almanac/VERSION */
  const char *ca_file;    /* PEM certificates to trust; NULL: CURL_CA_BUNDLE or
                             SSL_CERT_FILE of the environment, else the system's */
  const char *ca_folder;  /* the same by hash; NULL: SSL_CERT_DIR, else the system's */
  const char *no_proxy;   /* hosts that are reached without a proxy; NULL: no_proxy of the
                             environment. This machine is always one of them. */
  long max_total;         /* connections at once, 0: any number */
  long max_per_host;
} alm_http_options;

typedef struct {
  const char *name, *value;
} alm_http_header;

/* A part of a multipart/form-data body: a value, or a file. */
typedef struct {
  const char *name;
  const char *value;
  size_t value_length;
  const char *path, *filename, *type;
} alm_http_part;

/* What to send. Everything is copied; files are read while they are sent. */
typedef struct {
  const char *method, *url;
  const alm_http_header *headers;
  size_t header_count;
  const char *body; /* at most one of body, file and parts */
  size_t body_length;
  const char *file;
  int64_t offset, length; /* of the file; length -1: to its end */
  const alm_http_part *parts;
  size_t part_count;
  const char *to;         /* where the body of a 2xx answer goes; NULL: memory */
  bool digests;           /* of what goes there */
  bool unsynced;          /* it need not be on the disk when it gets its name */
  int64_t max_body;       /* of the answer */
  double connect_timeout, stall_timeout, timeout; /* seconds; 0: none */
  long redirects;         /* followed at most, never out of https; none with `once` */
  bool once;
} alm_http_request;

typedef struct {
  int64_t id;
  bool failed;            /* then `error` says why */
  bool unsent;            /* surely no byte of the request reached the server */
  alm_error error;
  long status;            /* 0 when there was no answer */
  const alm_headers *headers;
  const char *body;       /* NULL when it went into a file */
  size_t body_length;
  int64_t size;           /* bytes of the answer's body */
  const char *sha256, *md5; /* hex, of what went into the file; NULL or "": not taken */
  int sent;               /* how often libcurl began to send the request */
  long connects;          /* connections opened for it; 0: a kept one served */
  double seconds;
  const char *url;        /* the last one, behind redirects */
} alm_http_result;

/* NULL when there is no memory. */
alm_http *alm_http_open(const alm_http_options *options, alm_error *err);

/* Starts a transfer and returns its id, or 0 when the request is malformed (a method or
 * header that would break the message). Failures of the world, a missing file too,
 * come as a result. */
int64_t alm_http_add(alm_http *http, const alm_http_request *request,
                     alm_error *err);

/* Drives all transfers until one has ended, `fd` (or -1) can be read, a signal
 * came or the seconds are over. */
void alm_http_wait(alm_http *http, double seconds, int fd);

/* The next ended transfer, or NULL. It lives until the next call. */
const alm_http_result *alm_http_next(alm_http *http);

/* Ends a transfer; its result is a failure with code cancelled. False when
 * there is none with this id. */
bool alm_http_cancel(alm_http *http, int64_t id);

/* Transfers whose result was not given yet. */
size_t alm_http_active(const alm_http *http);

/* Ends all transfers and frees everything. */
void alm_http_close(alm_http *http);

#endif
