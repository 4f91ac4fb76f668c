/* Unicode forms over utf8proc, natural order, base64 and hex. */
#include "text.h"
#include "ascii.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* ---- UTF-8 ---- */

size_t alm_text_character(const char *text, size_t left) {
  utf8proc_int32_t point;
  utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text,
                                             (utf8proc_ssize_t)left, &point);
  return length > 0 ? (size_t)length : 0;
}

/* The index of the first byte of eight with its highest bit set. */
static size_t first_high(uint64_t bits) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return (size_t)__builtin_ctzll(bits) / 8;
#else
  return (size_t)__builtin_clzll(bits) / 8;
#endif
}

static size_t ascii_prefix(const char *text, size_t length) {
  size_t at = 0;
  uint64_t eight;
  for (; at + sizeof eight <= length; at += sizeof eight) {
    memcpy(&eight, text + at, sizeof eight);
    eight &= 0x8080808080808080u;
    if (eight) return at + first_high(eight);
  }
  while (at < length && (unsigned char)text[at] < 0x80) at++;
  return at;
}

/* Most characters outside ASCII have two bytes; these are checked here without a call. */
static size_t high_character(const char *text, size_t left) {
  const unsigned char *byte = (const unsigned char *)text;
  bool two = left >= 2 && byte[0] >= 0xc2 && byte[0] <= 0xdf && (byte[1] & 0xc0) == 0x80;
  return two ? 2 : alm_text_character(text, left);
}

size_t alm_text_valid_prefix(const char *text, size_t length) {
  for (size_t at = 0;;) {
    at += ascii_prefix(text + at, length - at);
    size_t step = at < length ? high_character(text + at, length - at) : 0;
    if (step == 0) return at;
    at += step;
  }
}

bool alm_text_valid(const char *text, size_t length) {
  return alm_text_valid_prefix(text, length) == length;
}

/* The control characters U+0080 to U+009F are the bytes C2 80 to C2 9F. */
static bool has_control(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20 || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < length && (text[i + 1] & 0xe0) == 0x80)
      return true;
  }
  return false;
}

bool alm_text_plain(const char *text, size_t length) {
  return !has_control(text, length) && alm_text_valid(text, length);
}

static bool is_ascii(const char *text, size_t length) {
  unsigned char all = 0;
  for (size_t i = 0; i < length; i++) all |= (unsigned char)text[i];
  return all < 0x80;
}

/* ---- normal forms ---- */

static bool map_valid(const char *text, size_t length, int options,
                      alm_buf *out) {
  utf8proc_uint8_t *mapped = NULL;
  utf8proc_ssize_t size =
      utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length,
                   &mapped, (utf8proc_option_t)options);
  bool done = size >= 0 && alm_buf_add(out, mapped, (size_t)size);
  free(mapped);
  return done;
}

static bool map(const char *text, size_t length, int options, alm_buf *out) {
  while (length > 0) {
    size_t good = alm_text_valid_prefix(text, length);
    if (good && !map_valid(text, good, options, out)) return false;
    if (good < length && !alm_buf_add(out, text + good++, 1)) return false;
    text += good;
    length -= good;
  }
  return true;
}

bool alm_text_nfc(const char *text, size_t length, alm_buf *out) {
  if (is_ascii(text, length)) return alm_buf_add(out, text, length);
  return map(text, length, UTF8PROC_STABLE | UTF8PROC_COMPOSE, out);
}

static bool fold_ascii(const char *text, size_t length, alm_buf *out) {
  size_t start = out->length;
  if (!alm_buf_add(out, text, length)) return false;
  for (size_t i = start; i < out->length; i++)
    if (out->data[i] >= 'A' && out->data[i] <= 'Z') out->data[i] |= 0x20;
  return true;
}

/* The text is composed first, since a mark that composes folds otherwise than alone. */
bool alm_text_fold(const char *text, size_t length, alm_buf *out) {
  if (is_ascii(text, length)) return fold_ascii(text, length, out);
  alm_buf composed;
  alm_buf_init(&composed, out->maximum);
  bool done = alm_text_nfc(text, length, &composed) &&
              map(alm_buf_text(&composed), composed.length,
                  UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD, out);
  alm_buf_free(&composed);
  return done;
}

/* ---- natural order ---- */

/* Writes a number so that its order by bytes is its order by value: 0-8 are one digit,
 * and each 9 in front adds nine. It has digits only, so it sorts where digits do. */
