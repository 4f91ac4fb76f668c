/* Bytes that grow up to a maximum. Whatever comes from outside goes into such a
 * buffer. The maximum is given at the start. Passing it is an error, and the
 * buffer keeps what it had. Memory belongs to the buffer until alm_buf_free. */
#ifndef ALM_BUF_H
#define ALM_BUF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char *data;      /* always ends in a NUL that does not count; NULL when empty */
  size_t length;
  size_t capacity;
  size_t maximum;
} alm_buf;

void alm_buf_init(alm_buf *buf, size_t maximum);

/* False when the maximum would be passed or memory is out. */
bool alm_buf_add(alm_buf *buf, const void *data, size_t length);
bool alm_buf_adds(alm_buf *buf, const char *text);
/* For a string literal, whose length the compiler knows. */
#define ALM_BUF_PUT(buf, literal) alm_buf_add(buf, literal, sizeof(literal) - 1)

/* The text, never NULL. */
const char *alm_buf_text(const alm_buf *buf);

/* Empties it and keeps the memory for the next use. */
void alm_buf_clear(alm_buf *buf);

/* Frees the memory; the buffer can be used again. */
void alm_buf_free(alm_buf *buf);

#endif
