/* AWS Signature Version 4, from "Authenticating Requests (AWS Signature
 * Version 4)" in the Amazon S3 API reference and "Create a signed AWS API
 * request" in the IAM user guide.
 *
 * For the service "s3" `path` is raw, "/bucket/key" in bytes: it is encoded
 * once and never normalised, and the encoded form is what is signed and what
 * must be sent. For other services `path` is what is sent, and it is signed
 * normalised and encoded once more.
 *
 * All headers given are signed, and all must be sent as given; host must be
 * among them. What the caller leaves out is added: X-Amz-Date, for s3
 * X-Amz-Content-Sha256, with a token X-Amz-Security-Token. A given X-Amz-Date
 * is taken for the time, so that a signature that came in can be checked.
 *
 * Failures are the caller's: a header twice or with a line break, no host,
 * more than 64 headers or 128 query fields, a megabyte of either. */
#ifndef ALM_SIGV4_H
#define ALM_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/error.h"

typedef struct {
  const char *name;
  const char *value; /* in a query NULL is a name alone, sent without "=" */
} alm_pair;

typedef struct {
  const char *method;
  const char *path;
  const alm_pair *query; /* raw, any order */
  size_t query_count;
  const alm_pair *headers;
  size_t header_count;
  const char *payload_sha256; /* hex, or one of AWS's words; NULL: no payload,
                                 when presigning an unsigned one */
  const char *region;
  const char *service;
  const char *access_key;
  const char *secret_key;
  const char *session_token; /* or NULL */
  int64_t time;              /* seconds since 1970 */
  int expires;               /* seconds a presigned address is good; 0: sign
                                by header */
} alm_sigv4_request;

typedef struct {
  alm_buf canonical_request;
  alm_buf string_to_sign;
  alm_buf address;       /* encoded path, "?" and query when there is one;
                            presigned with the signature */
  alm_buf authorization; /* the header's value; empty when presigning */
  char date[17];         /* X-Amz-Date */
  char payload[128];     /* X-Amz-Content-Sha256 */
  char signature[65];
} alm_sigv4;

/* `out` must have been through alm_sigv4_init; free it also after failure. */
void alm_sigv4_init(alm_sigv4 *out);
bool alm_sigv4_sign(const alm_sigv4_request *request, alm_sigv4 *out,
                    alm_error *err);
void alm_sigv4_free(alm_sigv4 *out);

/* The signature of a browser form's policy; `date` is YYYYMMDD. Writes 64 hex
 * digits and a NUL. */
bool alm_sigv4_policy(const char *policy_base64, const char *secret_key,
                      const char *date, const char *region, char *signature,
                      alm_error *err);

/* Adds `text` percent-encoded: all but A-Z a-z 0-9 - . _ ~ (RFC 3986), and
 * but "/" when it is to be kept. */
bool alm_sigv4_encode(const char *text, size_t length, bool keep_slash,
                      alm_buf *out);

#endif
