/* Going through a JSON text. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "../base/text.h"
#include "../base/word.h"
#include "marc_json_private.h"
#include "../base/ascii.h"

#define LEADER "\"leader\""

enum { HIGH = 0xd800, LOW = 0xdc00, END = 0xe000, UNKNOWN = 0xfffd };

void alm_json_begin(alm_json *json, const char *text, size_t length, alm_marc_builder *builder) {
  json->text = json->at = text;
  json->end = text + length;
  json->builder = builder;
  json->wrong = NULL;
  json->decoded = NULL;
}

void alm_json_free(alm_json *json) { free(json->room); }

bool alm_json_wrong(alm_json *json, const char *expected) {
  if (!json->wrong) json->wrong = expected;
  return false;
}

/* ---- blanks and plain text ---- */

/* Lines are indented by many spaces. */
static const char *pass_spaces(const char *at, const char *end) {
  for (; end - at >= 8; at += 8) {
    uint64_t others = alm_word_read(at) ^ ALM_WORD_EACH(' ');
    if (others == 0) continue;
    at += alm_word_before(others);
    break;
  }
  while (at < end && *at == ' ') at++;
  return at;
}

void alm_json_skip_blanks(alm_json *json) {
  const char *at = json->at;
  for (; at < json->end && (unsigned char)*at <= ' '; at++) {
    if (*at == '\n') at = pass_spaces(at + 1, json->end) - 1;
    else if (*at != ' ' && *at != '\t' && *at != '\r') break;
  }
  json->at = at;
}

/* Up to the first character that has a meaning. `high`: some may be more than ASCII. */
static const char *plain_end(const char *at, const char *end, uint64_t *high) {
  for (; end - at >= 8; at += 8) {
    uint64_t word = alm_word_read(at);
    uint64_t marks = alm_word_is(word, '"') | alm_word_is(word, '\\') | alm_word_below(word, ' ');
    *high |= word & ALM_WORD_EACH(0x80);
    if (marks == 0) continue;
    at += alm_word_before(marks);
    break;
  }
  for (; at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' '; at++)
    *high |= (unsigned char)*at & 0x80;
  return at;
}

/* ---- lists and objects ---- */

static bool take(alm_json *json, char c) {
  bool there = alm_json_peek(json) == c;
  json->at += there;
  return there;
}

bool alm_json_open(alm_json *json, char open) {
  if (!take(json, open)) return alm_json_wrong(json, open == '{' ? "an object" : "a list");
  return !take(json, open == '{' ? '}' : ']');
}

bool alm_json_more(alm_json *json, char close) {
  if (json->wrong) return false;
  char c = alm_json_peek(json);
  if (c != ',' && c != close) return alm_json_wrong(json, "a comma or the end of the list");
  json->at++;
  return c == ',';
}

bool alm_json_key(alm_json *json, alm_slice *key) {
  if (alm_json_peek(json) != '"') return alm_json_wrong(json, "a name in quotes");
  if (!alm_json_string(json, key)) return false;
  return take(json, ':') || alm_json_wrong(json, "a colon");
}

/* ---- strings ---- */

static long hex_digits(const char *at, const char *end) {
  long value = 0;
  if (end - at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *digit = at[i] ? strchr(digits, at[i]) : NULL;
    if (!digit) return -1;
    value = value * 16 + (digit - digits) % 16;
  }
  return value;
}

static void note_character(const alm_json *json, const char *at, const char *format, unsigned c) {
  if (json->builder)
    alm_marc_note(json->builder, ALM_MARC_CHARACTER, (size_t)(at - json->text), format, c);
}

/* Behind \u: characters beyond U+FFFF are two of them. Half of one is what Python writes
 * for a byte that it could not decode. */
static bool decode_unicode(alm_json *json) {
  long c = hex_digits(json->at, json->end), low = -1;
  if (c < 0) return alm_json_wrong(json, "four hexadecimal digits");
  json->at += 4;
  if (c >= HIGH && c < LOW && json->end - json->at > 2 && memcmp(json->at, "\\u", 2) == 0)
    low = hex_digits(json->at + 2, json->end);
  if (low >= LOW && low < END) {
    json->at += 6;
    c = 0x10000 + ((c - HIGH) << 10) + (low - LOW);
  } else if (c >= HIGH && c < END) {
    note_character(json, json->at - 6, "\\u%04x is half of a character", (unsigned)c);
    c = UNKNOWN;
  }
  json->decoded += utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)json->decoded);
  return true;
}

static bool decode_escape(alm_json *json) {
  static const char from[] = "\"\\/bfnrtu", to[] = "\"\\/\b\f\n\r\t";
  json->at++;
  const char *escape = json->at < json->end && *json->at ? strchr(from, *json->at) : NULL;
  if (!escape) return alm_json_wrong(json, "an escape");
  json->at++;
  if (*escape == 'u') return decode_unicode(json);
  *json->decoded++ = to[escape - from];
  return true;
}

