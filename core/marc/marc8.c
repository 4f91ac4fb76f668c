/* The order of MARC-8 and of ISO 5426: escape sequences, sets, marks. What a character
 * is in Unicode is asked of libyaz, once for each. */
#include "marc_private.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include <yaz/yaz-iconv.h>

#include "../base/text.h"

enum { ESCAPE = 0x1b, EACC = '1', ANSEL = ALM_MARC8_ANSEL, ASCII = ALM_MARC8_ASCII,
       ISO5426 = ALM_MARC8_ISO5426, MARKS = 16, SIZE = 7 };
enum { LIGATURE_2 = 0x6c, DOUBLE_TILDE_2 = 0x7b }; /* halves that say nothing more */

static const char sets[] = "BEPgbp2NQ34S1";

typedef enum { NOT_ASKED, UNKNOWN, LETTER, MARK, NOTHING } character_kind;

typedef struct {
  unsigned char kind, length;
  char text[SIZE];
} character;

typedef struct {
  yaz_iconv_t (*open)(const char *to, const char *from);
  size_t (*convert)(yaz_iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left);
  int (*close)(yaz_iconv_t cd);
} library;

struct alm_marc8 {
  library yaz;
  yaz_iconv_t cd, iso5426;
  char first_g0, first_g1;  /* the sets at the beginning of a text */
  char g0, g1;              /* the sets in force, by the last character of their escapes */
  bool half;                /* a ligature waits for its second half */
  alm_marc8_evidence evidence;
  alm_buf composed;
  character known[sizeof sets - 1][128];
  character eacc;
};

/* ---- libyaz ---- */

static bool find(void *handle, const char *name, void *function) {
  void *found = dlsym(handle, name);
  memcpy(function, &found, sizeof found);
  return found;
}

