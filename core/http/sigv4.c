/* Signature Version 4: from the canonical request to the signature. */
#include "sigv4.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/hash.h"
#include "sigv4_private.h"

#define EMPTY_SHA256 \
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef alm_sigv4_work work;

static bool fail_long(alm_error *err) {
  return alm_fail(err, ALM_LIMIT, "the request is too long to be signed");
}

/* ---- what the signature is made for ---- */

static bool is_date(const char *text) {
  for (int i = 0; i < 16; i++) {
    if (i == 8 && text[i] == 'T') continue;
    if (i == 15 && text[i] == 'Z') continue;
    if (!isdigit((unsigned char)text[i])) return false;
  }
  return text[16] == '\0';
}

static bool set_date(work *w, alm_error *err) {
  const char *given = alm_sigv4_given(w->request, "x-amz-date");
  time_t seconds = (time_t)w->request->time;
  struct tm utc;
  if (given && !is_date(given))
    return alm_fail(err, ALM_PARSE, "X-Amz-Date is not like 20130524T000000Z");
  if (given)
    snprintf(w->out->date, sizeof w->out->date, "%.16s", given);
  else if (!gmtime_r(&seconds, &utc) ||
           strftime(w->out->date, sizeof w->out->date, "%Y%m%dT%H%M%SZ",
                    &utc) != 16)
    return alm_fail(err, ALM_PARSE, "the time is not in this era");
  return true;
}

static bool set_payload(work *w, alm_error *err) {
  const char *payload = alm_sigv4_given(w->request, "x-amz-content-sha256");
  if (!payload) payload = w->request->payload_sha256;
  if (!payload)
    payload = w->request->expires ? "UNSIGNED-PAYLOAD" : EMPTY_SHA256;
  if (strlen(payload) >= sizeof w->out->payload) return fail_long(err);
  strcpy(w->out->payload, payload);
  return true;
}

static bool set_scope(work *w, alm_error *err) {
  int length = snprintf(w->scope, sizeof w->scope, "%.8s/%s/%s/aws4_request",
                        w->out->date, w->request->region, w->request->service);
  return (length > 0 && (size_t)length < sizeof w->scope) || fail_long(err);
}

/* ---- string to sign and signature ---- */

static bool write_string_to_sign(work *w, alm_error *err) {
  const alm_buf *canonical = &w->out->canonical_request;
  unsigned char digest[ALM_SHA256_SIZE];
  char hex[2 * ALM_SHA256_SIZE + 1], text[512];
  if (!alm_hash(ALM_SHA256, canonical->data, canonical->length, digest, err))
    return false;
  alm_hash_hex(digest, sizeof digest, hex);
  snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", w->out->date,
           w->scope, hex);
  return alm_buf_adds(&w->out->string_to_sign, text) || fail_long(err);
}

static bool derive_key(const char *secret, const char *const *parts,
                       unsigned char *key, alm_error *err) {
  alm_buf first;
  alm_buf_init(&first, ALM_SIGV4_MAXIMUM);
  bool done = alm_buf_adds(&first, "AWS4") && alm_buf_adds(&first, secret);
  if (!done) fail_long(err);
  done = done && alm_hmac_sha256(first.data, first.length, parts[0],
                                 strlen(parts[0]), key, err);
  for (int i = 1; done && i < 4; i++)
    done = alm_hmac_sha256(key, ALM_SHA256_SIZE, parts[i], strlen(parts[i]),
                           key, err);
  if (first.data) OPENSSL_cleanse(first.data, first.length);
  alm_buf_free(&first);
  return done;
}

static bool sign_text(const char *text, const char *secret,
                      const char *const *parts, char *signature,
                      alm_error *err) {
  unsigned char key[ALM_SHA256_SIZE], digest[ALM_SHA256_SIZE];
  bool done = derive_key(secret, parts, key, err) &&
              alm_hmac_sha256(key, sizeof key, text, strlen(text), digest, err);
  OPENSSL_cleanse(key, sizeof key);
  if (done) alm_hash_hex(digest, sizeof digest, signature);
  return done;
}

static bool write_signature(work *w, alm_error *err) {
  char day[9];
  snprintf(day, sizeof day, "%.8s", w->out->date);
  const char *const parts[] = {day, w->request->region, w->request->service,
                               "aws4_request"};
  return sign_text(alm_buf_text(&w->out->string_to_sign),
                   w->request->secret_key, parts, w->out->signature, err);
}

/* ---- what is sent ---- */

static bool write_authorization(work *w, alm_error *err) {
  alm_buf *out = &w->out->authorization;
  bool done = alm_buf_adds(out, "AWS4-HMAC-SHA256 Credential=") &&
              alm_buf_adds(out, w->request->access_key) &&
              alm_buf_adds(out, "/") && alm_buf_adds(out, w->scope) &&
              alm_buf_adds(out, ",SignedHeaders=") &&
              alm_buf_adds(out, alm_buf_text(&w->signed_headers)) &&
              alm_buf_adds(out, ",Signature=") &&
              alm_buf_adds(out, w->out->signature);
  return done || fail_long(err);
}

static bool write_presigned(work *w, alm_error *err) {
  bool done = alm_buf_adds(&w->out->address, "&X-Amz-Signature=") &&
              alm_buf_adds(&w->out->address, w->out->signature);
  return done || fail_long(err);
}

static bool sign(work *w, alm_error *err) {
  return set_date(w, err) && set_payload(w, err) && set_scope(w, err) &&
         alm_sigv4_canonical(w, err) && write_string_to_sign(w, err) &&
         write_signature(w, err) &&
         alm_sigv4_address(w, &w->out->address, err) &&
         (w->request->expires ? write_presigned(w, err)
                              : write_authorization(w, err));
}

bool alm_sigv4_sign(const alm_sigv4_request *request, alm_sigv4 *out,
                    alm_error *err) {
  work w = {.request = request, .out = out};
  alm_buf_init(&w.headers.text, ALM_SIGV4_MAXIMUM);
  alm_buf_init(&w.query.text, ALM_SIGV4_MAXIMUM);
  alm_buf_init(&w.signed_headers, ALM_SIGV4_MAXIMUM);
  bool done = sign(&w, err);
  alm_buf_free(&w.headers.text);
  alm_buf_free(&w.query.text);
  alm_buf_free(&w.signed_headers);
  return done;
}

bool alm_sigv4_policy(const char *policy_base64, const char *secret_key,
                      const char *date, const char *region, char *signature,
                      alm_error *err) {
  const char *const parts[] = {date, region, "s3", "aws4_request"};
  return sign_text(policy_base64, secret_key, parts, signature, err);
}

void alm_sigv4_init(alm_sigv4 *out) {
  memset(out, 0, sizeof *out);
  alm_buf_init(&out->canonical_request, 4 * ALM_SIGV4_MAXIMUM);
  alm_buf_init(&out->string_to_sign, ALM_SIGV4_MAXIMUM);
  alm_buf_init(&out->address, 4 * ALM_SIGV4_MAXIMUM);
  alm_buf_init(&out->authorization, 2 * ALM_SIGV4_MAXIMUM);
}

void alm_sigv4_free(alm_sigv4 *out) {
  alm_buf_free(&out->canonical_request);
  alm_buf_free(&out->string_to_sign);
  alm_buf_free(&out->address);
  alm_buf_free(&out->authorization);
}