/* Bytes that are not UTF-8 become U+FFFD. */
static void copy_text(alm_json *json, const char *end) {
  while (json->at < end) {
    size_t good = alm_text_valid_prefix(json->at, (size_t)(end - json->at));
    memcpy(json->decoded, json->at, good);
    json->decoded += good;
    json->at += good;
    if (json->at == end) break;
    note_character(json, json->at, "0x%02x is no UTF-8 character", (unsigned char)*json->at);
    json->at++;
    json->decoded += utf8proc_encode_char(UNKNOWN, (utf8proc_uint8_t *)json->decoded);
  }
}

/* A byte becomes three at most. */
static bool make_room(alm_json *json) {
  size_t needed = 3 * (size_t)(json->end - json->text);
  if (json->room_size < needed) {
    free(json->room);
    json->room = malloc(needed);
    json->room_size = json->room ? needed : 0;
  }
  json->decoded = json->room;
  return json->room || alm_json_wrong(json, "less, for want of memory");
}

static bool decode(alm_json *json, const char *from, alm_slice *text) {
  uint64_t high = 0;
  if (!json->decoded && !make_room(json)) return false;
  char *start = json->decoded;
  for (json->at = from;;) {
    copy_text(json, plain_end(json->at, json->end, &high));
    if (json->at == json->end || *json->at != '\\') break;
    if (!decode_escape(json)) return false;
  }
  *text = (alm_slice){start, (size_t)(json->decoded - start)};
  return true;
}

static bool end_string(alm_json *json) {
  if (json->at == json->end) return alm_json_wrong(json, "the end of a string");
  if (*json->at != '"') return alm_json_wrong(json, "no control character");
  json->at++;
  return true;
}

bool alm_json_string(alm_json *json, alm_slice *text) {
  const char *from = json->at + 1;
  uint64_t high = 0;
  json->at = plain_end(from, json->end, &high);
  *text = (alm_slice){from, (size_t)(json->at - from)};
  bool escaped = json->at < json->end && *json->at == '\\';
  if ((escaped || (high && !alm_text_valid(text->text, text->length))) && !decode(json, from, text))
    return false;
  return end_string(json);
}

static bool skip_string(alm_json *json) {
  uint64_t high = 0;
  json->at = plain_end(json->at + 1, json->end, &high);
  while (json->end - json->at > 1 && *json->at == '\\')
    json->at = plain_end(json->at + 2, json->end, &high);
  return end_string(json);
}

/* ---- records ---- */

/* 1, 0; -1: more text is needed. */
static int begins_with(const char *text, size_t length, const char *key) {
  size_t at = 1, key_length = strlen(key);
  if (length == 0) return -1;
  if (text[0] != '{') return 0;
  while (at < length && alm_ascii_is_white(text[at])) at++;
  size_t left = length - at, most = left < key_length ? left : key_length;
  if (memcmp(text + at, key, most) != 0) return 0;
  return left < key_length ? -1 : 1;
}

int alm_json_begins_record(const char *text, size_t length) {
  int leader = begins_with(text, length, LEADER);
  return leader != 0 ? leader : begins_with(text, length, "\"fields\"");
}

/* ---- values that nobody reads ---- */

static bool is_word(char c) {
  return alm_ascii_is_alphanumeric(c) || c == '-' || c == '+' || c == '.';
}

/* A number, true, false, null. */
static bool skip_word(alm_json *json) {
  const char *from = json->at;
  while (json->at < json->end && is_word(*json->at)) json->at++;
  return json->at > from || alm_json_wrong(json, "a value");
}

/* Of what is inside of it, only strings and brackets are looked at. */
static bool skip_inside(alm_json *json, size_t *records) {
  size_t depth = 0;
  do {
    char c = alm_json_peek(json);
    if (json->at == json->end) return alm_json_wrong(json, "the end of a list or object");
    if (c == '"') {
      if (!skip_string(json)) return false;
      continue;
    }
    if (c == '{' && records)
      *records += begins_with(json->at, (size_t)(json->end - json->at), LEADER) > 0;
    depth += c == '{' || c == '[';
    depth -= c == '}' || c == ']';
    json->at++;
  } while (depth > 0);
  return true;
}

bool alm_json_skip(alm_json *json, alm_slice *raw, size_t *records) {
  char c = alm_json_peek(json);
  const char *from = json->at;
  bool done = c == '"'               ? skip_string(json)
              : c == '{' || c == '[' ? skip_inside(json, records)
                                     : skip_word(json);
  *raw = (alm_slice){from, (size_t)(json->at - from)};
  return done;
}
