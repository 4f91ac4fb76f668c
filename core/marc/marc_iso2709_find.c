/* Where a record begins, where its directory does, and where it ends: by what stands
 * there, since each number in a leader can be wrong. */
#include <string.h>

#include "marc_iso2709_private.h"
#include "../base/ascii.h"

enum { LEADER = ALM_MARC_LEADER, ENTRY = 12, NUMBERS = 9, SHORTEST = 18, LENGTH = 5, MAP = 20, FARTHEST = 4 };

static const char *find(const char *from, const char *end, char c) {
  return from < end ? memchr(from, c, (size_t)(end - from)) : NULL;
}

/* ---- leaders ---- */

/* How many of the 15 characters that are alike in all leaders are so here:
 * digits in 00-04 and 12-16, "22" in 10, "450" in 20. */
static int likeness(const char *leader) {
  int alike = (leader[10] == '2') + (leader[11] == '2') + (leader[20] == '4') +
              (leader[21] == '5') + (leader[22] == '0');
  for (int i = 0; i < LENGTH; i++) alike += alm_ascii_is_digit(leader[i]) + alm_ascii_is_digit(leader[12 + i]);
  return alike;
}

enum { ALIKE = 10 };

bool alm_marc_iso2709_is_leader(const char *text, size_t length) {
  return length >= LEADER && likeness(text) >= ALIKE;
}

/* ---- directories, with entries of the usual widths ---- */

static bool is_entry(const char *entry) {
  return alm_marc_iso2709_is_tag(entry) && alm_marc_iso2709_number(entry + ISO_TAG, NUMBERS) >= 0;
}

/* The first of the entries that end before `end`; `end` when there is none. */
static size_t first_entry(const char *text, size_t end) {
  while (end >= SHORTEST + ENTRY && is_entry(text + end - ENTRY)) end -= ENTRY;
  return end;
}

/* Does the entry name a place that begins and ends where a field does? */
static bool is_right(const char *text, size_t length, size_t entry, size_t base) {
  if (entry + ENTRY >= base || !is_entry(text + entry)) return false;
  size_t count = (size_t)alm_marc_iso2709_number(text + entry + ISO_TAG, 4);
  size_t start = base + (size_t)alm_marc_iso2709_number(text + entry + ISO_TAG + 4, 5);
  return count > 0 && start + count <= length && text[start - 1] == ISO_FIELD &&
         text[start + count - 1] == ISO_FIELD;
}

static size_t count_right(const char *text, size_t length, size_t from, size_t base) {
  size_t count = 0;
  for (size_t at = from; at + ENTRY < base; at += ENTRY) count += is_right(text, length, at, base);
  return count;
}

/* Digits in 20 and 21 that make the directory's length right. */
static bool has_other_widths(const char *text, size_t directory) {
  long length_width = alm_marc_iso2709_number(text + MAP, 1), start_width = alm_marc_iso2709_number(text + MAP + 1, 1);
  if (length_width < 1 || start_width < 1 || (length_width == 4 && start_width == 5)) return false;
  return directory % (size_t)(ISO_TAG + length_width + start_width) == 0;
}

/* The terminator of the directory: where the leader says, when entries of 12 bytes fit in
 * between; else the first. */
static size_t directory_end(const char *text, size_t length, bool *said) {
  long base = length > LEADER ? alm_marc_iso2709_number(text + 12, LENGTH) : -1;
  *said = base > LEADER && base <= (long)length && text[base - 1] == ISO_FIELD &&
          (base - 1 - LEADER) % ENTRY == 0 && (base == LEADER + 1 || is_entry(text + base - 1 - ENTRY));
  if (*said) return (size_t)base - 1;
  const char *first = length > LEADER ? find(text + LEADER, text + length, ISO_FIELD) : NULL;
  return first ? (size_t)(first - text) : length;
}

/* Entries of 12 bytes leave only one other place where the directory could begin. The
 * entries there decide, since bytes may be missing in it as well as in the leader. */
size_t alm_marc_iso2709_leader_length(const char *text, size_t length) {
  bool said;
  size_t end = directory_end(text, length, &said), other = SHORTEST + (end - SHORTEST) % ENTRY;
  if (said || end == length || other == LEADER || has_other_widths(text, end - LEADER)) return LEADER;
  bool is_other = is_right(text, length, other, end + 1);
  if (is_other != is_right(text, length, LEADER, end + 1)) return is_other ? other : LEADER;
  if (other >= end || !is_entry(text + other) || memcmp(text + other - 4, "45", 2) != 0) return LEADER;
  return count_right(text, length, other, end + 1) > count_right(text, length, LEADER, end + 1) ? other : LEADER;
}

