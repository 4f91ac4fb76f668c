/* Header fields of one HTTP message, bounded in number and size. Names are in
 * lower case; the values of a field that comes twice are joined by ", "
 * (RFC 9110, 5.3). All texts belong to the list until it is cleared. */
#ifndef ALM_HEADERS_H
#define ALM_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum { ALM_HEADERS_MOST = 128, ALM_HEADERS_BYTES = 128 * 1024 };

typedef struct {
  alm_buf text;
  size_t count;
  struct {
    unsigned name, value, length; /* where in the text; length of the value */
  } field[ALM_HEADERS_MOST];
} alm_headers;

void alm_headers_init(alm_headers *list);

/* False when there would be too many fields or bytes. */
bool alm_headers_add(alm_headers *list, const char *name, size_t name_length,
                     const char *value, size_t value_length);

const char *alm_headers_name(const alm_headers *list, size_t index);
const char *alm_headers_value(const alm_headers *list, size_t index);

/* The value of a field, by its name in any case; NULL when it is not there. */
const char *alm_headers_get(const alm_headers *list, const char *name);

void alm_headers_clear(alm_headers *list);
void alm_headers_free(alm_headers *list);

/* Whether a name is a token and a value holds no control characters: what a
 * message may be sent with. */
bool alm_headers_good(const char *name, const char *value);
bool alm_headers_token(const char *name);

#endif
