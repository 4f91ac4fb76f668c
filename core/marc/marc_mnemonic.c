/* Mnemonics by name: signs, letters, marks, and letters with marks. */
#include "marc_private.h"

#include <string.h>

#include "marc_lines.h"
#include "../base/text.h"

enum { NAME_MOST = 12, MARKS_MOST = 64 };

typedef struct {
  const char *name, *is;
} mnemonic;

static const mnemonic signs[] = {
    {"dollar", "$"}, {"lcub", "{"}, {"rcub", "}"}, {"bsol", "\\"},
    {"excl", "!"}, {"quot", "\""}, {"num", "#"}, {"percnt", "%"}, {"amp", "&"}, {"apos", "'"},
    {"lpar", "("}, {"rpar", ")"}, {"ast", "*"}, {"plus", "+"}, {"comma", ","}, {"hyphen", "-"},
    {"period", "."}, {"sol", "/"}, {"colon", ":"}, {"semi", ";"}, {"lt", "<"}, {"equals", "="},
    {"gt", ">"}, {"quest", "?"}, {"commat", "@"}, {"lsqb", "["}, {"rsqb", "]"}, {"lowbar", "_"},
    {"verbar", "|"}, {"space", " "}, {"spcirc", "^"}, {"spgrave", "`"}, {"sptilde", "~"},
    {"spunder", "_"},
    {"AElig", "Æ"}, {"aelig", "æ"}, {"OElig", "Œ"}, {"oelig", "œ"}, {"Lstrok", "Ł"},
    {"lstrok", "ł"}, {"Ostrok", "Ø"}, {"ostrok", "ø"}, {"Dstrok", "Đ"}, {"dstrok", "đ"},
    {"THORN", "Þ"}, {"thorn", "þ"}, {"ETH", "Ð"}, {"eth", "ð"}, {"Ohorn", "Ơ"}, {"ohorn", "ơ"},
    {"Uhorn", "Ư"}, {"uhorn", "ư"}, {"inodot", "ı"}, {"szlig", "ß"},
    {"mlrhring", "ʼ"}, {"mllhring", "ʻ"}, {"softsign", "ʹ"}, {"mlprime", "ʹ"},
    {"hardsign", "ʺ"}, {"mlPrime", "ʺ"}, {"scriptl", "ℓ"},
    {"middot", "·"}, {"flat", "♭"}, {"sharp", "♯"}, {"reg", "®"}, {"copy", "©"}, {"phono", "℗"},
    {"plusmn", "±"}, {"deg", "°"}, {"pound", "£"}, {"euro", "€"}, {"cent", "¢"}, {"yen", "¥"},
    {"iquest", "¿"}, {"iexcl", "¡"}, {"laquo", "«"}, {"raquo", "»"}, {"ldquo", "“"},
    {"rdquo", "”"}, {"lsquo", "‘"}, {"rsquo", "’"}, {"ndash", "–"}, {"mdash", "—"},
    {"hellip", "…"}, {"frac12", "½"}, {"frac14", "¼"}, {"frac34", "¾"}, {"times", "×"},
    {"sect", "§"}, {"joiner", "\u200d"}, {"nonjoin", "\u200c"},
};

