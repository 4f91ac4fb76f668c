/* A buffer that grows up to a maximum. */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

void alm_buf_init(alm_buf *buf, size_t maximum) {
  *buf = (alm_buf){.maximum = maximum};
}

static bool reserve(alm_buf *buf, size_t wanted) {
  if (wanted <= buf->capacity) return true;
  size_t capacity = buf->capacity ? buf->capacity : 256;
  while (capacity < wanted) capacity *= 2;
  char *data = realloc(buf->data, capacity);
  if (!data) return false;
  buf->data = data;
  buf->capacity = capacity;
  return true;
}

bool alm_buf_add(alm_buf *buf, const void *data, size_t length) {
  if (length > buf->maximum || buf->length > buf->maximum - length) return false;
  if (!reserve(buf, buf->length + length + 1)) return false;
  if (length) memcpy(buf->data + buf->length, data, length);
  buf->length += length;
  buf->data[buf->length] = '\0';
  return true;
}

bool alm_buf_adds(alm_buf *buf, const char *text) {
  return alm_buf_add(buf, text, strlen(text));
}

const char *alm_buf_text(const alm_buf *buf) {
  return buf->data ? buf->data : "";
}

void alm_buf_clear(alm_buf *buf) {
  buf->length = 0;
  if (buf->data) buf->data[0] = '\0';
}

void alm_buf_free(alm_buf *buf) {
  free(buf->data);
  alm_buf_init(buf, buf->maximum);
}