/* It stays open: what it drags in doesn't like to be unloaded. */
static bool open_library(library *yaz) {
  void *handle = dlopen("libyaz.so.5", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  return handle && find(handle, "yaz_iconv_open", &yaz->open) &&
         find(handle, "yaz_iconv", &yaz->convert) && find(handle, "yaz_iconv_close", &yaz->close);
}

alm_marc8 *alm_marc8_open(alm_error *err) {
  alm_marc8 *marc8 = calloc(1, sizeof *marc8);
  if (marc8 && open_library(&marc8->yaz)) {
    marc8->cd = marc8->yaz.open("utf-8", "marc8");
    marc8->iso5426 = marc8->yaz.open("utf-8", "iso5426");
    alm_buf_init(&marc8->composed, 64);
    alm_marc8_use(marc8, ASCII, ANSEL);
  }
  if (marc8 && marc8->cd && marc8->iso5426) return marc8;
  free(marc8);
  alm_fail(err, ALM_MISSING, "MARC-8 text needs the library libyaz.so.5; install libyaz5");
  return NULL;
}

void alm_marc8_close(alm_marc8 *marc8) {
  if (!marc8) return;
  marc8->yaz.close(marc8->cd);
  marc8->yaz.close(marc8->iso5426);
  alm_buf_free(&marc8->composed);
  free(marc8);
}

void alm_marc8_use(alm_marc8 *marc8, char g0, char g1) {
  marc8->first_g0 = g0;
  marc8->first_g1 = g1;
  marc8->evidence = (alm_marc8_evidence){0, 0};
}

alm_marc8_evidence alm_marc8_weigh(const alm_marc8 *marc8) { return marc8->evidence; }

void alm_marc8_begin(alm_marc8 *marc8) {
  marc8->g0 = marc8->first_g0;
  marc8->g1 = marc8->first_g1;
  marc8->half = false;
}

/* ---- one character ---- */

static bool convert(const library *yaz, yaz_iconv_t cd, char *in, size_t in_left, char *out,
                    size_t *out_left) {
  size_t failed = (size_t)-1;
  yaz->convert(cd, NULL, NULL, NULL, NULL);
  return yaz->convert(cd, &in, &in_left, &out, out_left) != failed &&
         yaz->convert(cd, NULL, NULL, &out, out_left) != failed;
}

static bool is_upper_half(char set) { return set == ANSEL || set == ISO5426; }

/* Its set, the character, a blank: a letter comes before the blank, a mark
 * behind it, what libyaz doesn't know is not there. */
static void ask(alm_marc8 *marc8, char set, const char *text, size_t length, character *answer) {
  char in[8] = {ESCAPE, set == EACC ? '$' : '(', set}, out[32];
  size_t left = sizeof out;
  if (set == EACC) memcpy(in + 1, "$1", 2);
  if (is_upper_half(set)) memcpy(in, "\x1b(B", 3);
  for (size_t i = 0; i < length; i++)
    in[3 + i] = (char)(is_upper_half(set) ? text[i] | 0x80 : text[i] & 0x7f);
  in[3 + length] = ' ';
  bool done = convert(&marc8->yaz, set == ISO5426 ? marc8->iso5426 : marc8->cd, in, length + 4, out, &left);
  size_t got = sizeof out - left;
  answer->kind = UNKNOWN;
  bool mark = got > 1 && out[0] == ' ', letter = got > 1 && out[got - 1] == ' ';
  if (!done || mark == letter || got > SIZE + 1) return;
  answer->kind = mark ? MARK : LETTER;
  answer->length = (unsigned char)(got - 1);
  memcpy(answer->text, mark ? out + 1 : out, got - 1);
}

static const character *look_up(alm_marc8 *marc8, char set, const char *text, size_t length) {
  if (set == EACC) {
    ask(marc8, set, text, length, &marc8->eacc);
    return &marc8->eacc;
  }
  character *known = &marc8->known[strchr(sets, set) - sets][*text & 0x7f];
  if (known->kind != NOT_ASKED) return known;
  ask(marc8, set, text, length, known);
  bool half = (*text & 0x7f) == LIGATURE_2 || (*text & 0x7f) == DOUBLE_TILDE_2;
  if (set == ANSEL && half && known->kind == UNKNOWN) known->kind = NOTHING;
  return known;
}

static bool is_plain(char c) { return (unsigned char)c <= ' '; }

/* The controls 0x80 to 0x9f (joiners, what is not sorted) belong to no set; libyaz has
 * them beside ANSEL. */
static char set_of(const alm_marc8 *marc8, char c) {
  if (!(c & 0x80)) return marc8->g0;
  return (c & 0xe0) == 0x80 ? ANSEL : marc8->g1;
}

/* A broken character of three bytes must not swallow the escape behind it. */
size_t alm_marc8_width(const alm_marc8 *marc8, const char *text, size_t left) {
  bool three = left >= 3 && set_of(marc8, *text) == EACC && !is_plain(text[0]) &&
               !is_plain(text[1]) && !is_plain(text[2]);
  return three ? 3 : 1;
}

/* Blanks and controls are themselves in every set. */
static const character *read_character(alm_marc8 *marc8, const char *text, size_t left,
                                       size_t *length) {
  static const character unknown = {.kind = UNKNOWN};
  char set = set_of(marc8, *text);
  if (is_plain(*text) || (set == ASCII && !(*text & 0x80))) {
    marc8->eacc = (character){.kind = LETTER, .length = 1, .text = {*text}};
    *length = 1;
    return &marc8->eacc;
  }
  *length = set == EACC ? 3 : 1;
  return *length <= left ? look_up(marc8, set, text, *length) : &unknown;
}

/* ---- escape sequences ---- */

/* ESC and a capital is a control of the upper half in seven bits: SBN's records
 * (UNIMARC) have H and I around what is not sorted. */
static size_t read_control(alm_marc8 *marc8, const char *text, size_t left, alm_buf *out) {
  char control = left > 1 ? (char)(text[1] + 0x40) : 0;
  if ((control & 0xe0) != 0x80) return 0;
  const character *read = look_up(marc8, ANSEL, &control, 1);
  return read->kind == LETTER && alm_buf_add(out, read->text, read->length) ? 2 : 0;
}

/* ESC, $ (more bytes a character), ( , ) - (which half), !, the set. Gives the
 * length of it, 0 when it is none. */
static size_t read_escape(alm_marc8 *marc8, const char *text, size_t left) {
  size_t at = 1;
  char *half = &marc8->g0;
  if (at < left && text[at] == '$') at++;
  if (at < left && strchr("(,)-", text[at]) && text[at]) {
    if (text[at] == ')' || text[at] == '-') half = &marc8->g1;
    at++;
  }
  if (at < left && text[at] == '!') at++;
  if (at >= left || !text[at]) return 0;
  char set = text[at] == 's' ? ASCII : text[at];
  if (!strchr(sets, set)) return 0;
  *half = set;
  marc8->evidence.right++;
  return at + 1;
}

/* ---- character references: what MARC-8 lacks, as &#xHHHH; ---- */

static size_t read_digits(const char *text, size_t left, unsigned base, unsigned long *value) {
  enum { MOST = 8 };
  size_t at = 0;
  for (*value = 0; at < left && at < MOST; at++) {
    const char *digits = "0123456789abcdef", *digit = text[at] ? strchr(digits, text[at] | 0x20) : NULL;
    if (!digit || (size_t)(digit - digits) >= base) break;
    *value = *value * base + (unsigned long)(digit - digits);
  }
  return at;
}

static bool is_text(unsigned long value) {
  bool control = value < ' ' || (value >= 0x7f && value < 0xa0);
  return !control && value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff);
}