static const mnemonic marks[] = {
    {"grave", "\u0300"}, {"acute", "\u0301"}, {"circ", "\u0302"}, {"tilde", "\u0303"},
    {"macr", "\u0304"}, {"breve", "\u0306"}, {"dot", "\u0307"}, {"uml", "\u0308"},
    {"diaer", "\u0308"}, {"hooka", "\u0309"}, {"ring", "\u030a"}, {"dblac", "\u030b"},
    {"caron", "\u030c"}, {"candra", "\u0310"}, {"commaa", "\u0313"}, {"rcommaa", "\u0315"},
    {"rcedil", "\u031c"}, {"dotb", "\u0323"}, {"dbldotb", "\u0324"}, {"ringb", "\u0325"},
    {"commab", "\u0326"}, {"hookl", "\u0326"}, {"cedil", "\u0327"}, {"ogon", "\u0328"},
    {"hookr", "\u0328"}, {"circb", "\u032d"}, {"breveb", "\u032e"}, {"under", "\u0332"},
    {"dblunder", "\u0333"}, {"llig", "\ufe20"}, {"rlig", "\ufe21"}, {"ldbltil", "\ufe22"},
    {"rdbltil", "\ufe23"},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *find(const mnemonic *list, size_t count, const char *name, size_t length) {
  for (size_t i = 0; i < count; i++)
    if (strlen(list[i].name) == length && memcmp(list[i].name, name, length) == 0)
      return list[i].is;
  return NULL;
}

/* ---- decoding ---- */

typedef struct {
  alm_buf *out;
  char marks[MARKS_MOST];   /* that wait for their letter */
  size_t waiting;
} decoding;

static void hold(decoding *d, const char *mark) {
  size_t length = strlen(mark);
  if (d->waiting + length > sizeof d->marks) return;
  memcpy(d->marks + d->waiting, mark, length);
  d->waiting += length;
}

/* A letter with the marks that waited for it, composed. */
static void put(decoding *d, const char *letter, size_t length) {
  char together[MARKS_MOST + 4];
  memcpy(together, letter, length);
  memcpy(together + length, d->marks, d->waiting);
  if (d->waiting > 0) alm_text_nfc(together, length + d->waiting, d->out);
  else alm_buf_add(d->out, letter, length);
  d->waiting = 0;
}

static bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

/* "eacute": e, and the mark acute. */
static bool put_marked(decoding *d, const char *name, size_t length) {
  const char *mark = is_letter(*name) ? find(marks, COUNT(marks), name + 1, length - 1) : NULL;
  if (!mark) return false;
  hold(d, mark);
  put(d, name, 1);
  return true;
}

static bool put_named(decoding *d, const char *name, size_t length) {
  const char *sign = find(signs, COUNT(signs), name, length);
  const char *mark = sign ? NULL : find(marks, COUNT(marks), name, length);
  if (sign) put(d, sign, strlen(sign));
  else if (mark) hold(d, mark);
  else return length > 1 && put_marked(d, name, length);
  return true;
}

/* The length of a mnemonic that was decoded, 0 when there is none here. */
static size_t take_mnemonic(decoding *d, const char *text, size_t length, size_t *unknown) {
  size_t most = length < NAME_MOST ? length : NAME_MOST;
  const char *end = *text == '{' ? memchr(text, '}', most) : NULL;
  size_t name = end ? (size_t)(end - text) - 1 : 0;
  if (name > 0 && put_named(d, text + 1, name)) return name + 2;
  *unknown += *text == '{';
  return 0;
}

size_t alm_marc_mnemonic_decode(const char *text, size_t length, alm_buf *out) {
  decoding d = {.out = out};
  size_t unknown = 0;
  for (size_t at = 0, step; at < length; at += step) {
    step = take_mnemonic(&d, text + at, length - at, &unknown);
    if (step > 0) continue;
    step = alm_text_character(text + at, length - at);
    if (step == 0) step = 1;
    put(&d, text + at, step);
  }
  if (d.waiting > 0) put(&d, "", 0);
  return unknown;
}

/* ---- encoding ---- */

static const char *instead(char c) {
  switch (c) {
    case '$': return "{dollar}";
    case '{': return "{lcub}";
    case '}': return "{rcub}";
    case '\\': return "{bsol}";
    default: return NULL;
  }
}

bool alm_marc_mnemonic_encode(const char *text, size_t length, alm_buf *out) {
  bool done = true;
  while (done && length > 0) {
    size_t run = 0;
    while (run < length && !instead(text[run])) run++;
    done = alm_line_put(text, run, out);
    if (done && run < length) done = alm_buf_adds(out, instead(text[run++]));
    text += run;
    length -= run;
  }
  return done;
}
