/* Tags, indicators and codes as the formats outside ISO 2709 give them, made
 * such that every format can hold them. False: it was not right; then it is
 * the nearest that can be held, and the reader notes a problem. */
#ifndef ALM_MARC_REPAIR_H
#define ALM_MARC_REPAIR_H

#include "marc.h"

/* Three letters or digits. What is missing or can't be held is '?'. */
bool alm_marc_repair_tag(alm_slice text, char tag[4]);
/* One character of ASCII; nothing at all is ' '. */
bool alm_marc_repair_indicator(alm_slice text, char *indicator);
/* One character, no blank or control character; otherwise '?'. */
bool alm_marc_repair_code(alm_slice *code);

#endif
