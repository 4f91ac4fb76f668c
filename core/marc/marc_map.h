/* A record like another, with its texts changed. */
#ifndef ALM_MARC_MAP_H
#define ALM_MARC_MAP_H

#include "marc.h"

/* Gives the new text of a control field or of a subfield's value or code; it
 * has to stay until the next call. */
typedef alm_slice alm_marc_mapper(void *context, const alm_marc_field *field, alm_slice text);

/* Clears `to` and builds it; number, place, leader and problems are `from`'s. */
void alm_marc_map(const alm_marc *from, alm_marc_builder *to, alm_marc_mapper *map,
                  void *context);

#endif
