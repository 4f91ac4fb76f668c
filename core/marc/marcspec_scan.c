/* The pieces of a MARCspec: tag, positions, subfield, indicator. */
#include <stdio.h>
#include <string.h>

#include "marcspec_private.h"
#include "../base/text.h"
#include "../base/ascii.h"

enum { POSITION_MAXIMUM = 999999, SHOWN = 80 };

char alm_scan_peek(const alm_scan *scan, size_t ahead) {
  return scan->at + ahead < scan->length ? scan->text[scan->at + ahead] : '\0';
}

bool alm_scan_take(alm_scan *scan, char c) {
  if (scan->at == scan->length || scan->text[scan->at] != c) return false;
  scan->at++;
  return true;
}

/* ---- errors ---- */

/* From 1, in characters. */
static size_t position(const alm_scan *scan) {
  size_t count = 1;
  for (size_t i = 0; i < scan->at; i++) count += ((unsigned char)scan->text[i] & 0xc0) != 0x80;
  return count;
}

/* One line of it, at most SHOWN bytes. */
static void shorten(const alm_scan *scan, char shown[SHOWN + 4]) {
  size_t length = 0, step;
  for (; length < scan->length; length += step) {
    step = alm_text_character(scan->text + length, scan->length - length);
    if (step == 0) step = 1;
    if (length + step > SHOWN) break;
    memcpy(shown + length, scan->text + length, step);
    if ((unsigned char)shown[length] < ' ') shown[length] = '?';
  }
  strcpy(shown + length, length < scan->length ? "..." : "");
}

/* What stands there, for people. */
static void describe(const alm_scan *scan, char found[16]) {
  const char *here = scan->text + scan->at;
  size_t length = scan->at < scan->length ? alm_text_character(here, scan->length - scan->at) : 0;
  if (scan->at >= scan->length) strcpy(found, "the end");
  else if (*here == ' ') strcpy(found, "a blank");
  else if (length == 0 || (unsigned char)*here < ' ' || *here == 0x7f)
    snprintf(found, 16, "byte 0x%02x", (unsigned char)*here);
  else snprintf(found, 16, "%.*s", (int)length, here);
}

bool alm_scan_expected(const alm_scan *scan, const char *what) {
  char shown[SHOWN + 4], found[16];
  shorten(scan, shown);
  describe(scan, found);
  return alm_fail(scan->err, ALM_PARSE, "%s \"%s\": expected %s at position %zu, not %s",
                  scan->called, shown, what, position(scan), found);
}

bool alm_scan_wrong(const alm_scan *scan, const char *what) {
  char shown[SHOWN + 4];
  shorten(scan, shown);
  return alm_fail(scan->err, ALM_PARSE, "%s \"%s\": %s at position %zu", scan->called, shown,
                  what, position(scan));
}

/* ---- tag ---- */

/* A tag that begins with a letter may have more than three signs when something of the field
 * is asked for: "ABCD" by itself is an error of the published tests. */
static bool goes_on(const alm_scan *scan, char first) {
  char c = alm_scan_peek(scan, 0);
  return alm_ascii_is_letter(first) && alm_ascii_is_alphanumeric(c);
}

/* Letters of a tag are all small or all capital. */
bool alm_scan_tag(alm_scan *scan, char tag[ALM_MARC_TAG_ROOM]) {
  bool small = false, capital = false;
  int length = 3;
  for (int i = 0; i < length; i++) {
    char c = alm_scan_peek(scan, 0);
    small |= alm_ascii_is_small(c);
    capital |= alm_ascii_is_capital(c);
    if (small && capital)
      return alm_scan_expected(scan, "letters of a tag to be all small or all capital");
    if (!alm_ascii_is_digit(c) && !alm_ascii_is_small(c) && !alm_ascii_is_capital(c) && c != '.')
      return alm_scan_expected(scan, "a tag of three digits, letters or dots");
    tag[i] = c;
    scan->at++;
    if (i + 1 == length && goes_on(scan, tag[0]) && length < ALM_MARC_TAG_LONGEST) length++;
  }
  if (length > 3 && !(alm_scan_peek(scan, 0) && strchr("$^[{", alm_scan_peek(scan, 0)))) {
    scan->at -= (size_t)length - 3;
    length = 3;
  }
  tag[length] = '\0';
  scan->lettered = alm_ascii_is_letter(*tag);
  return true;
}

/* ---- positions ---- */

