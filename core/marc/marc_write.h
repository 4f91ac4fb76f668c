/* Records as text of any format. */
#ifndef ALM_MARC_WRITE_H
#define ALM_MARC_WRITE_H

#include "marc.h"
#include "marc_format.h"

/* Adds the record to `out`, in Unicode's Normalization Form C when `nfc`.
 * Failure: limit, when the format or `out` can't hold it. */
bool alm_marc_write(const alm_marc *record, const alm_marc_format *format, bool nfc,
                    alm_buf *out, alm_error *err);

#endif