size_t alm_marc_iso2709_directory_says(const char *text, size_t length) {
  bool said;
  size_t base = directory_end(text, length, &said) + 1, last = 0, right = 0, count = 0;
  size_t at = alm_marc_iso2709_leader_length(text, length);
  if (base > length || at + ENTRY >= base || first_entry(text, base - 1) > at) return 0;
  for (; at + ENTRY < base; at += ENTRY, count++) {
    if (!is_right(text, length, at, base)) continue;
    size_t end = base + (size_t)alm_marc_iso2709_number(text + at + ISO_TAG, 4) +
                 (size_t)alm_marc_iso2709_number(text + at + ISO_TAG + 4, 5);
    if (end > last) last = end;
    right++;
  }
  return right > count / 2 && last < length && text[last] == ISO_END ? last + 1 : 0;
}

/* ---- a record among other bytes ---- */

/* Is the number anywhere in a leader's middle? */
static bool has_number(const char *leader, size_t length, size_t wanted) {
  for (size_t at = LENGTH; at + LENGTH <= length; at++)
    if (alm_marc_iso2709_number(leader + at, LENGTH) == (long)wanted) return true;
  return false;
}

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

typedef struct {
  const char *leader, *terminator, *end;  /* the terminator is its directory's */
  size_t length;                          /* of the leader */
} start;

/* The leader names the place where the directory ends, or the one where the record does. */
static bool is_sure(const start *at) {
  size_t base = (size_t)(at->terminator - at->leader) + 1;
  long said = alm_marc_iso2709_number(at->leader, LENGTH), more = (long)at->length - LEADER, left = at->end - at->leader;
  if (has_number(at->leader, at->length, base) || has_number(at->leader, at->length, base - (size_t)more))
    return true;
  if (said + more <= LEADER) return false;
  return (said <= left && at->leader[said - 1] == ISO_END) ||
         (said + more <= left && at->leader[said + more - 1] == ISO_END);
}

static bool has_length(const start *at) { return alm_marc_iso2709_number(at->leader, LENGTH) >= 0; }
static bool has_map(const start *at) { return memcmp(at->leader + at->length - 4, "45", 2) == 0; }

/* A directory has hardly any letters. */
static bool has_letters(const start *at) {
  return is_lower(at->leader[5]) + is_lower(at->leader[6]) + is_lower(at->leader[7]) > 1;
}

/* In the middle of other bytes more is needed than a look. */
static bool is_start(const start *at) {
  if (at->length == LEADER && likeness(at->leader) < ALIKE) return false;
  return is_sure(at) && has_letters(at) && (has_length(at) || has_map(at));
}

/* The leader of the directory that ends at `terminator`; NULL when there is none. What could
 * be the leader at `text` is not taken for a later one with fewer bytes. */
static const char *leader_of(const char *text, const char *terminator, const char *end) {
  size_t directory = first_entry(text, (size_t)(terminator - text));
  if (text + directory == terminator) return NULL;
  for (int off = 0; off <= FARTHEST; off++) {
    for (int side = -1; side <= 1; side += 2) {
      size_t length = (size_t)(LEADER + side * off);
      start at = {text + directory - length, terminator, end, length};
      if (directory > (off ? LEADER + FARTHEST : LEADER) && is_start(&at)) return at.leader;
    }
  }
  return NULL;
}

bool alm_marc_iso2709_begins(const char *text, size_t length) {
  const char *end = text + length;
  const char *terminator = length > SHORTEST ? find(text + SHORTEST, end, ISO_FIELD) : NULL;
  if (!terminator) return false;
  size_t directory = first_entry(text, (size_t)(terminator - text));
  start at = {text, terminator, end, directory};
  return directory <= LEADER + FARTHEST && is_sure(&at) + has_length(&at) + has_map(&at) > 1;
}

const char *alm_marc_iso2709_find_start(const char *text, size_t from, const char *until, const char *end) {
  const char *at = text + from;
  for (; (at = find(at, until, ISO_FIELD)); at++) {
    const char *leader = alm_ascii_is_digit(at[-1]) ? leader_of(text, at, end) : NULL;
    if (leader) return leader;
  }
  return NULL;
}

/* ---- is it ISO 2709? ---- */

/* A directory ends with a field's length and place, nine digits, before its terminator.
 * Binary files have the terminator's byte too, hardly the digits. */
static bool has_directory(const char *head, size_t length) {
  const char *at = head, *end = head + length;
  for (; (at = find(at, end, ISO_FIELD)); at++)
    if (at - head >= NUMBERS && alm_marc_iso2709_number(at - NUMBERS, NUMBERS) >= 0) return true;
  return false;
}

/* The directory may be longer than what is looked at. */
static bool is_in_directory(const char *head, size_t length) {
  return alm_marc_iso2709_is_leader(head, length) && length >= LEADER + ENTRY && is_entry(head + LEADER);
}

bool alm_marc_iso2709_looks(const char *head, size_t length) {
  bool number = length > LENGTH && alm_marc_iso2709_number(head, LENGTH) >= 0;
  if (number && find(head, head + length, ISO_FIELD)) return true;
  return is_in_directory(head, length) || has_directory(head, length);
}
