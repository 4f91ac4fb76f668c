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
#include "../base/ascii.h"

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

  size_t directory;                  /* where it begins */
  char leader[ALM_MARC_LEADER];      /* lenient: as it should be */

  alm_marc_builder *notes;
  alm_marc_field *fields;
  size_t count, room;
  uint32_t *ends;                    /* lenient: where field terminators stand */
  size_t end_count, end_room;
  char *copy;                        /* lenient: bytes that were changed, and fields that were
                                        built anew behind them */
  size_t copy_room, copied;
} alm_iso2709;

/* The value of up to 18 digits; -1 when one is none. */
static inline long alm_marc_iso2709_number(const char *digits, size_t count) {
  unsigned long value = 0; /* wraps around with what are no digits */
  unsigned wrong = 0;
  for (size_t i = 0; i < count; i++) {
    unsigned digit = (unsigned char)digits[i] - (unsigned)'0';
    wrong |= digit > 9;
    value = value * 10 + digit;
  }
  return wrong ? -1 : (long)value;
}

static inline bool alm_marc_iso2709_is_plain(char c) { return c >= ' ' && c <= '~'; }

/* Three digits or letters. */
static inline bool alm_marc_iso2709_is_tag(const char *tag) {
  return alm_ascii_is_alphanumeric(tag[0]) && alm_ascii_is_alphanumeric(tag[1]) &&
         alm_ascii_is_alphanumeric(tag[2]);
}

/* ---- marc_iso2709_find.c: looking ---- */

/* Is it alike enough to a leader? */
bool alm_marc_iso2709_is_leader(const char *text, size_t length);
/* Do a leader and its directory begin here, though the leader may have a few bytes more
 * or less? */
bool alm_marc_iso2709_begins(const char *text, size_t length);
/* How many bytes the leader has that begins here: 24 unless the directory says otherwise. */
size_t alm_marc_iso2709_leader_length(const char *text, size_t length);
/* How long the record is when its directory and its terminator agree; 0: they don't. */
size_t alm_marc_iso2709_directory_says(const char *text, size_t length);
/* The first record of which the directory ends between `from` and `until`, and which does
 * not begin at `text`; NULL when there is none. The bytes go on until `end`. */
const char *alm_marc_iso2709_find_start(const char *text, size_t from, const char *until,
                                        const char *end);
/* Is it the beginning of a file of ISO 2709? */
bool alm_marc_iso2709_looks(const char *head, size_t length);

/* ---- reading ---- */

/* Room for one field more; false: memory. */
bool alm_marc_iso2709_grow(alm_iso2709 *iso);

/* False: something is not right. */
bool alm_marc_iso2709_strict(alm_iso2709 *iso, const char *bytes, size_t length);

/* What is there; `length` is what was found out, the leader's may differ. */
void alm_marc_iso2709_lenient(alm_iso2709 *iso, const char *bytes, size_t length);

/* Of the lenient way: changes a byte in a copy; room for so many bytes behind what there
 * is, NULL: memory, or more than a record may have. */
void alm_marc_iso2709_change(alm_iso2709 *iso, size_t at, char to);
char *alm_marc_iso2709_append(alm_iso2709 *iso, size_t length);
/* Adds the field whose content begins at `start` and ends before `end`, with what is wrong
 * in it noted and mended. */
void alm_marc_iso2709_add_field(alm_iso2709 *iso, const char *tag, size_t start, size_t end);

#endif
