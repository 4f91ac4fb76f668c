/* Digests over libcrypto, which uses the processor's own instructions.
 *
 * All return false when libcrypto can't (a machine in FIPS mode has no MD5, a
 * random source may fail); err then says which. */
#ifndef ALM_HASH_H
#define ALM_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define ALM_SHA256_SIZE 32
#define ALM_HASH_SIZE 32 /* the longest of them */

typedef enum { ALM_SHA256, ALM_MD5 } alm_hash_kind;

typedef struct alm_hasher alm_hasher;

/* Bytes of a digest. */
size_t alm_hash_size(alm_hash_kind kind);

/* A digest in pieces: open, add, end (which also frees; free alone gives up). */
alm_hasher *alm_hash_open(alm_hash_kind kind, alm_error *err);
bool alm_hash_add(alm_hasher *hasher, const void *data, size_t length);
bool alm_hash_end(alm_hasher *hasher, unsigned char *digest);
void alm_hash_free(alm_hasher *hasher);

bool alm_hash(alm_hash_kind kind, const void *data, size_t length,
              unsigned char *digest, alm_error *err);

/* `digest` may be `key`. */
bool alm_hash_hmac_sha256(const void *key, size_t key_length, const void *data,
                          size_t length, unsigned char *digest, alm_error *err);

bool alm_hash_random(void *bytes, size_t length, alm_error *err);

/* Writes 2 * length characters and a NUL. */
void alm_hash_hex(const unsigned char *digest, size_t length, char *hex);

#endif
