/* Sorting that needs no clock and counts as steps. */
#ifndef ALM_INSIDE_ORDER_H
#define ALM_INSIDE_ORDER_H

#include <lua.h>

/* Adds to the table on top of the stack:
 *   sort(list, before)  as table.sort, but stable
 *   keys(t)             the keys of a table, numbers before text before booleans;
 *                                             nil and their type when there are several others, which have no order */
void alm_inside_order(lua_State *L);

#endif