static bool add_count(alm_buf *out, size_t count) {
  for (; count > 8; count -= 9)
    if (!alm_buf_add(out, "9", 1)) return false;
  char digit = (char)('0' + count);
  return alm_buf_add(out, &digit, 1);
}

static size_t digits(const char *text, size_t left) {
  size_t count = 0;
  while (count < left && alm_ascii_is_digit(text[count])) count++;
  return count;
}

static size_t zeros(const char *text, size_t count) {
  size_t zero = 0;
  while (zero + 1 < count && text[zero] == '0') zero++;
  return zero;
}

/* NUL ends the parts of a key, so a NUL or 1 in the text becomes two bytes. */
static bool add_character(alm_buf *out, char c) {
  if ((unsigned char)c > 1) return alm_buf_add(out, &c, 1);
  return alm_buf_add(out, c ? "\1\2" : "\1\1", 2);
}

static bool add_values(const char *text, size_t length, alm_buf *out) {
  bool done = true;
  for (size_t at = 0; done && at < length;) {
    size_t count = digits(text + at, length - at);
    size_t zero = zeros(text + at, count);
    if (count == 0)
      done = add_character(out, text[at++]);
    else
      done = add_count(out, count - zero) &&
             alm_buf_add(out, text + at + zero, count - zero);
    at += count;
  }
  return done && alm_buf_add(out, "", 1);
}

static bool add_zeros(const char *text, size_t length, alm_buf *out) {
  for (size_t at = 0; at < length; at++) {
    size_t count = digits(text + at, length - at);
    if (count && !add_count(out, zeros(text + at, count))) return false;
    at += count;
  }
  return alm_buf_add(out, "", 1);
}

bool alm_text_natural(const char *text, size_t length, alm_buf *out) {
  alm_buf folded;
  alm_buf_init(&folded, out->maximum);
  bool done = alm_text_fold(text, length, &folded) &&
              add_values(alm_buf_text(&folded), folded.length, out) &&
              add_zeros(alm_buf_text(&folded), folded.length, out) &&
              alm_buf_add(out, text, length);
  alm_buf_free(&folded);
  return done;
}

/* ---- base64 and hex ---- */

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool alm_text_base64(const char *bytes, size_t length, alm_buf *out) {
  const unsigned char *from = (const unsigned char *)bytes;
  for (size_t at = 0; at < length; at += 3) {
    size_t have = length - at < 3 ? length - at : 3;
    uint32_t group = (uint32_t)from[at] << 16;
    if (have > 1) group |= (uint32_t)from[at + 1] << 8;
    if (have > 2) group |= from[at + 2];
    char four[4] = {letters[group >> 18], letters[group >> 12 & 63],
                    have > 1 ? letters[group >> 6 & 63] : '=',
                    have > 2 ? letters[group & 63] : '='};
    if (!alm_buf_add(out, four, 4)) return false;
  }
  return true;
}

/* Decodes the last group: two letters are one byte, three are two. The bits left over
 * must be zero. */
static bool add_rest(uint32_t group, int count, alm_buf *out) {
  if (count == 0) return true;
  if (count == 1 || (group & (count == 2 ? 15u : 3u))) return false;
  group <<= 6 * (4 - count);
  char bytes[2] = {(char)(group >> 16), (char)(group >> 8)};
  return alm_buf_add(out, bytes, (size_t)count - 1);
}

static bool add_group(uint32_t group, alm_buf *out) {
  char bytes[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
  return alm_buf_add(out, bytes, 3);
}

static bool is_blank(char c) { return c && strchr(" \t\r\n", c); }

bool alm_text_unbase64(const char *text, size_t length, alm_buf *out) {
  uint32_t group = 0;
  int count = 0, padding = 0;
  for (size_t at = 0; at < length; at++) {
    if (is_blank(text[at])) continue;
    if (text[at] == '=' && ++padding + count <= 4 && count > 1) continue;
    const char *letter = text[at] ? strchr(letters, text[at]) : NULL;
    if (!letter || padding) return false;
    group = group << 6 | (uint32_t)(letter - letters);
    if (++count < 4) continue;
    if (!add_group(group, out)) return false;
    group = 0;
    count = 0;
  }
  return (!padding || padding + count == 4) && add_rest(group, count, out);
}

bool alm_text_hex(const void *bytes, size_t length, alm_buf *out) {
  static const char digit[] = "0123456789abcdef";
  const unsigned char *from = bytes;
  for (size_t at = 0; at < length; at++) {
    char two[2] = {digit[from[at] >> 4], digit[from[at] & 15]};
    if (!alm_buf_add(out, two, 2)) return false;
  }
  return true;
}
