/* A record from one JSON object, in any of the shapes in use:
 *   {"leader":…, "fields":[{"001":…}, {"245":{"ind1":…,"ind2":…,"subfields":[{"a":…}]}}]}
 *     MARC-in-JSON, which yaz-marcdump, pymarc and ruby-marc write;
 *   {"leader":…, "fields":[["001",…], ["245","1","0",[["a",…]]]]}   MARC-HASH;
 *   {"leader":…, "controlfield":[{"tag":…,"data":…}],
 *     "datafield":[{"tag":…,"ind":"10","subfield":[{"code":…,"data":…}]}]}   OCLC's.
 * What is not as it should be is noted, and what can be read is there. */
#ifndef ALM_MARC_JSON_FILL_H
#define ALM_MARC_JSON_FILL_H

#include "marc.h"

void alm_json_fill(alm_marc_builder *builder, const char *text, size_t length);

#endif
