/* Writing ISO 2709: the fields in their order, the leader as it is but for what
 * depends on the bytes. A record as it was read comes out byte by byte; one that
 * was damaged comes out well-formed. */
#ifndef ALM_MARC_ISO2709_WRITE_H
#define ALM_MARC_ISO2709_WRITE_H

#include "../base/buf.h"
#include "../base/error.h"
#include "marc.h"

/* Failure: limit, above 99,999 bytes or 9,999 in a field. */
bool alm_iso2709_write(const alm_marc *record, alm_buf *out, alm_error *err);

#endif
