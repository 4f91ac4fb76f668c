/* JSON into tokens. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "../base/text.h"
#include "marc_json_private.h"

enum { DEEPEST = 2048, LOOKED_AT = 100, HIGH = 0xd800, LOW = 0xdc00, END = 0xe000 };

typedef struct {
  alm_json *json;
  const char *text, *at, *end;
  char *decoded;   /* where the next decoded string goes */
  int depth;
} parsing;

static bool wrong(parsing *p, const char *expected) {
  p->json->wrong = expected;
  p->json->at = (size_t)(p->at - p->text);
  return false;
}

/* Its place in the row; the row may move. */
static bool add(parsing *p, alm_json_kind kind, alm_slice text) {
  alm_json *json = p->json;
  if (json->count == json->room) {
    size_t room = json->room ? 2 * json->room : 256;
    alm_json_token *tokens = realloc(json->tokens, room * sizeof *tokens);
    if (!tokens) return wrong(p, "less, for want of memory");
    json->tokens = tokens;
    json->room = room;
  }
  json->tokens[json->count++] = (alm_json_token){kind, 1, text};
  return true;
}

static alm_slice since(const parsing *p, const char *from) {
  return (alm_slice){from, (size_t)(p->at - from)};
}

static char peek(const parsing *p) { return p->at < p->end ? *p->at : '\0'; }

#define EACH(byte) (0x0101010101010101u * (byte)) /* in a word of eight */
#define ZEROS(word) (((word) - EACH(1)) & ~(word))

static void skip_blanks(parsing *p) {
  for (uint64_t word; p->end - p->at >= 8; p->at += sizeof word) {
    memcpy(&word, p->at, sizeof word);
    if (word != EACH(' ')) break;
  }
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r'))
    p->at++;
}

/* The sign, when it is the next, blanks left out. */
static bool take(parsing *p, char c) {
  skip_blanks(p);
  bool there = p->at < p->end && *p->at == c;
  p->at += there;
  return there;
}

/* ---- strings ---- */

/* Up to the first character that has a meaning; eight at a time while there is none
 * for sure. `high`: some may be more than ASCII. */
static const char *plain_end(const char *at, const char *end, uint64_t *high) {
  for (uint64_t word; end - at >= 8; at += sizeof word) {
    memcpy(&word, at, sizeof word);
    *high |= word & EACH(0x80);
    uint64_t control = (word - EACH(' ')) & ~word;
    if ((ZEROS(word ^ EACH('"')) | ZEROS(word ^ EACH('\\')) | control) & EACH(0x80)) break;
  }
  for (; at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' '; at++)
    *high |= (unsigned char)*at & 0x80;
  return at;
}

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

/* Behind \u; characters beyond U+FFFF are two of them. */
static bool decode_unicode(parsing *p) {
  long c = hex_digits(p->at, p->end), low;
  if (c < 0) return wrong(p, "four hexadecimal digits");
  p->at += 4;
  if (c >= LOW && c < END) return wrong(p, "the first half of a character before its second");
  if (c >= HIGH && c < LOW) {
    low = p->end - p->at > 2 && memcmp(p->at, "\\u", 2) == 0 ? hex_digits(p->at + 2, p->end) : -1;
    if (low < LOW || low >= END) return wrong(p, "the second half of a character");
    p->at += 6;
    c = 0x10000 + ((c - HIGH) << 10) + (low - LOW);
  }
  p->decoded += utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)p->decoded);
  return true;
}

/* Behind the backslash. */
static bool decode_escape(parsing *p) {
  static const char from[] = "\"\\/bfnrtu", to[] = "\"\\/\b\f\n\r\t";
  const char *escape = peek(p) ? strchr(from, *p->at) : NULL;
  if (!escape) return wrong(p, "an escape");
  p->at++;
  if (*escape == 'u') return decode_unicode(p);
  *p->decoded++ = to[escape - from];
  return true;
}

/* What is decoded is never longer than how it stands there. */
static bool make_room(parsing *p) {
  alm_json *json = p->json;
  size_t needed = (size_t)(p->end - p->text);
  if (json->decoded_room < needed) {
    free(json->decoded);
    json->decoded = malloc(needed);
    json->decoded_room = json->decoded ? needed : 0;
  }
  p->decoded = json->decoded;
  return p->decoded;
}

static bool decode(parsing *p, const char *from, alm_slice *text, uint64_t *high) {
  if (!p->decoded && !make_room(p)) return wrong(p, "less, for want of memory");
  char *start = p->decoded;
  for (p->at = from;;) {
    const char *end = plain_end(p->at, p->end, high);
    memcpy(p->decoded, p->at, (size_t)(end - p->at));
    p->decoded += end - p->at;
    p->at = end;
    if (peek(p) != '\\') break;
    p->at++;
    if (!decode_escape(p)) return false;
  }
  *text = (alm_slice){start, (size_t)(p->decoded - start)};
  return true;
}

