/* SHA-256, MD5, HMAC and randomness from libcrypto. */
#include "hash.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

static const EVP_MD *method(alm_hash_kind kind) {
  return kind == ALM_MD5 ? EVP_md5() : EVP_sha256();
}

static bool fail(alm_hash_kind kind, alm_error *err) {
  return alm_fail(err, ALM_IO, "%s is not to be had from this machine's libcrypto",
                  kind == ALM_MD5 ? "MD5" : "SHA-256");
}

size_t alm_hash_size(alm_hash_kind kind) { return kind == ALM_MD5 ? 16 : 32; }

alm_hasher *alm_hash_open(alm_hash_kind kind, alm_error *err) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context && EVP_DigestInit_ex(context, method(kind), NULL))
    return (alm_hasher *)context;
  EVP_MD_CTX_free(context);
  fail(kind, err);
  return NULL;
}

bool alm_hash_add(alm_hasher *hasher, const void *data, size_t length) {
  return EVP_DigestUpdate((EVP_MD_CTX *)hasher, data, length) == 1;
}

bool alm_hash_end(alm_hasher *hasher, unsigned char *digest) {
  bool done = EVP_DigestFinal_ex((EVP_MD_CTX *)hasher, digest, NULL) == 1;
  alm_hash_free(hasher);
  return done;
}

void alm_hash_free(alm_hasher *hasher) {
  EVP_MD_CTX_free((EVP_MD_CTX *)hasher);
}

bool alm_hash(alm_hash_kind kind, const void *data, size_t length,
              unsigned char *digest, alm_error *err) {
  if (EVP_Digest(data, length, digest, NULL, method(kind), NULL) == 1)
    return true;
  return fail(kind, err);
}

bool alm_hash_hmac_sha256(const void *key, size_t key_length, const void *data,
                          size_t length, unsigned char *digest, alm_error *err) {
  unsigned char result[EVP_MAX_MD_SIZE];
  /* a NULL key would mean "the key of the last call" */
  if (key_length > INT_MAX ||
      !HMAC(EVP_sha256(), key_length ? key : "", (int)key_length, data, length,
            result, NULL))
    return fail(ALM_SHA256, err);
  memcpy(digest, result, ALM_SHA256_SIZE);
  return true;
}

bool alm_hash_random(void *bytes, size_t length, alm_error *err) {
  if (length <= INT_MAX && RAND_bytes(bytes, (int)length) == 1) return true;
  return alm_fail(err, ALM_IO, "the machine gives no random numbers");
}

void alm_hash_hex(const unsigned char *digest, size_t length, char *hex) {
  for (size_t i = 0; i < length; i++)
    snprintf(hex + 2 * i, 3, "%02x", (unsigned)digest[i]);
}