static bool scan_number(alm_scan *scan, uint32_t *number) {
  for (*number = 0; alm_ascii_is_digit(alm_scan_peek(scan, 0)); scan->at++) {
    *number = 10 * *number + (uint32_t)(alm_scan_peek(scan, 0) - '0');
    if (*number > POSITION_MAXIMUM) return alm_scan_expected(scan, "a number below 1000000");
  }
  return true;
}

/* `last`: it was the sign for the last place. */
static bool scan_position(alm_scan *scan, uint32_t *number, bool *last) {
  *last = alm_scan_take(scan, '#');
  *number = 0;
  if (*last) return true;
  if (!alm_ascii_is_digit(alm_scan_peek(scan, 0))) return alm_scan_expected(scan, "a number or #");
  return scan_number(scan, number);
}

/* Behind a # on the left, places count from the end. */
bool alm_scan_span(alm_scan *scan, alm_span *span) {
  bool from_last, to_last;
  if (!scan_position(scan, &span->first, &from_last)) return false;
  span->last = span->first;
  span->backward = from_last;
  if (!alm_scan_take(scan, '-')) return true;
  size_t start = scan->at;
  if (!scan_position(scan, &span->last, &to_last)) return false;
  if (to_last && !from_last) span->last = UINT32_MAX;
  if (span->last >= span->first) return true;
  scan->at = start;
  return alm_scan_wrong(scan, "the range runs backwards");
}

bool alm_scan_characters(alm_scan *scan, alm_part *part) {
  part->cut = alm_scan_take(scan, '/');
  return !part->cut || alm_scan_span(scan, &part->characters);
}

/* ---- what is taken of a field ---- */

bool alm_scan_indicator(alm_scan *scan, alm_part *part) {
  char c;
  scan->at++; /* ^ */
  c = alm_scan_peek(scan, 0);
  if (c != '1' && c != '2') return alm_scan_expected(scan, "1 or 2, the indicator");
  part->kind = ALM_PART_INDICATOR;
  part->indicator = (char)(c - '0');
  scan->at++;
  return true;
}

/* The published grammar: visible ASCII but capitals and |, @ too is none. */
static bool is_code(char c) { return c > ' ' && c < 0x7f && !alm_ascii_is_capital(c) && c != '@' && c != '|'; }

static bool scan_range_end(alm_scan *scan, alm_part *part) {
  char c = alm_scan_peek(scan, 0);
  if (alm_ascii_is_digit(part->low) && !alm_ascii_is_digit(c)) return alm_scan_expected(scan, "a digit");
  if (alm_ascii_is_small(part->low) && !alm_ascii_is_small(c)) return alm_scan_expected(scan, "a small letter");
  if (c < part->low) return alm_scan_wrong(scan, "the range runs backwards");
  part->high = c;
  scan->at++;
  return true;
}

/* Two signs and more, the first of them a letter. */
static bool scan_long_code(alm_scan *scan, alm_part *part) {
  size_t length = 0;
  for (char c; length < sizeof part->name; length++)
    if (c = alm_scan_peek(scan, length), !alm_ascii_is_small(c) && !(length > 0 && alm_ascii_is_digit(c))) break;
  if (length < 2 || length == sizeof part->name) return false;
  memcpy(part->name, scan->text + scan->at, length);
  scan->at += length;
  return true;
}

static bool scan_codes(alm_scan *scan, alm_part *part) {
  char c = alm_scan_peek(scan, 0);
  if (!is_code(c))
    return alm_scan_expected(scan, "a subfield code (a small letter, a digit or a sign)");
  part->low = part->high = c;
  scan->at++;
  if ((!alm_ascii_is_digit(c) && !alm_ascii_is_small(c)) || !alm_scan_take(scan, '-')) return true;
  return scan_range_end(scan, part);
}

bool alm_scan_subfield(alm_scan *scan, alm_part *part) {
  scan->at++; /* $ */
  part->kind = ALM_PART_SUBFIELD;
  bool is_long = scan->lettered && scan_long_code(scan, part);
  if (!is_long && !scan_codes(scan, part)) return false;
  part->indexed = !is_long && alm_scan_take(scan, '[');
  if (part->indexed) {
    if (!alm_scan_span(scan, &part->index)) return false;
    if (!alm_scan_take(scan, ']')) return alm_scan_expected(scan, "]");
  }
  return alm_scan_characters(scan, part);
}
