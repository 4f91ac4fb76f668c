/* The text of a record as UTF-8. The leader (leader/09 of MARC 21: "a" is
 * UTF-8, blank is MARC-8) and the bytes are both looked at, since either can be
 * wrong:
 *  - what has more well-formed UTF-8 characters outside ASCII than bytes that
 *    are none is UTF-8, however it is labelled;
 *  - ASCII is taken as it is, unless escape sequences switch to other sets;
 *  - other bytes are MARC-8, but if leader/09 says UTF-8 and there are no escape
 *    sequences: then they are UTF-8 that was damaged.
 * What is neither becomes U+FFFD and is noted. */
#ifndef ALM_MARC_CHARSET_H
#define ALM_MARC_CHARSET_H

#include "marc.h"
#include "marc8.h"
#include "marc_read.h"

typedef struct {
  alm_charset charset;
  alm_marc8 *marc8;            /* opened when there is some */
  alm_marc_builder *builder;   /* for records that have to be changed */
} alm_marc_converter;

/* The record itself, or one that is good until the next call; NULL: failed.
 * `text` is what is known of its bytes. */
const alm_marc *alm_marc_to_utf8(alm_marc_converter *converter, const alm_marc *record,
                                 alm_marc_text text, alm_error *err);
void alm_marc_converter_free(alm_marc_converter *converter);

#endif
