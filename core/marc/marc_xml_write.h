/* A record as MARCXML's <record>, without namespace (Alma's form; the frame of
 * a document has it), indented as yaz-marcdump does. */
#ifndef ALM_MARC_XML_WRITE_H
#define ALM_MARC_XML_WRITE_H

#include "marc.h"

/* Characters that XML can't hold become U+FFFD. */
bool alm_marc_xml_write(const alm_marc *record, alm_buf *out, alm_error *err);

#endif