/* Gives its length; 0: it is none. */
static size_t read_reference(const char *text, size_t left, character *read) {
  unsigned long value;
  if (left < 4 || memcmp(text, "&#", 2) != 0) return 0;
  size_t at = (text[2] | 0x20) == 'x' ? 3 : 2;
  size_t digits = read_digits(text + at, left - at, at == 3 ? 16 : 10, &value);
  at += digits;
  if (digits == 0 || at >= left || text[at] != ';' || !is_text(value)) return 0;
  read->kind = LETTER;
  read->length = (unsigned char)utf8proc_encode_char((utf8proc_int32_t)value, (utf8proc_uint8_t *)read->text);
  return at + 1;
}

bool alm_marc8_refers(const char *text, size_t length) {
  character read;
  const char *at = text, *end = text + length;
  for (; at < end && (at = memchr(at, '&', (size_t)(end - at))); at++)
    if (read_reference(at, (size_t)(end - at), &read)) return true;
  return false;
}

/* ---- is it what it is taken for? ---- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Unicode has the letter with the marks: one character. */
static bool composes(alm_marc8 *marc8, const character *letter, const character *marks, size_t count) {
  char text[(1 + MARKS) * SIZE];
  size_t length = letter->length;
  memcpy(text, letter->text, length);
  for (size_t i = 0; i < count; length += marks[i++].length) memcpy(text + length, marks[i].text, marks[i].length);
  alm_buf_clear(&marc8->composed);
  return alm_text_nfc(text, length, &marc8->composed) &&
         alm_text_character(alm_buf_text(&marc8->composed), marc8->composed.length) == marc8->composed.length;
}

/* Romanized scripts have marks that Unicode composes with no letter: a line below
 * a capital, behind a vowel, or behind a consonant with the line (K̲h̲, Tamil̲), a ring below r and l. */
static bool is_romanized(const character *letter, const character *mark, const alm_buf *before) {
  static const char line[] = "\xcc\xb2", ring[] = "\xcc\xa5";
  const char *end = alm_buf_text(before) + before->length;
  if (memcmp(mark->text, ring, 2) == 0) return strchr("rlRL", letter->text[0]);
  if (memcmp(mark->text, line, 2) != 0) return false;
  if (letter->text[0] < 'a') return true;
  if (before->length < 2) return false;
  return memcmp(end - 2, line, 2) == 0 || strchr("aeiouAEIOU", end[-1]) || (end[-1] & 0x80);
}

/* A ligature is right when its second half follows the letter. */
static bool begins_ligature(const character *mark) {
  return mark->text[0] == '\xcd' && (mark->text[1] == '\xa0' || mark->text[1] == '\xa1');
}

