/* Leaders, tags, indicators and codes as a record can hold them. */
#include "marc_private.h"

#include <string.h>

#include "../base/text.h"
#include "../base/ascii.h"

static bool is_graphic(char c) { return c > ' ' && c < 0x7f; }

/* Blanks around it are layout. */
static alm_slice trim(alm_slice text) {
  while (text.length && text.text[text.length - 1] == ' ') text.length--;
  for (; text.length && *text.text == ' '; text.length--) text.text++;
  return text;
}

bool alm_marc_repair_tag(alm_slice text, char tag[ALM_MARC_TAG_ROOM]) {
  bool right = text.length == 3 && trim(text).length == 3;
  text = trim(text);
  if (text.length == 0) text = (alm_slice){"???", 3};
  if (text.length > ALM_MARC_TAG_LONGEST) text.length = ALM_MARC_TAG_LONGEST;
  for (size_t i = 0; i < text.length; i++) {
    right = right && alm_ascii_is_alphanumeric(text.text[i]);
    tag[i] = is_graphic(text.text[i]) ? text.text[i] : '?';
  }
  tag[text.length] = '\0';
  return right;
}

bool alm_marc_repair_indicator(alm_slice text, char *indicator) {
  bool no_break = text.length == 2 && memcmp(text.text, "\xc2\xa0", 2) == 0;
  char c = text.length && !no_break ? text.text[0] : ' ';
  bool held = c == ' ' || is_graphic(c);
  *indicator = held ? c : '?';
  return held && text.length == 1;
}

bool alm_marc_repair_code(alm_slice *code) {
  alm_slice text = trim(*code);
  size_t first = text.length ? alm_text_character(text.text, text.length) : 0;
  bool held = first > 0;
  for (size_t i = 0; held && i < text.length; i++) {
    unsigned char c = (unsigned char)text.text[i];
    held = c >= ' ' && c != 0x7f;
  }
  bool right = held && first == code->length;
  *code = held ? text : (alm_slice){"?", 1};
  return right;
}

/* ---- in front of subfields ---- */

/* U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F, U+FEFF. */
static bool is_mark(const char *c) {
  unsigned char second = (unsigned char)c[1], third = (unsigned char)c[2];
  if ((unsigned char)c[0] == 0xef) return second == 0xbb && third == 0xbf;
  if ((unsigned char)c[0] != 0xe2) return false;
  return (second == 0x80 && ((third >= 0x8b && third <= 0x8f) || (third >= 0xaa && third <= 0xae))) ||
         (second == 0x81 && third >= 0xa0 && third <= 0xaf);
}

size_t alm_marc_marks(const char *text, size_t length) {
  size_t at = 0;
  while (length - at >= 3 && is_mark(text + at)) at += 3;
  return at;
}

static bool is_number(char c) { return c == ' ' || alm_ascii_is_digit(c); }
static bool is_sign(char c) { return is_number(c) || c == '|' || c == '#' || c == '\\'; }

/* A capital letter, or a letter of other scripts; not the signs of U+0080 to U+00BF and
 * U+2000 to U+2FFF. */
static bool begins_text(char c) {
  unsigned char byte = (unsigned char)c;
  return (c >= 'A' && c <= 'Z') || (byte >= 0xc3 && byte != 0xe2);
}

/* "10Title" and "  1st edition" have indicators, "19th century", "1066" and "Note" have
 * none. Before subfields it is a delimiter that is missing, and the indicators are there. */
static bool are_indicators(const char *two, const char *next, size_t left, bool subfields) {
  bool signs = is_sign(two[0]) && is_sign(two[1]);
  if (left == 0) return subfields || signs;
  if (signs && !is_number(two[0]) + !is_number(two[1]) > 0) return true;
  if (two[0] == ' ' && two[1] == ' ') return true;
  if (subfields)
    return signs && (left == 1 || !alm_ascii_is_digit(*next));
  return is_number(two[0]) && is_number(two[1]) && two[1] != ' ' && begins_text(*next);
}

static bool is_all_white(const char *text, size_t length) {
  for (size_t at = 0; at < length; at++) {
    at += alm_marc_marks(text + at, length - at);
    if (at < length && !alm_ascii_is_white(text[at])) return false;
  }
  return true;
}

/* The indicators, with marks passed over; gives how many there are. */
static size_t take_indicators(const char *text, size_t length, char two[2], size_t *behind) {
  size_t count = 0, at = alm_marc_marks(text, length);
  for (; count < 2 && at < length; count++) {
    size_t step = alm_text_character(text + at, length - at);
    two[count] = text[at];
    at += step ? step : 1;
    at += alm_marc_marks(text + at, length - at);
  }
  *behind = at;
  return count;
}

void alm_marc_read_front(const char *text, size_t length, bool subfields, alm_marc_front *front) {
  char two[2] = {' ', ' '};
  size_t at, count = take_indicators(text, length, two, &at);
  *front = (alm_marc_front){.indicators = "  ", .marks = at > count};
  bool are = count == 2 ? are_indicators(two, text + at, length - at, subfields)
                        : subfields || count == 0 || is_sign(two[0]);
  if (are) memcpy(front->indicators, two, 2);
  size_t from = are ? at : 0;
  bool one_more = subfields && length - from == 1 && is_sign(text[from]);
  if (!one_more && !is_all_white(text + from, length - from))
    front->text = (alm_slice){text + from, length - from};
}

/* ---- leaders ---- */

