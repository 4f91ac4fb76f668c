/* A record as MARC-in-JSON, on a line of its own. */
#ifndef ALM_MARC_JSON_WRITE_H
#define ALM_MARC_JSON_WRITE_H

#include "marc.h"

bool alm_json_write(const alm_marc *record, alm_buf *out, alm_error *err);

#endif