static void weigh_marks(alm_marc8 *marc8, const character *letter, const character *marks, size_t count,
                        const alm_buf *before) {
  bool ascii = letter->length == 1;
  if (begins_ligature(marks)) {
    marc8->evidence.wrong += marc8->half;
    marc8->half = true;
  } else if (ascii && is_letter(letter->text[0]) && composes(marc8, letter, marks, count)) {
    marc8->evidence.right++;
  } else if (ascii) {
    bool romanized = count == 1 && is_letter(letter->text[0]) && is_romanized(letter, marks, before);
    *(romanized ? &marc8->evidence.right : &marc8->evidence.wrong) += 1;
  }
}

static void weigh_second_half(alm_marc8 *marc8) {
  if (marc8->half) marc8->evidence.right++;
  if (!marc8->half) marc8->evidence.wrong++;
  marc8->half = false;
}

/* A letter of ANSEL beside one of ASCII; none begins a word behind a small letter. */
static void weigh_letter(alm_marc8 *marc8, const char *text, const char *at, const char *end) {
  utf8proc_int32_t code = 0;
  const character *letter = look_up(marc8, set_of(marc8, *at), at, 1);
  utf8proc_iterate((const utf8proc_uint8_t *)letter->text, letter->length, &code);
  utf8proc_category_t category = utf8proc_category(code);
  bool behind = at > text && is_letter(at[-1]), before = at + 1 < end && is_letter(at[1]);
  if (category == UTF8PROC_CATEGORY_LU && behind && at[-1] >= 'a')
    marc8->evidence.wrong++;
  else if (marc8->g1 == ANSEL && (category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL))
    marc8->evidence.right += behind || before;
}

/* ---- text ---- */

typedef struct {
  character marks[MARKS];
  size_t count;
  size_t from;  /* where the first of them stands */
} waiting;

static bool add_letter(alm_marc8 *marc8, const character *letter, waiting *marks, alm_buf *out) {
  if (marks->count) weigh_marks(marc8, letter, marks->marks, marks->count, out);
  bool done = alm_buf_add(out, letter->text, letter->length);
  for (size_t i = 0; done && i < marks->count; i++)
    done = alm_buf_add(out, marks->marks[i].text, marks->marks[i].length);
  marks->count = 0;
  return done;
}

static bool take(alm_marc8 *marc8, const character *read, size_t at, waiting *marks, alm_buf *out) {
  if (read->kind == UNKNOWN) return false;
  if (read->kind == LETTER) return add_letter(marc8, read, marks, out);
  if (read->kind == NOTHING) return weigh_second_half(marc8), true;
  if (marks->count == MARKS) return false;
  if (marks->count == 0) marks->from = at;
  marks->marks[marks->count++] = *read;
  return true;
}

/* One of the text, an escape sequence or a reference. Gives its length, 0 when it is
 * none of them. */
static size_t step(alm_marc8 *marc8, const char *text, size_t at, size_t length, waiting *marks, alm_buf *out) {
  character reference;
  size_t left = length - at, size = 0;
  if (text[at] == ESCAPE) {
    size = read_escape(marc8, text + at, left);
    return size ? size : read_control(marc8, text + at, left, out);
  }
  if (text[at] == '&' && marc8->g0 == ASCII) size = read_reference(text + at, left, &reference);
  const character *read = size ? &reference : read_character(marc8, text + at, left, &size);
  bool letter = read->kind == LETTER && is_upper_half(set_of(marc8, text[at])) && (unsigned char)text[at] >= 0xa0;
  if (!take(marc8, read, at, marks, out)) return 0;
  if (letter) weigh_letter(marc8, text, text + at, text + length);
  return size;
}

size_t alm_marc8_convert(alm_marc8 *marc8, const char *text, size_t length, alm_buf *out) {
  waiting marks = {.count = 0};
  size_t at = 0, size = 1;
  for (; at < length && size; at += size) size = step(marc8, text, at, length, &marks, out);
  if (marks.count || at < length || size == 0) marc8->evidence.wrong++;
  if (at == length) marc8->evidence.wrong += marc8->half;
  return marks.count ? marks.from : at;
}
