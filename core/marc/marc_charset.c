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

/* Characters of one byte for a name that most likely reads them: whole words beyond
 * ASCII are hardly of Western Europe. */
static const char *guess(const alm_marc *record) {
  enum { WORD = 4 };
  size_t run = 0, longest = 0;
  for (size_t i = 0; i < record->length; i++) {
    run = record->bytes[i] & 0x80 ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest >= WORD ? "windows-1251" : "windows-1252";
}

static size_t first_high(const alm_marc *record) {
  size_t at = 0;
  while (at < record->length && !(record->bytes[at] & 0x80)) at++;
  return at;
}

/* ---- converting text ---- */

typedef struct {
  alm_marc_converter *converter;
  const alm_coding *coding;
  const alm_marc *record;
  bool doubted;  /* to be noted before all else */
  alm_buf text;
} conversion;

static void note(const conversion *to, const alm_marc_field *field, const char *at) {
  bool escape = *at == ESCAPE;
  alm_marc_note(to->converter->builder, escape ? ALM_MARC_ESCAPE : ALM_MARC_CHARACTER,
                (size_t)(at - to->record->bytes),
                escape ? "field %s: an unknown escape sequence" : "field %s: 0x%02x is no %s character",
                field->tag, (unsigned char)*at, to->coding->name);
}

static void note_doubt(conversion *to) {
  if (to->doubted)
    alm_marc_note(to->converter->builder, ALM_MARC_CHARACTER, first_high(to->record),
                  "the text is hardly %s: its charset has to be named, perhaps %s", to->coding->name,
                  guess(to->record));
  to->doubted = false;
}

static bool is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* A broken character and its rest are one U+FFFD. */
static size_t bad_length(const conversion *to, const char *text, size_t left) {
  size_t length = 1;
  if (to->coding->kind == ALM_CHARSET_MARC8)
    return alm_marc8_width(to->converter->marc8, text, left);
  if (to->coding->kind == ALM_CHARSET_NAMED) return 1;
  while (length < left && length < 4 && is_continuation(text[length])) length++;
  return length;
}

static void begin_text(const conversion *to) {
  if (to->coding->kind == ALM_CHARSET_MARC8) alm_marc8_begin(to->converter->marc8);
  if (to->coding->kind == ALM_CHARSET_NAMED) alm_iconv_begin(to->coding->iconv);
}

static size_t convert_good(conversion *to, const char *text, size_t length) {
  if (to->coding->kind == ALM_CHARSET_MARC8)
    return alm_marc8_convert(to->converter->marc8, text, length, &to->text);
  if (to->coding->kind == ALM_CHARSET_NAMED)
    return alm_iconv_convert(to->coding->iconv, text, length, &to->text);
  size_t good = alm_text_valid_prefix(text, length);
  return alm_buf_add(&to->text, text, good) ? good : 0;
}

static alm_slice convert(void *context, const alm_marc_field *field, alm_slice from) {
  conversion *to = context;
  note_doubt(to);
  alm_buf_clear(&to->text);
  begin_text(to);
  for (size_t at = 0; at < from.length;) {
    at += convert_good(to, from.text + at, from.length - at);
    if (at >= from.length) break;
    note(to, field, from.text + at);
    if (!alm_buf_adds(&to->text, replacement)) break;
    at += bad_length(to, from.text + at, from.length - at);
  }
  if (to->coding->kind != ALM_CHARSET_UTF8) alm_marc_unimarc_say_utf8(to->record, field, from, &to->text);
  return (alm_slice){alm_buf_text(&to->text), to->text.length};
}

/* ---- converting a record ---- */

static void say_utf8(alm_marc_builder *builder, const alm_marc *record) {
  char leader[ALM_MARC_LEADER];
  memcpy(leader, record->leader, sizeof leader);
  leader[CODING_SCHEME] = 'a';
  alm_marc_set_leader(builder, leader, sizeof leader);
}

static bool prepare(alm_marc_converter *converter, const alm_coding *coding, alm_error *err) {
  if (coding->kind != ALM_CHARSET_MARC8) return true;
  if (!converter->marc8 && !(converter->marc8 = alm_marc8_open(err))) return false;
  alm_marc8_use(converter->marc8, coding->g0, coding->g1);
  return true;
}

static const alm_marc *convert_record(alm_marc_converter *converter, const alm_coding *coding,
                                      const alm_marc *record, bool doubted, alm_error *err) {
  conversion to = {.converter = converter, .coding = coding, .record = record, .doubted = doubted};
  if (!prepare(converter, coding, err)) return NULL;
  alm_buf_init(&to.text, ALM_MARC_MAXIMUM);
  alm_marc_map(record, converter->builder, convert, &to);
  alm_buf_free(&to.text);
  if (coding->kind != ALM_CHARSET_UTF8 && is_marc21(record)) say_utf8(converter->builder, record);
  return alm_marc_built(converter->builder);
}

/* ---- what a record is in ---- */

static const alm_coding marc8 = {.kind = ALM_CHARSET_MARC8, .name = "MARC-8",
                                 .g0 = ALM_MARC8_ASCII, .g1 = ALM_MARC8_ANSEL};
static const alm_coding utf8 = {.kind = ALM_CHARSET_UTF8, .name = "UTF-8"};

static const alm_marc *as_utf8(alm_marc_converter *converter, const alm_marc *record, tally count,
                               alm_error *err) {
  enum { FEW = 2 };
  bool doubted = count.good == 0 && count.bad > FEW;
  return count.bad ? convert_record(converter, &utf8, record, doubted, err) : record;
}

static void note_lie(alm_marc_converter *converter, const alm_marc *record, const alm_coding *coding) {
  bool marc21 = is_marc21(record);
  alm_marc_note(converter->builder, ALM_MARC_CHARSET, marc21 ? CODING_SCHEME : 0,
                "%s says UTF-8, the text is %s", marc21 ? "leader/09" : "100 $a", coding->name);
}

/* A file is mostly in one charset: what its records before had counts as well. */
static bool is_doubtful(alm_marc8_evidence *before, alm_marc8_evidence seen) {
  enum { FEW = 2, PART = 4 };
  before->right += seen.right;
  before->wrong += seen.wrong;
  return seen.wrong > seen.right || (before->wrong > FEW && before->wrong * PART > before->right);
}

/* Neither all UTF-8 nor all ASCII. */
static const alm_marc *find_out(alm_marc_converter *converter, content has, const alm_marc *record,
                                alm_error *err) {
  alm_coding legacy = marc8;
  tally count = count_in_fields(record);
  bool says_utf8 = record->leader[CODING_SCHEME] == 'a';
  if (!is_marc21(record) && !alm_marc_unimarc_says(converter, record, &legacy, &says_utf8, err)) return NULL;
  if (count.good > count.bad || (count.bad == 0 && !has.escapes) || (says_utf8 && count.good > 0))
    return as_utf8(converter, record, count, err);
  const alm_marc *read = convert_record(converter, &legacy, record, false, err);
  if (!read || legacy.kind != ALM_CHARSET_MARC8) return read;
  alm_marc8_evidence seen = alm_marc8_weigh(converter->marc8);
  if (says_utf8 && seen.right <= seen.wrong) return as_utf8(converter, record, count, err);
  if (says_utf8) note_lie(converter, record, &legacy);
  if (has.escapes || !is_doubtful(&converter->seen, seen)) return alm_marc_built(converter->builder);
  return convert_record(converter, &legacy, record, true, err);
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

/* ASCII may be more than it looks: references in MARC-8, shifts of another charset. */
static bool is_itself(const alm_marc_converter *converter, const alm_marc *record) {
  const alm_coding *given = &converter->given;
  if (given->kind == ALM_CHARSET_NAMED) return alm_iconv_is_plain(given->iconv);
  if (given->kind == ALM_CHARSET_UTF8) return true;
  if (given->kind == ALM_CHARSET_FOUND_OUT && (!is_marc21(record) || record->leader[CODING_SCHEME] == 'a'))
    return true;
  return !alm_marc8_refers(record->bytes, record->length);
}

/* Mostly all is UTF-8 and needs no counting. */
const alm_marc *alm_marc_to_utf8(alm_marc_converter *converter, const alm_marc *record,
                                 alm_marc_text text, alm_error *err) {
  const alm_coding *given = &converter->given;
  content has = recall(text, record);
  bool found_out = given->kind == ALM_CHARSET_FOUND_OUT;
  if (!has.high && !has.escapes)
    return is_itself(converter, record) ? record
                                        : convert_record(converter, found_out ? &marc8 : given, record, false, err);
  bool may_be = found_out || given->kind == ALM_CHARSET_UTF8;
  if (may_be && has.high && is_utf8(record, text)) return record;
  if (found_out) return find_out(converter, has, record, err);
  if (may_be) return as_utf8(converter, record, count_in_fields(record), err);
  return convert_record(converter, given, record, false, err);
}

/* ---- charsets by name ---- */

/* As people spell it: letters and digits, small. */
static void simplify(const char *name, char *simple, size_t room) {
  size_t length = 0;
  for (; *name && length + 1 < room; name++)
    if (strchr("-_ .", *name) == NULL)
      simple[length++] = (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name);
  simple[length] = '\0';
}

bool alm_marc_converter_open(alm_marc_converter *converter, const char *charset, alm_error *err) {
  char simple[16];
  if (!charset) return true;
  simplify(charset, simple, sizeof simple);
  if (strcmp(simple, "utf8") == 0) converter->given = utf8;
  if (strcmp(simple, "marc8") == 0 || strcmp(simple, "ansel") == 0) converter->given = marc8;
  if (strcmp(simple, "iso5426") == 0) converter->given = alm_iso5426;
  if (converter->given.kind != ALM_CHARSET_FOUND_OUT) return true;
  alm_iconv *cd = alm_iconv_open(charset, err);
  if (cd) converter->given = (alm_coding){.kind = ALM_CHARSET_NAMED, .name = alm_iconv_name(cd), .iconv = cd};
  return cd;
}

void alm_marc_converter_free(alm_marc_converter *converter) {
  if (converter->given.kind == ALM_CHARSET_NAMED) alm_iconv_close(converter->given.iconv);
  alm_marc_unimarc_close(converter->code_pages);
  alm_marc8_close(converter->marc8);
  alm_marc_builder_free(converter->builder);
}

bool alm_marc_charset_known(const char *charset, alm_error *err) {
  alm_marc_converter converter = {.builder = NULL};
  bool known = alm_marc_converter_open(&converter, charset, err);
  alm_marc_converter_free(&converter);
  return known;
}
