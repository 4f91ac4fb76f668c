/* Records in which all is right: the fast way. */
#include <stdlib.h>
#include <string.h>

#include "marc_iso2709_private.h"

/* Sixteen bytes at a time; a comparison gives -1 or 0 for each. */
typedef signed char block __attribute__((vector_size(16)));
enum { BLOCK = sizeof(block), BLOCKS = 255, ESCAPE = 0x1b }; /* so many count in a byte */

static bool is_zero(block bytes) {
  uint64_t half[2];
  memcpy(half, &bytes, sizeof half);
  return (half[0] | half[1]) == 0;
}

bool alm_marc_iso2709_grow(alm_iso2709 *iso) {
  if (iso->count < iso->room) return true;
  size_t room = iso->room ? 2 * iso->room : 64;
  alm_marc_field *fields = realloc(iso->fields, room * sizeof *fields);
  if (!fields) return false;
  iso->fields = fields;
  iso->room = room;
  return true;
}

/* ---- leader ---- */

static bool is_plain(const char *leader) {
  block first, last, wrong;
  memcpy(&first, leader, BLOCK);
  memcpy(&last, leader + ALM_MARC_LEADER - BLOCK, BLOCK);
  wrong = (first < ' ') | (first > '~') | (last < ' ') | (last > '~');
  return is_zero(wrong);
}

static bool read_leader(alm_iso2709 *iso, size_t *base) {
  const char *leader = iso->bytes;
  if (!is_plain(leader)) return false;
  long indicators = alm_marc_iso2709_number(leader + 10, 1), start = alm_marc_iso2709_number(leader + 12, 5);
  long length_width = alm_marc_iso2709_number(leader + 20, 1);
  long start_width = alm_marc_iso2709_number(leader + 21, 1);
  if (alm_marc_iso2709_number(leader, 5) != (long)iso->length || indicators < 0 || leader[11] != '2' ||
      length_width < 1 || start_width < 1 || start <= ALM_MARC_LEADER || start >= (long)iso->length)
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
    if (!alm_marc_iso2709_is_plain(text[i])) return false;
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

static unsigned digit(char c, bool *wrong) {
  unsigned value = (unsigned char)c - (unsigned)'0';
  *wrong |= value > 9;
  return value;
}

/* The usual widths, spelled out: a third of the time goes into these digits. */
static bool read_usual(const char *at, size_t *length, size_t *start) {
  bool wrong = false;
  *length = digit(at[0], &wrong) * 1000 + digit(at[1], &wrong) * 100 + digit(at[2], &wrong) * 10 +
            digit(at[3], &wrong);
  *start = digit(at[4], &wrong) * 10000 + digit(at[5], &wrong) * 1000 + digit(at[6], &wrong) * 100 +
           digit(at[7], &wrong) * 10 + digit(at[8], &wrong);
  return !wrong;
}

static bool read_place(const alm_iso2709 *iso, const char *at, size_t *length, size_t *start) {
  if (iso->length_width == 4 && iso->start_width == 5) return read_usual(at, length, start);
  long count = alm_marc_iso2709_number(at, iso->length_width);
  long from = alm_marc_iso2709_number(at + iso->length_width, iso->start_width);
  *length = (size_t)count;
  *start = (size_t)from;
  return count >= 0 && from >= 0;
}

static bool read_field(alm_iso2709 *iso, const char *entry, size_t base) {
  alm_marc_field *field = &iso->fields[iso->count++];
  field->id = field->odd = 0;
  size_t length, start;
  if (!read_place(iso, entry + ISO_TAG, &length, &start) || length < 1 ||
      base + start + length >= iso->length)
    return false;
  memcpy(field->tag, entry, ISO_TAG);
  field->tag[ISO_TAG] = '\0';
  field->start = (uint32_t)(base + start);
  field->length = (uint32_t)length - 1;
  return alm_marc_iso2709_is_tag(entry) && iso->bytes[field->start - 1] == ISO_FIELD &&
         iso->bytes[field->start + field->length] == ISO_FIELD && read_kind(iso, field);
}

/* ---- all bytes ---- */

typedef struct {
  block terminators, hollow, high, escapes;
} survey;

static inline survey look(const char *text, survey found) {
  block here, next;
  memcpy(&here, text, BLOCK);
  memcpy(&next, text + 1, BLOCK);
  found.terminators -= (here == ISO_FIELD) | (here == ISO_END);
  found.hollow |= (here == ISO_SUBFIELD) & ((next == ISO_SUBFIELD) | (next == ISO_FIELD));
  found.escapes |= here == ESCAPE;
  found.high |= here < 0;
  return found;
}

static void add_up(alm_iso2709 *iso, survey found) {
  for (size_t i = 0; i < BLOCK; i++) iso->terminators += (unsigned char)found.terminators[i];
  iso->hollow |= !is_zero(found.hollow);
  iso->escapes |= !is_zero(found.escapes);
  iso->high |= !is_zero(found.high);
}

/* The last byte of the data is looked at apart: none comes after it. The rest
 * is copied to a block of its own, filled with what says nothing. */
static void look_at_all(alm_iso2709 *iso, const char *text, size_t length) {
  static const survey nothing;
  char rest[BLOCK + 1] = {0};
  size_t at = 0, last = length - 1, blocks = 0;
  survey found = nothing;
  for (; at + BLOCK <= last; at += BLOCK) {
    found = look(text + at, found);
    if (++blocks % BLOCKS) continue;
    add_up(iso, found);
    found = nothing;
  }
  memcpy(rest, text + at, last - at);
  add_up(iso, look(rest, found));
}

bool alm_marc_iso2709_strict(alm_iso2709 *iso, const char *bytes, size_t length) {
  size_t base;
  iso->bytes = bytes;
  iso->length = length;
  iso->count = iso->terminators = 0;
  iso->hollow = iso->high = iso->escapes = false;
  if (!read_leader(iso, &base)) return false;
  for (size_t at = ALM_MARC_LEADER; at < base - 1; at += iso->entry)
    if (!alm_marc_iso2709_grow(iso) || !read_field(iso, bytes + at, base)) return false;
  look_at_all(iso, bytes + base, length - base);
  return !iso->hollow && iso->terminators == iso->count;
}
