/* Records one after the other from a file, standard input or text, and of the files of an
 * archive, in whatever format its content shows (marc_format.h), as UTF-8. Bytes that are MARC-8 by
 * the leader or by what they are (both are looked at; UTF-8 that is labelled
 * MARC-8 is common) are converted. */
#ifndef ALM_MARC_READ_H
#define ALM_MARC_READ_H

#include "marc.h"
#include "marc_format.h"

typedef struct {
  const alm_marc_format *format;  /* NULL: found out from the content */
  const char *charset;  /* "utf-8", "marc-8", "iso-5426", or any that iconv knows; NULL: found out */
} alm_marc_options;

typedef struct alm_marc_reader alm_marc_reader;

/* NULL `path`: reads `text`, which must stay until the close. Failures:
 * missing (the charset too, when it is not known), io; parse when the content is none
 * of the formats. An empty source has no records. */
alm_marc_reader *alm_marc_reader_open(const char *path, const char *text, size_t length,
                                      const alm_marc_options *options, alm_error *err);
void alm_marc_reader_close(alm_marc_reader *reader); /* NULL is fine */

/* Is it a charset for the options? Failure: missing. */
bool alm_marc_charset_known(const char *charset, alm_error *err);

/* The record stays until the next call. After a failure nothing follows, but
 * behind what is broken. */
alm_marc_result alm_marc_reader_next(alm_marc_reader *reader, const alm_marc **record,
                                     alm_error *err);

const alm_marc_format *alm_marc_reader_format(const alm_marc_reader *reader); /* NULL: empty */
/* Files of an archive that held no records. */
uint64_t alm_marc_reader_passed(const alm_marc_reader *reader);
const alm_marc_source *alm_marc_reader_source(const alm_marc_reader *reader);

#endif
