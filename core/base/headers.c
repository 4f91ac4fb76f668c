/* Header fields: one text with all names and values, each ended by a NUL, and
 * a table of where they are. */
#include "headers.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void alm_headers_init(alm_headers *list) {
  alm_buf_init(&list->text, ALM_HEADERS_BYTES);
  list->count = 0;
}

static size_t find(const alm_headers *list, const char *name, size_t length) {
  size_t i = 0;
  for (; i < list->count; i++) {
    const char *known = alm_headers_name(list, i);
    if (strncasecmp(known, name, length) == 0 && !known[length]) break;
  }
  return i;
}

/* Moves the value behind everything else, unless it is there already, so that it
 * can grow. */
static bool move_to_end(alm_headers *list, size_t index) {
  unsigned start = list->field[index].value, length = list->field[index].length;
  if (start + length + 1 == list->text.length) {
    list->text.length--;
    return true;
  }
  char copy[1024];
  unsigned to = (unsigned)list->text.length;
  for (unsigned done = 0; done < length;) {
    unsigned n = length - done < sizeof copy ? length - done : sizeof copy;
    memcpy(copy, list->text.data + start + done, n);
    if (!alm_buf_add(&list->text, copy, n)) return false;
    done += n;
  }
  list->field[index].value = to;
  return true;
}

static bool join(alm_headers *list, size_t index, const char *value,
                 size_t length) {
  if (!move_to_end(list, index)) return false;
  if (!alm_buf_adds(&list->text, ", ")) return false;
  if (!alm_buf_add(&list->text, value, length)) return false;
  list->field[index].length += (unsigned)length + 2;
  return alm_buf_add(&list->text, "", 1);
}

static bool add_name(alm_headers *list, const char *name, size_t length) {
  size_t start = list->text.length;
  if (!alm_buf_add(&list->text, name, length)) return false;
  for (char *c = list->text.data + start; *c; c++)
    *c = (char)tolower((unsigned char)*c);
  return alm_buf_add(&list->text, "", 1);
}

bool alm_headers_add(alm_headers *list, const char *name, size_t name_length,
                     const char *value, size_t value_length) {
  size_t index = find(list, name, name_length);
  if (index < list->count) return join(list, index, value, value_length);
  if (list->count == ALM_HEADERS_MOST) return false;
  list->field[index].name = (unsigned)list->text.length;
  if (!add_name(list, name, name_length)) return false;
  list->field[index].value = (unsigned)list->text.length;
  list->field[index].length = (unsigned)value_length;
  if (!alm_buf_add(&list->text, value, value_length)) return false;
  if (!alm_buf_add(&list->text, "", 1)) return false;
  list->count++;
  return true;
}

const char *alm_headers_name(const alm_headers *list, size_t index) {
  return list->text.data + list->field[index].name;
}

const char *alm_headers_value(const alm_headers *list, size_t index) {
  return list->text.data + list->field[index].value;
}

const char *alm_headers_get(const alm_headers *list, const char *name) {
  size_t index = find(list, name, strlen(name));
  return index < list->count ? alm_headers_value(list, index) : NULL;
}

void alm_headers_clear(alm_headers *list) {
  alm_buf_clear(&list->text);
  list->count = 0;
}

void alm_headers_free(alm_headers *list) {
  alm_buf_free(&list->text);
  list->count = 0;
}

bool alm_headers_token(const char *name) {
  if (!*name) return false;
  for (; *name; name++)
    if (!isalnum((unsigned char)*name) && !strchr("!#$%&'*+-.^_`|~", *name))
      return false;
  return true;
}

bool alm_headers_good(const char *name, const char *value) {
  if (!alm_headers_token(name)) return false;
  for (; *value; value++)
    if (iscntrl((unsigned char)*value) && *value != '\t') return false;
  return true;
}
