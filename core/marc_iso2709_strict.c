/* Records in which all is right: the fast way. */
#include <stdlib.h>
#include <string.h>

#include "marc_iso2709_private.h"

enum { BLOCK = 64 };

long alm_iso2709_number(const char *digits, size_t count) {
  long value = 0;
  for (size_t i = 0; i < count; i++) {
    unsigned digit = (unsigned char)digits[i] - '0';
    if (digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

bool alm_iso2709_grow(alm_iso2709 *iso) {
  if (iso->count < iso->room) return true;
  size_t room = iso->room ? 2 * iso->room : 64;
  alm_marc_field *fields = realloc(iso->fields, room * sizeof *fields);
  if (!fields) return false;
  iso->fields = fields;
  iso->room = room;
  return true;
}

static bool is_plain(char c) { return c >= ' ' && c <= '~'; }

/* ---- leader ---- */

static bool read_leader(alm_iso2709 *iso, size_t *base) {
  const char *leader = iso->bytes;
  for (size_t i = 0; i < ALM_MARC_LEADER; i++)
    if (!is_plain(leader[i])) return false;
  long indicators = alm_iso2709_number(leader + 10, 1), start = alm_iso2709_number(leader + 12, 5);
  long length_width = alm_iso2709_number(leader + 20, 1);
  long start_width = alm_iso2709_number(leader + 21, 1);
  if (alm_iso2709_number(leader, 5) != (long)iso->length || indicators < 0 || length_width < 1 ||
      start_width < 1 || start <= ALM_MARC_LEADER || start >= (long)iso->length)
    return false;
  iso->indicators = (size_t)indicators;
  iso->length_width = (size_t)length_width;
  iso->start_width = (size_t)start_width;
  iso->entry = ISO_TAG + iso->length_width + iso->start_width;
  *base = (size_t)start;
  return (*base - ALM_MARC_LEADER - 1) % iso->entry == 0 && iso->bytes[*base - 1] == ISO_FIELD &&
         iso->bytes[iso->length - 1] == ISO_END;
}

/* ---- fields ---- */

static bool is_tag(const char *tag) {
  for (size_t i = 0; i < ISO_TAG; i++) {
    unsigned char c = (unsigned char)tag[i], lower = c | 0x20;
    if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z')) return false;
  }
  return true;
}

static bool has_indicators(const alm_iso2709 *iso, const char *text, size_t length) {
  if (length < iso->indicators) return false;
  for (size_t i = 0; i < iso->indicators; i++)
    if (!is_plain(text[i])) return false;
  return length == iso->indicators || text[iso->indicators] == ISO_SUBFIELD;
}

/* 00X may have subfields too (danMARC); then it has indicators. */
static bool read_kind(const alm_iso2709 *iso, alm_marc_field *field) {
  const char *text = iso->bytes + field->start;
  size_t length = field->length, indicators = iso->indicators;
  field->control = field->tag[0] == '0' && field->tag[1] == '0';
  if (!field->control) return has_indicators(iso, text, length);
  if (indicators == 0 || indicators > 3 || length <= indicators) return true;
  if (text[indicators] == ISO_SUBFIELD) field->control = false;
  return field->control ? length == indicators + 1 || text[indicators + 1] != ISO_SUBFIELD
                        : has_indicators(iso, text, length);
}

static bool read_field(alm_iso2709 *iso, const char *entry, size_t base) {
  alm_marc_field *field = &iso->fields[iso->count++];
  long length = alm_iso2709_number(entry + ISO_TAG, iso->length_width);
  long start = alm_iso2709_number(entry + ISO_TAG + iso->length_width, iso->start_width);
  if (length < 1 || start < 0 || base + (size_t)start + (size_t)length >= iso->length) return false;
  memcpy(field->tag, entry, ISO_TAG);
  field->tag[ISO_TAG] = '\0';
  field->start = (uint32_t)(base + (size_t)start);
  field->length = (uint32_t)length - 1;
  return is_tag(entry) && iso->bytes[field->start - 1] == ISO_FIELD &&
         iso->bytes[field->start + field->length] == ISO_FIELD && read_kind(iso, field);
}

/* ---- all bytes ---- */

typedef struct {
  size_t terminators;
  bool hollow;  /* a delimiter with nothing behind it */
} survey;

static void look(const char *text, size_t count, survey *found) {
  unsigned char terminators = 0, hollow = 0;
  for (size_t i = 0; i < count; i++) {
    terminators = (unsigned char)(terminators + (text[i] == ISO_FIELD || text[i] == ISO_END));
    hollow |= text[i] == ISO_SUBFIELD && (text[i + 1] == ISO_SUBFIELD || text[i + 1] == ISO_FIELD);
  }
  found->terminators += terminators;
  found->hollow |= hollow;
}

/* In blocks, which the compiler turns into vector instructions. The last byte
 * is the record's terminator, so that each of the others has a next one. */
static survey look_at_all(const char *text, size_t length) {
  survey found = {.terminators = 1};
  size_t at = 0, last = length - 1;
  for (; at + BLOCK <= last; at += BLOCK) look(text + at, BLOCK, &found);
  look(text + at, last - at, &found);
  return found;
}

bool alm_iso2709_strict(alm_iso2709 *iso, const char *bytes, size_t length) {
  size_t base;
  iso->bytes = bytes;
  iso->length = length;
  iso->count = 0;
  if (!read_leader(iso, &base)) return false;
  for (size_t at = ALM_MARC_LEADER; at < base - 1; at += iso->entry)
    if (!alm_iso2709_grow(iso) || !read_field(iso, bytes + at, base)) return false;
  survey found = look_at_all(bytes + base, length - base);
  return !found.hollow && found.terminators == iso->count + 1;
}
