/* MARC-8 to UTF-8 with libyaz's tables: ASCII, ANSEL and its combining marks,
 * Greek, Cyrillic, Hebrew, Arabic, super- and subscripts, EACC. A mark stands
 * before its letter in MARC-8 and behind it in Unicode. libyaz is opened when
 * there is something to convert, since it would take a quarter of the start-up
 * time. */
#ifndef ALM_MARC8_H
#define ALM_MARC8_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"
#include "../base/error.h"

typedef struct alm_marc8 alm_marc8;

/* Failure: missing when libyaz is not installed. */
alm_marc8 *alm_marc8_open(alm_error *err);
void alm_marc8_close(alm_marc8 *marc8); /* NULL is fine */

/* A field or subfield begins: ASCII and ANSEL are in force. */
void alm_marc8_begin(alm_marc8 *marc8);

/* Adds the text to `out` and stops before what MARC-8 doesn't have: an escape
 * sequence, a byte, a mark without a letter. Gives how many bytes were done;
 * the sets in force stay so for the next call. */
size_t alm_marc8_convert(alm_marc8 *marc8, const char *text, size_t length, alm_buf *out);

/* How many bytes the character has before which it stopped. */
size_t alm_marc8_width(const alm_marc8 *marc8, const char *text, size_t left);

#endif
