/* One transfer: a curl easy handle with all that belongs to it. Transfers are kept for
 * the next request, since making an easy handle costs more than setting one up. Only
 * http.c uses this. */
#ifndef ALM_HTTP_TRANSFER_H
#define ALM_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "http.h"
#include "http_body.h"

typedef struct alm_transfer alm_transfer;

struct alm_part {
  alm_source source;
  alm_transfer *transfer;
};

struct alm_transfer {
  alm_transfer *next, *previous;
  CURL *easy;
  struct curl_slist *headers;
  curl_mime *mime;
  alm_source source;     /* of the whole body, or */
  struct alm_part *parts; /* of each part of a form */
  size_t part_count;
  alm_sink sink;
  alm_digests digests;   /* of what went into the file */
  alm_headers head;
  alm_error error;       /* what a callback found */
  bool broken;           /* ... if it did */
  bool once;
  bool https;            /* asked for, and no redirect leads out of it */
  char words[CURL_ERROR_SIZE];
  alm_http_result result;
};

alm_transfer *alm_transfer_new(void);

/* Sets everything up. False when the request can't be sent at all, or not from here. */
bool alm_transfer_set(alm_transfer *transfer, const alm_http_options *options,
                      const alm_http_request *request, alm_error *err);

/* Status of the answer so far, 0 before it. */
long alm_transfer_status(alm_transfer *transfer);

/* Fills the result from what curl says about the end. */
void alm_transfer_end(alm_transfer *transfer, CURLcode code);

/* Whether a proxy answered in the place of the server, which then got nothing. */
bool alm_transfer_is_stopped_by_proxy(alm_transfer *transfer);

/* Fills the error of the result. */
void alm_transfer_explain(alm_transfer *transfer, CURLcode code);

/* Fills the result with a failure. */
void alm_transfer_fail(alm_transfer *transfer, const alm_error *err);

/* Drops all that belonged to the request; the handle stays. */
void alm_transfer_clear(alm_transfer *transfer);
void alm_transfer_free(alm_transfer *transfer);

#endif
