/* Claims on names that processes of one machine share. Whoever holds a name is the only one
 * at work on it.
 *
 * A name is one byte of a file that all of them open, held by an OFD lock. The kernel gives
 * it back when the process ends, however it ends, so no claim can be left over. Two names
 * may fall on one byte (one in 2^62): then one waits for the other, and nothing worse
 * happens. */
#ifndef ALM_CLAIM_H
#define ALM_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/error.h"

typedef struct alm_claim alm_claim;

/* Opens the file that the claims are in, or makes it, for every user of the
 * machine to write to. A symbolic link is refused. */
alm_claim *alm_claim_open(const char *path, alm_error *err);

/* Takes a name; never waits. False with code conflict when another opener
 * holds it. A name that this opener holds already is taken once. */
bool alm_claim_take(alm_claim *claim, const char *name, size_t length,
                    alm_error *err);

void alm_claim_give(alm_claim *claim, const char *name, size_t length);

/* Gives everything back. NULL is fine. */
void alm_claim_close(alm_claim *claim);

#endif
