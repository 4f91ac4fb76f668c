/* What the two source files of Signature Version 4 share. */
#ifndef ALM_SIGV4_PRIVATE_H
#define ALM_SIGV4_PRIVATE_H

#include "sigv4.h"

#define ALM_SIGV4_MAXIMUM (1 << 20)
#define ALM_SIGV4_ITEMS 128
#define ALM_SIGV4_HEADERS 64

/* Names and values, collected in one buffer, sorted as the standard wants. */
typedef struct {
  alm_buf text;
  size_t names[ALM_SIGV4_ITEMS], values[ALM_SIGV4_ITEMS];
  bool bare[ALM_SIGV4_ITEMS];
  size_t order[ALM_SIGV4_ITEMS];
  size_t count;
} alm_sigv4_list;

typedef struct {
  const alm_sigv4_request *request;
  alm_sigv4 *out;
  alm_sigv4_list headers, query;
  alm_buf signed_headers;
  char scope[256]; /* date/region/service/aws4_request */
} alm_sigv4_work;

/* Needs out->date, out->payload and the scope; fills headers, query and
 * out->canonical_request. */
bool alm_sigv4_canonical(alm_sigv4_work *work, alm_error *err);

/* The encoded path and query as they are sent. */
bool alm_sigv4_address(alm_sigv4_work *work, alm_buf *out, alm_error *err);

/* The value of a header that the caller gave, or NULL. */
const char *alm_sigv4_given(const alm_sigv4_request *request, const char *name);

#endif