enum { LEADER = ALM_MARC_LEADER, LONGEST = 32, LENGTH = 5, COUNTS = 10, BASE = 12, CODED = 17, MAP = 20, FARTHEST = 6 };

static const char template[LEADER + 1] = "                    4500";

typedef struct {
  const char *text;
  size_t at, end;
} piece;

/* The characters, at most LONGEST; those outside ASCII are blanks, one each. */
static size_t to_plain(const char *text, size_t length, char *plain, bool *right) {
  size_t count = 0;
  for (size_t at = 0, step; at < length; at += step, count++) {
    bool held = text[at] == ' ' || is_graphic(text[at]);
    step = held ? 1 : alm_text_character(text + at, length - at);
    if (step == 0) step = 1;
    *right = *right && held;
    if (count < LONGEST) plain[count] = held ? text[at] : ' ';
  }
  return count;
}

/* The place of `word` nearest to where it should be. */
static size_t find_near(piece in, const char *word, size_t wanted) {
  size_t length = strlen(word);
  for (size_t off = 0; off <= FARTHEST; off++) {
    for (int side = -1; side <= 1; side += 2) {
      size_t at = side < 0 ? wanted - off : wanted + off;
      if (at + length <= in.end && memcmp(in.text + at, word, length) == 0) return at;
    }
  }
  return in.end;
}

static size_t run(piece in, bool digits) {
  size_t count = 0;
  while (in.at + count < in.end && (digits ? alm_ascii_is_digit(in.text[in.at + count]) : in.text[in.at + count] == ' '))
    count++;
  return count;
}

/* A number's digits, or blanks for all of them, into its place. */
static void take_number(piece *in, char *to) {
  size_t digits = run(*in, true), blanks = run(*in, false), passed = digits < LENGTH ? digits : LENGTH;
  memset(to, digits ? '0' : ' ', LENGTH);
  memcpy(to + LENGTH - passed, in->text + in->at, passed);
  in->at += digits ? digits : blanks < LENGTH ? blanks : LENGTH;
}

/* 05-07 are letters, 08-09 are mostly blank. Of two letters the last is a bibliographic
 * level, or there is none, as in authority records. */
static void take_letters(piece in, char *to) {
  size_t letters = 0, rest;
  while (letters < 3 && in.at + letters < in.end && alm_ascii_is_letter(in.text[in.at + letters])) letters++;
  bool level = letters == 3 || (letters && strchr("abcdims", in.text[in.at + letters - 1]));
  memcpy(to + (level ? 3 - letters : 0), in.text + in.at, letters);
  rest = in.end - in.at - letters;
  if (rest > 2) rest = 2;
  memcpy(to + LENGTH - rest, in.text + in.end - rest, rest);
}

/* Of 17-19 the middle one is a letter where there is one. */
static void take_coded(piece in, char *to) {
  size_t length = in.end - in.at;
  if (length > 3) length = 3;
  bool behind = length > 0 && length < 3 && alm_ascii_is_letter(in.text[in.at]);
  memcpy(to + behind, in.text + in.at, length);
}

/* Its last character is a blank, which many cut off: 08 is a hierarchical level, or 09 and
 * 18 are blank, which in MARC 21 is rare. */
static bool is_unimarc(const char *leader) {
  return alm_ascii_is_digit(leader[8]) || (leader[9] == ' ' && leader[18] == ' ');
}

/* 10-11 and 20-22 are alike in all leaders: what stands between is put in its place. */
static bool align(piece in, char *leader) {
  while (in.end > 0 && in.text[in.end - 1] == ' ') in.end--;
  size_t map = find_near(in, "45", MAP), counts = find_near(in, "22", COUNTS);
  if (map == in.end || counts == in.end || counts >= map) return false;
  piece middle = {in.text, counts + 2, map};
  memcpy(leader, template, LEADER);
  take_number(&in, leader);
  take_letters((piece){in.text, in.at, counts > in.at ? counts : in.at}, leader + LENGTH);
  memcpy(leader + COUNTS, "22", 2);
  take_number(&middle, leader + BASE);
  if (middle.at > map) middle.at = map;
  take_coded(middle, leader + CODED);
  size_t tail = in.end - map;
  memcpy(leader + MAP, in.text + map, tail < 4 ? tail : 4);
  if (tail == 3 && is_unimarc(leader)) leader[LEADER - 1] = ' ';
  return true;
}

/* White space around the 24 characters is layout, as of indented XML. */
static alm_slice without_layout(const char *text, size_t length) {
  alm_slice inner = {text, length};
  while (inner.length > LEADER && alm_ascii_is_white(*inner.text)) inner = (alm_slice){inner.text + 1, inner.length - 1};
  while (inner.length > LEADER && alm_ascii_is_white(inner.text[inner.length - 1])) inner.length--;
  return inner.length == LEADER ? inner : (alm_slice){text, length};
}

size_t alm_marc_repair_leader(const char *text, size_t length, char leader[LEADER], bool *right) {
  char plain[LONGEST];
  *right = true;
  alm_slice inner = without_layout(text, length);
  size_t count = to_plain(inner.text, inner.length, plain, right), kept = count < LONGEST ? count : LONGEST;
  bool placed = count == LEADER && memcmp(plain + MAP, "45", 2) == 0;
  *right = *right && count == LEADER;
  if (!placed && align((piece){plain, 0, kept}, leader)) {
    *right = *right && memcmp(leader, plain, LEADER) == 0;
    return count;
  }
  if (kept > LEADER) kept = LEADER;
  memcpy(leader, template, LEADER);
  memcpy(leader, plain, kept);
  return count;
}
