/* Text of any charset that the system's iconv knows, as UTF-8. */
#ifndef ALM_ICONV_H
#define ALM_ICONV_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

typedef struct alm_iconv alm_iconv;

/* Failure: missing, when the charset is not known, or letters and digits of ASCII
 * are others in it (UTF-16, EBCDIC). */
alm_iconv *alm_iconv_open(const char *charset, alm_error *err);
void alm_iconv_close(alm_iconv *cd); /* NULL is fine */

const char *alm_iconv_name(const alm_iconv *cd);

/* ASCII without escape sequences is itself. */
bool alm_iconv_is_plain(const alm_iconv *cd);

/* A text begins. */
void alm_iconv_begin(alm_iconv *cd);

/* Adds the text to `out` and stops before what is none of the charset. Gives how
 * many bytes were done; the charset's state stays for the next call. */
size_t alm_iconv_convert(alm_iconv *cd, const char *text, size_t length, alm_buf *out);

/* All of a text; failures: missing as above; parse, which names the byte. */
bool alm_iconv_text(const char *charset, const char *text, size_t length, alm_buf *out, alm_error *err);

#endif
