/* Which characters a record has, and a record of UTF-8 from one that has
 * others. */
#include "marc_private.h"

#include <string.h>

#include "../base/text.h"

enum { ESCAPE = 0x1b, BLOCK = 64, CODING_SCHEME = 9, ENTRY_MAP_END = 23 };
static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* ---- looking ---- */

typedef struct {
  bool high, escapes;
} content;

/* In blocks, which the compiler turns into vector instructions. */
static content look(const char *text, size_t length) {
  unsigned char high = 0, escapes = 0;
  size_t at = 0;
  for (; at + BLOCK <= length; at += BLOCK)
    for (size_t i = 0; i < BLOCK; i++) {
      high |= (unsigned char)text[at + i];
      escapes |= text[at + i] == ESCAPE;
    }
  for (; at < length; at++) {
    high |= (unsigned char)text[at];
    escapes |= text[at] == ESCAPE;
  }
  return (content){high & 0x80, escapes};
}

static bool is_marc21(const alm_marc *record) { return record->leader[ENTRY_MAP_END] != ' '; }
static bool says_utf8(const alm_marc *record) { return record->leader[CODING_SCHEME] == 'a'; }

typedef struct {
  size_t good, bad;  /* characters of more than one byte, bytes that belong to none */
} tally;

static void count_characters(const char *text, size_t length, tally *count) {
  for (size_t at = 0, step; at < length; at += step) {
    step = alm_text_character(text + at, length - at);
    if (step == 0) count->bad++;
    if (step > 1) count->good++;
    if (step == 0) step = 1;
  }
}

static tally count_in_fields(const alm_marc *record) {
  tally count = {0, 0};
  for (size_t i = 0; i < record->field_count; i++) {
    alm_slice text = alm_marc_content(record, &record->fields[i]);
    count_characters(text.text, text.length, &count);
  }
  return count;
}

static alm_charset find_out(const alm_marc *record, bool escapes, tally count) {
  if (count.good > count.bad) return ALM_CHARSET_UTF8;
  if (count.bad == 0 && !escapes) return ALM_CHARSET_UTF8;
  if (says_utf8(record) && (count.bad == 0 || !escapes)) return ALM_CHARSET_UTF8;
  return ALM_CHARSET_MARC8;
}

/* ---- converting text ---- */

typedef struct {
  alm_marc_converter *converter;
  alm_charset charset;
  const alm_marc *record;
  alm_buf text;
} conversion;

static void note(const conversion *to, const alm_marc_field *field, const char *at) {
  bool escape = *at == ESCAPE;
  alm_marc_note(to->converter->builder, escape ? ALM_MARC_ESCAPE : ALM_MARC_CHARACTER,
                (size_t)(at - to->record->bytes),
                escape ? "field %s: an unknown escape sequence" : "field %s: 0x%02x is no %s character",
                field->tag, (unsigned char)*at, to->charset == ALM_CHARSET_UTF8 ? "UTF-8" : "MARC-8");
}

static bool is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* A broken character and its rest are one U+FFFD. */
static size_t bad_length(const conversion *to, const char *text, size_t left) {
  size_t length = 1;
  if (to->charset == ALM_CHARSET_MARC8)
    return alm_marc8_width(to->converter->marc8, text, left);
  while (length < left && length < 4 && is_continuation(text[length])) length++;
  return length;
}

static size_t convert_good(conversion *to, const char *text, size_t length) {
  if (to->charset == ALM_CHARSET_MARC8)
    return alm_marc8_convert(to->converter->marc8, text, length, &to->text);
  size_t good = alm_text_valid_prefix(text, length);
  return alm_buf_add(&to->text, text, good) ? good : 0;
}

static alm_slice convert(void *context, const alm_marc_field *field, alm_slice from) {
  conversion *to = context;
  alm_buf_clear(&to->text);
  if (to->charset == ALM_CHARSET_MARC8) alm_marc8_begin(to->converter->marc8);
  for (size_t at = 0; at < from.length;) {
    at += convert_good(to, from.text + at, from.length - at);
    if (at >= from.length) break;
    note(to, field, from.text + at);
    if (!alm_buf_adds(&to->text, replacement)) break;
    at += bad_length(to, from.text + at, from.length - at);
  }
  return (alm_slice){alm_buf_text(&to->text), to->text.length};
}

/* ---- converting a record ---- */

static void say_utf8(alm_marc_builder *builder, const alm_marc *record) {
  char leader[ALM_MARC_LEADER];
  memcpy(leader, record->leader, sizeof leader);
  leader[CODING_SCHEME] = 'a';
  alm_marc_set_leader(builder, leader, sizeof leader);
}

static const alm_marc *convert_record(alm_marc_converter *converter, alm_charset charset,
                                      const alm_marc *record, alm_error *err) {
  conversion to = {.converter = converter, .charset = charset, .record = record};
  bool is_marc8 = charset == ALM_CHARSET_MARC8;
  if (is_marc8 && !converter->marc8 && !(converter->marc8 = alm_marc8_open(err))) return NULL;
  alm_buf_init(&to.text, ALM_MARC_MAXIMUM);
  alm_marc_map(record, converter->builder, convert, &to);
  alm_buf_free(&to.text);
  if (is_marc8 && is_marc21(record)) say_utf8(converter->builder, record);
  return alm_marc_built(converter->builder);
}

static content recall(alm_marc_text text, const alm_marc *record) {
  if (text == ALM_TEXT_UNKNOWN) return look(record->bytes, record->length);
  return (content){.high = text == ALM_TEXT_HIGH};
}

/* Where it was looked at, all fields end at terminators, and are as good as all
 * bytes are. Of a damaged record one may end within a character. */
static bool is_utf8(const alm_marc *record, alm_marc_text known) {
  if (known != ALM_TEXT_UNKNOWN) return alm_text_valid(record->bytes, record->length);
  for (size_t i = 0; i < record->field_count; i++) {
    alm_slice text = alm_marc_content(record, &record->fields[i]);
    if (!alm_text_valid(text.text, text.length)) return false;
  }
  return true;
}

/* Mostly all is UTF-8 and needs no counting. */
const alm_marc *alm_marc_to_utf8(alm_marc_converter *converter, const alm_marc *record,
                                 alm_marc_text text, alm_error *err) {
  alm_charset charset = converter->charset;
  content has = recall(text, record);
  if (!has.high && !has.escapes) return record;
  if (has.high && charset != ALM_CHARSET_MARC8 && is_utf8(record, text)) return record;
  tally count = count_in_fields(record);
  if (charset == ALM_CHARSET_FOUND_OUT) charset = find_out(record, has.escapes, count);
  if (charset == ALM_CHARSET_UTF8 && count.bad == 0) return record;
  return convert_record(converter, charset, record, err);
}

void alm_marc_converter_free(alm_marc_converter *converter) {
  alm_marc8_close(converter->marc8);
  alm_marc_builder_free(converter->builder);
}
