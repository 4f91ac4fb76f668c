/* The order of MARC-8: escape sequences, sets, marks. What a character is in
 * Unicode is asked of libyaz, once for each. */
#include "marc_private.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <yaz/yaz-iconv.h>

enum { ESCAPE = 0x1b, EACC = '1', ANSEL = 'E', ASCII = 'B', MARKS = 16, SIZE = 7 };
enum { LIGATURE_2 = 0x6c, DOUBLE_TILDE_2 = 0x7b }; /* halves that say nothing more */

static const char sets[] = "BEgbp2NQ34S1";

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
  yaz_iconv_t cd;
  char g0, g1;  /* the sets in force, by the last character of their escapes */
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
  if (marc8 && open_library(&marc8->yaz)) marc8->cd = marc8->yaz.open("utf-8", "marc8");
  if (marc8 && marc8->cd) return marc8;
  free(marc8);
  alm_fail(err, ALM_MISSING, "MARC-8 text needs the library libyaz.so.5; install libyaz5");
  return NULL;
}

void alm_marc8_close(alm_marc8 *marc8) {
  if (!marc8) return;
  marc8->yaz.close(marc8->cd);
  free(marc8);
}

void alm_marc8_begin(alm_marc8 *marc8) {
  marc8->g0 = ASCII;
  marc8->g1 = ANSEL;
}

/* ---- one character ---- */

static bool convert(alm_marc8 *marc8, char *in, size_t in_left, char *out, size_t *out_left) {
  size_t failed = (size_t)-1;
  marc8->yaz.convert(marc8->cd, NULL, NULL, NULL, NULL);
  return marc8->yaz.convert(marc8->cd, &in, &in_left, &out, out_left) != failed &&
         marc8->yaz.convert(marc8->cd, NULL, NULL, &out, out_left) != failed;
}

/* Its set, the character, a blank: a letter comes before the blank, a mark
 * behind it, what libyaz doesn't know is not there. */
static void ask(alm_marc8 *marc8, char set, const char *text, size_t length, character *answer) {
  char in[8] = {ESCAPE, set == EACC ? '$' : '(', set}, out[32];
  size_t left = sizeof out;
  if (set == EACC) memcpy(in + 1, "$1", 2);
  if (set == ANSEL) memcpy(in, "\x1b(B", 3);
  for (size_t i = 0; i < length; i++)
    in[3 + i] = (char)(set == ANSEL ? text[i] | 0x80 : text[i] & 0x7f);
  in[3 + length] = ' ';
  bool done = convert(marc8, in, length + 4, out, &left);
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

static char set_of(const alm_marc8 *marc8, char c) { return c & 0x80 ? marc8->g1 : marc8->g0; }

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
  return at + 1;
}

/* ---- text ---- */

typedef struct {
  character marks[MARKS];
  size_t count;
  size_t from;  /* where the first of them stands */
} waiting;

static bool add_letter(const character *letter, waiting *marks, alm_buf *out) {
  bool done = alm_buf_add(out, letter->text, letter->length);
  for (size_t i = 0; done && i < marks->count; i++)
    done = alm_buf_add(out, marks->marks[i].text, marks->marks[i].length);
  marks->count = 0;
  return done;
}

static bool take(const character *read, size_t at, waiting *marks, alm_buf *out) {
  if (read->kind == UNKNOWN) return false;
  if (read->kind == LETTER) return add_letter(read, marks, out);
  if (read->kind == NOTHING) return true;
  if (marks->count == MARKS) return false;
  if (marks->count == 0) marks->from = at;
  marks->marks[marks->count++] = *read;
  return true;
}

size_t alm_marc8_convert(alm_marc8 *marc8, const char *text, size_t length, alm_buf *out) {
  waiting marks = {.count = 0};
  size_t at = 0, step;
  for (; at < length; at += step) {
    if (text[at] == ESCAPE) {
      step = read_escape(marc8, text + at, length - at);
      if (step == 0) break;
    } else if (!take(read_character(marc8, text + at, length - at, &step), at, &marks, out)) {
      break;
    }
  }
  return marks.count ? marks.from : at;
}
