/* Records in which all is right: the fast way. */
#include <stdlib.h>
#include <string.h>

#include "marc_iso2709_private.h"

enum { ESCAPE = 0x1b };

bool alm_iso2709_grow(alm_iso2709 *iso) {
  if (iso->count < iso->room) return true;
  size_t room = iso->room ? 2 * iso->room : 64;
  alm_marc_field *fields = realloc(iso->fields, room * sizeof *fields);
  if (!fields) return false;
  iso->fields = fields;
  iso->room = room;
  return true;
}

/* ---- leader ---- */

static bool read_leader(alm_iso2709 *iso, size_t *base) {
  const char *leader = iso->bytes;
  for (size_t i = 0; i < ALM_MARC_LEADER; i++)
    if (!alm_iso2709_is_plain(leader[i])) return false;
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

static bool has_indicators(const alm_iso2709 *iso, const char *text, size_t length) {
  if (length < iso->indicators) return false;
  for (size_t i = 0; i < iso->indicators; i++)
    if (!alm_iso2709_is_plain(text[i])) return false;
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
  const char *digits = entry + ISO_TAG;
  bool usual = iso->length_width == 4 && iso->start_width == 5; /* a case that compiles well */
  long length = usual ? alm_iso2709_number(digits, 4) : alm_iso2709_number(digits, iso->length_width);
  long start = usual ? alm_iso2709_number(digits + 4, 5)
                     : alm_iso2709_number(digits + iso->length_width, iso->start_width);
  if (length < 1 || start < 0 || base + (size_t)start + (size_t)length >= iso->length) return false;
  memcpy(field->tag, entry, ISO_TAG);
  field->tag[ISO_TAG] = '\0';
  field->start = (uint32_t)(base + (size_t)start);
  field->length = (uint32_t)length - 1;
  return alm_iso2709_is_tag(entry) && iso->bytes[field->start - 1] == ISO_FIELD &&
         iso->bytes[field->start + field->length] == ISO_FIELD && read_kind(iso, field);
}

/* ---- all bytes ---- */

typedef signed char block __attribute__((vector_size(16)));
enum { BLOCK = sizeof(block), BLOCKS = 255 }; /* so many count in a byte */

typedef struct {
  block terminators, hollow, high, escapes;
} survey;

static void look(const char *text, survey *found) {
  block here, next;
  memcpy(&here, text, BLOCK);
  memcpy(&next, text + 1, BLOCK);
  found->terminators -= (here == ISO_FIELD) | (here == ISO_END);
  found->hollow |= (here == ISO_SUBFIELD) & ((next == ISO_SUBFIELD) | (next == ISO_FIELD));
  found->escapes |= here == ESCAPE;
  found->high |= here;
}

static void add_up(alm_iso2709 *iso, const survey *found) {
  for (size_t i = 0; i < BLOCK; i++) {
    iso->terminators += (unsigned char)found->terminators[i];
    iso->hollow |= found->hollow[i] != 0;
    iso->ascii &= found->high[i] >= 0 && found->escapes[i] == 0;
  }
}

/* The last byte of the data is looked at apart: none comes after it. The rest
 * is copied to a block of its own, filled with what says nothing. */
static void look_at_all(alm_iso2709 *iso, const char *text, size_t length) {
  char rest[BLOCK + 1] = {0};
  size_t at = 0, last = length - 1, blocks = 0;
  survey found = {{0}, {0}, {0}, {0}};
  for (; at + BLOCK <= last; at += BLOCK) {
    look(text + at, &found);
    if (++blocks % BLOCKS) continue;
    add_up(iso, &found);
    found = (survey){{0}, {0}, {0}, {0}};
  }
  memcpy(rest, text + at, last - at);
  look(rest, &found);
  add_up(iso, &found);
}

bool alm_iso2709_strict(alm_iso2709 *iso, const char *bytes, size_t length) {
  size_t base;
  iso->bytes = bytes;
  iso->length = length;
  iso->count = iso->terminators = 0;
  iso->hollow = false;
  iso->ascii = true;
  if (!read_leader(iso, &base)) return false;
  for (size_t at = ALM_MARC_LEADER; at < base - 1; at += iso->entry)
    if (!alm_iso2709_grow(iso) || !read_field(iso, bytes + at, base)) return false;
  look_at_all(iso, bytes + base, length - base);
  return !iso->hollow && iso->terminators == iso->count;
}