static bool parse_string(parsing *p, alm_json_kind kind) {
  const char *from = ++p->at;
  uint64_t high = 0;
  p->at = plain_end(from, p->end, &high);
  alm_slice text = since(p, from);
  if (peek(p) == '\\' && !decode(p, from, &text, &high)) return false;
  if (peek(p) != '"') return wrong(p, p->at < p->end ? "no control character" : "the end of a string");
  if (high && !alm_text_valid(text.text, text.length)) return wrong(p, "UTF-8");
  p->at++;
  return add(p, kind, text);
}

/* ---- numbers, true, false, null ---- */

static bool skip_digits(parsing *p) {
  const char *from = p->at;
  while (peek(p) >= '0' && peek(p) <= '9') p->at++;
  return p->at > from;
}

static bool parse_number(parsing *p) {
  const char *from = p->at;
  if (peek(p) == '-') p->at++;
  bool zero = peek(p) == '0';
  p->at += zero;
  if (!zero && !skip_digits(p)) return wrong(p, "a value");
  if (peek(p) == '.') {
    p->at++;
    if (!skip_digits(p)) return wrong(p, "a digit");
  }
  if (peek(p) == 'e' || peek(p) == 'E') {
    p->at++;
    if (peek(p) == '+' || peek(p) == '-') p->at++;
    if (!skip_digits(p)) return wrong(p, "a digit");
  }
  return add(p, ALM_JSON_PLAIN, since(p, from));
}

static bool parse_word(parsing *p) {
  static const char *const words[] = {"null", "true", "false"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t length = strlen(words[i]);
    if ((size_t)(p->end - p->at) < length || memcmp(p->at, words[i], length) != 0) continue;
    p->at += length;
    return add(p, i == 0 ? ALM_JSON_NULL : ALM_JSON_PLAIN, since(p, p->at - length));
  }
  return parse_number(p);
}

/* ---- arrays and objects ---- */

static bool parse_value(parsing *p);

/* A key that was there before among the first of the object gets the new value. */
static void replace_earlier(alm_json_token *object, alm_json_token *key) {
  alm_json_token *other = object + 1;
  for (int i = 0; i < LOOKED_AT && other < key; i++, other += 1 + other[1].size) {
    if (other->kind != ALM_JSON_KEY || other->text.length != key->text.length ||
        memcmp(other->text.text, key->text.text, key->text.length) != 0)
      continue;
    other->size = (uint32_t)(key + 1 - other);
    key->kind = ALM_JSON_REPEATED;
    return;
  }
}

static bool begins_record(alm_slice key) {
  return key.length == 6 && (memcmp(key.text, "leader", 6) == 0 || memcmp(key.text, "fields", 6) == 0);
}

static bool parse_key(parsing *p, size_t object) {
  size_t key = p->json->count;
  skip_blanks(p);
  if (peek(p) != '"') return wrong(p, "a name in quotes");
  if (!parse_string(p, ALM_JSON_KEY)) return false;
  alm_json_token *tokens = p->json->tokens;
  alm_slice name = tokens[key].text;
  if (memchr(name.text, '\0', name.length)) return wrong(p, "no U+0000 in a name");
  if (object > 0 && key == object + 1 && begins_record(name)) return wrong(p, "no record in a record");
  replace_earlier(tokens + object, tokens + key);
  return take(p, ':') || wrong(p, "a colon");
}

static bool parse_all(parsing *p, alm_json_kind kind) {
  size_t self = p->json->count;
  const char *from = p->at++;
  char close = kind == ALM_JSON_OBJECT ? '}' : ']';
  if (++p->depth > DEEPEST) return wrong(p, "fewer values in each other");
  if (!add(p, kind, (alm_slice){from, 0})) return false;
  for (bool more = !take(p, close); more; more = !take(p, close)) {
    if (p->json->count > self + 1 && !take(p, ',')) return wrong(p, "a comma or the end of the list");
    if (kind == ALM_JSON_OBJECT && !parse_key(p, self)) return false;
    if (!parse_value(p)) return false;
  }
  p->depth--;
  p->json->tokens[self].text = since(p, from);
  p->json->tokens[self].size = (uint32_t)(p->json->count - self);
  return true;
}

static bool parse_value(parsing *p) {
  skip_blanks(p);
  switch (peek(p)) {
    case '{': return parse_all(p, ALM_JSON_OBJECT);
    case '[': return parse_all(p, ALM_JSON_ARRAY);
    case '"': return parse_string(p, ALM_JSON_STRING);
    default: return parse_word(p);
  }
}

bool alm_json_parse(alm_json *json, const char *text, size_t length) {
  parsing p = {.json = json, .text = text, .at = text, .end = text + length};
  json->count = 0;
  if (!parse_value(&p)) return false;
  json->at = (size_t)(p.at - text);
  return true;
}

void alm_json_free(alm_json *json) {
  free(json->tokens);
  free(json->decoded);
}
