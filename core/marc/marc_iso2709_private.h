/* Between the files of the ISO 2709 reader.
 *
 * A record is read in one of two ways. The strict way takes it only when all
 * that can be checked is right, and looks at each byte once. Whatever it refuses
 * goes the lenient way, which finds out what is wrong, repairs what it can, and
 * notes it. Both give a view into the bytes; a byte that has to be changed is
 * changed in a copy. */
#ifndef ALM_MARC_ISO2709_PRIVATE_H
#define ALM_MARC_ISO2709_PRIVATE_H

#include "marc.h"

enum { ISO_END = 0x1d, ISO_FIELD = 0x1e, ISO_SUBFIELD = 0x1f }; /* terminators, delimiter */
enum { ISO_TAG = 3, ISO_LONGEST = 99999, ISO_LONGEST_FIELD = 9999 };

typedef struct {
  const char *bytes;
  size_t length;
  size_t indicators;                 /* characters in front of the first subfield */
  size_t length_width, start_width;  /* digits in a directory entry */
  size_t entry;                      /* bytes of a directory entry */

  size_t terminators;                /* strict: in the data */
  bool hollow;                       /* a delimiter with nothing behind it */
  bool high, escapes;                /* text beyond ASCII, escape sequences */

  alm_marc_builder *notes;
  alm_marc_field *fields;
  size_t count, room;
  uint32_t *ends;                    /* lenient: where field terminators stand */
  size_t end_count, end_room;
  char *copy;                        /* lenient: bytes that were changed */
  size_t copy_room;
} alm_iso2709;

/* The value of up to 18 digits; -1 when one is none. */
static inline long alm_iso2709_number(const char *digits, size_t count) {
  unsigned long value = 0; /* wraps around with what are no digits */
  unsigned wrong = 0;
  for (size_t i = 0; i < count; i++) {
    unsigned digit = (unsigned char)digits[i] - (unsigned)'0';
    wrong |= digit > 9;
    value = value * 10 + digit;
  }
  return wrong ? -1 : (long)value;
}

static inline bool alm_iso2709_is_plain(char c) { return c >= ' ' && c <= '~'; }

static inline bool alm_iso2709_is_alnum(char c) {
  unsigned char lower = (unsigned char)c | 0x20;
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

/* Three digits or letters. */
static inline bool alm_iso2709_is_tag(const char *tag) {
  return alm_iso2709_is_alnum(tag[0]) && alm_iso2709_is_alnum(tag[1]) && alm_iso2709_is_alnum(tag[2]);
}

/* Room for one field more; false: memory. */
bool alm_iso2709_grow(alm_iso2709 *iso);

/* False: something is not right. */
bool alm_iso2709_strict(alm_iso2709 *iso, const char *bytes, size_t length);

/* What is there; `length` is what was found out, the leader's may differ. */
void alm_iso2709_lenient(alm_iso2709 *iso, const char *bytes, size_t length);

#endif
