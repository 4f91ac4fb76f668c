/* A scanner of canonical MARCXML. It gives up at the first byte that it does
 * not expect, so every answer is what libxml2 would have given. */
#include "marc_private.h"

#include <string.h>

#include "../base/text.h"
#include "../base/ascii.h"

enum { PREFIX_MOST = 32, ATTRIBUTES = 8, TAG_MOST = 128 };

typedef struct {
  const char *at, *end;
  alm_marc_builder *builder;
  long lines;
  const char *line;      /* where the last line begins */
  alm_slice prefix;      /* "marc:" of all elements, or nothing */
  bool unfinished;
} scan;

/* ---- characters ---- */

/* The text ends here; perhaps only for now. */
static bool stop(scan *s) {
  if (s->at >= s->end) s->unfinished = true;
  return false;
}

static void count_line(scan *s, const char *at) {
  s->lines++;
  s->line = at + 1;
}

static void skip_blanks(scan *s) {
  for (; s->at < s->end; s->at++) {
    if (*s->at == '\n') count_line(s, s->at);
    else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r') return;
  }
}

static bool expect(scan *s, const char *text, size_t length) {
  size_t left = (size_t)(s->end - s->at);
  if (left < length) {
    s->unfinished = memcmp(s->at, text, left) == 0;
    return false;
  }
  if (memcmp(s->at, text, length) != 0) return false;
  s->at += length;
  return true;
}

#define EXPECT(s, literal) expect(s, literal, sizeof(literal) - 1)

static bool expect_element(scan *s, const char *opening, const char *name) {
  const char *from = s->at;
  if (expect(s, opening, strlen(opening)) && expect(s, s->prefix.text, s->prefix.length) &&
      expect(s, name, strlen(name)))
    return true;
  s->at = from;
  return false;
}

/* ---- text ---- */

/* What stands for itself and needs no look at its neighbours. */
static bool is_plain(unsigned char c) {
  return c >= ' ' && c < 0x80 && c != '<' && c != '&' && c != '>';
}

static bool pass_wide(scan *s) {
  size_t length = alm_text_character(s->at, (size_t)(s->end - s->at));
  if (length == 0) return false;
  bool outside = length == 3 && s->at[0] == '\xef' && s->at[1] == '\xbf' &&
                 (s->at[2] == '\xbe' || s->at[2] == '\xbf');
  s->at += outside ? 0 : length;
  return !outside;
}

/* Passes characters that are text as they stand. */
static bool pass_text(scan *s) {
  for (;;) {
    while (s->at < s->end && is_plain((unsigned char)*s->at)) s->at++;
    if (s->at == s->end) return stop(s);
    if (*s->at == '<' || *s->at == '&') return true;
    if (*s->at == '\n') count_line(s, s->at);
    else if ((unsigned char)*s->at >= 0x80) {
      if (!pass_wide(s)) return false;
      continue;
    } else if (*s->at != '\t' && (*s->at != '>' || s->at[-1] == ']')) return false;
    s->at++;
  }
}

static bool add_entity(scan *s) {
  static const struct { const char *name; size_t length; char is; } known[] = {
      {"&amp;", 5, '&'}, {"&lt;", 4, '<'}, {"&gt;", 4, '>'}, {"&quot;", 6, '"'}, {"&apos;", 6, '\''}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (expect(s, known[i].name, known[i].length))
      return alm_marc_add_text(s->builder, &known[i].is, 1);
    else if (s->unfinished) return false;
  return false;
}

/* An element's text up to its end tag. */
static bool add_text(scan *s) {
  for (;;) {
    const char *from = s->at;
    if (!pass_text(s)) return false;
    size_t length = (size_t)(s->at - from);
    if (length > 0 && !alm_marc_add_text(s->builder, from, length)) return false;
    if (*s->at == '<') return true;
    if (!add_entity(s)) return false;
  }
}

/* ---- elements ---- */

static bool take_tag(scan *s, char tag[4]) {
  if (!EXPECT(s, " tag=\"")) return false;
  if (s->end - s->at < 4) return s->unfinished = true, false;
  for (int i = 0; i < 3; i++)
    if (!alm_ascii_is_alphanumeric(tag[i] = s->at[i])) return false;
  tag[3] = '\0';
  s->at += 3;
  return EXPECT(s, "\"");
}

static bool take_character(scan *s, char *character) {
  if (s->at == s->end) return stop(s);
  *character = *s->at++;
  return is_plain((unsigned char)*character) && *character != '"' && *character != 0x7f;
}

static bool take_leader(scan *s) {
  const char *from;
  if (!expect_element(s, "<", "leader>")) return false;
  for (from = s->at; s->at < s->end && is_plain((unsigned char)*s->at);) s->at++;
  if (s->at == s->end) return stop(s);
  if (s->at - from != ALM_MARC_LEADER) return false;
  return alm_marc_set_leader(s->builder, from, ALM_MARC_LEADER) &&
         expect_element(s, "</", "leader>");
}

static bool take_control(scan *s) {
  char tag[4];
  return take_tag(s, tag) && EXPECT(s, ">") && alm_marc_open_control(s->builder, tag) &&
         add_text(s) && expect_element(s, "</", "controlfield>");
}

static bool take_subfield(scan *s) {
  char code;
  return EXPECT(s, " code=\"") && take_character(s, &code) && code != ' ' && EXPECT(s, "\">") &&
         alm_marc_open_subfield(s->builder, &code, 1) && add_text(s) &&
         expect_element(s, "</", "subfield>");
}

static bool take_data(scan *s) {
  char tag[4], first, second;
  if (!take_tag(s, tag) || !EXPECT(s, " ind1=\"") || !take_character(s, &first) ||
      !EXPECT(s, "\" ind2=\"") || !take_character(s, &second) || !EXPECT(s, "\">") ||
      !alm_marc_open_data(s->builder, tag, first, second))
    return false;
  for (skip_blanks(s); expect_element(s, "<", "subfield"); skip_blanks(s))
    if (!take_subfield(s)) return false;
  return !s->unfinished && expect_element(s, "</", "datafield>");
}

static bool take_fields(scan *s) {
  for (skip_blanks(s);; skip_blanks(s)) {
    if (expect_element(s, "<", "datafield")) {
      if (!take_data(s)) return false;
    } else if (!s->unfinished && expect_element(s, "<", "controlfield")) {
      if (!take_control(s)) return false;
    } else return !s->unfinished && expect_element(s, "</", "record>");
  }
}

/* ---- the record's own tag ---- */

static bool is_name(char c) {
  return alm_ascii_is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || c == ':';
}

static bool begins_name(char c) { return is_name(c) && c > '9' && c != ':'; }

static alm_slice take_name(scan *s) {
  const char *from = s->at;
  if (s->at < s->end && !begins_name(*s->at)) return (alm_slice){from, 0};
  while (s->at < s->end && is_name(*s->at)) s->at++;
  return (alm_slice){from, (size_t)(s->at - from)};
}

static bool same(alm_slice a, alm_slice b) {
  return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static bool skip_value(scan *s) {
  if (!EXPECT(s, "=\"")) return false;
  while (s->at < s->end && is_plain((unsigned char)*s->at) && *s->at != '"') s->at++;
  return s->at == s->end ? stop(s) : EXPECT(s, "\"");
}

/* Namespaces, type: they are passed over, but none may come twice. */
static bool skip_attributes(scan *s) {
  alm_slice names[ATTRIBUTES];
  for (size_t i = 0; i < ATTRIBUTES; i++) {
    skip_blanks(s);
    if (s->at < s->end && *s->at == '>') return s->at++, true;
    if (s->at == s->end || s->at[-1] == '"') return stop(s);
    names[i] = take_name(s);
    if (names[i].length == 0 || !skip_value(s)) return stop(s);
    for (size_t k = 0; k < i; k++)
      if (same(names[k], names[i])) return false;
  }
  return false;
}

static bool take_start(scan *s) {
  if (!EXPECT(s, "<")) return false;
  alm_slice name = take_name(s);
  const size_t word = sizeof "record" - 1;
  if (s->at == s->end) return stop(s);
  if (name.length < word || name.length > word + PREFIX_MOST) return false;
  s->prefix = (alm_slice){name.text, name.length - word};
  if (memcmp(name.text + s->prefix.length, "record", word) != 0) return false;
  if (s->prefix.length && name.text[s->prefix.length - 1] != ':') return false;
  return skip_attributes(s);
}

alm_marc_xml_taken alm_marc_xml_quick(alm_marc_builder *builder, const char *text, size_t length) {
  scan s = {.at = text, .end = text + length, .builder = builder, .line = text};
  skip_blanks(&s);
  bool taken = take_start(&s);
  if (taken) skip_blanks(&s);
  taken = taken && take_leader(&s) && take_fields(&s);
  return (alm_marc_xml_taken){.length = taken ? (size_t)(s.at - text) : 0,
                              .unfinished = !taken && s.unfinished,
                              .lines = s.lines,
                              .column = (size_t)(s.at - s.line)};
}

/* Does the tag at `text` begin an element that is called record? */
static bool is_record(const char *text, const char *end) {
  scan s = {.at = text + 1, .end = end};
  alm_slice name = take_name(&s);
  const size_t word = sizeof "record" - 1;
  if (name.length < word || s.at == end || !strchr(" \t\r\n/>", *s.at)) return false;
  const char *local = name.text + name.length - word;
  return memcmp(local, "record", word) == 0 && (local == name.text || local[-1] == ':');
}

/* Where to look on behind a '<' that begins no record; NULL: behind the text. */
static const char *pass_sign(const char *sign, const char *end, bool whole) {
  static const char opening[] = "<!--";
  const size_t length = sizeof opening - 1;
  if (!whole && (size_t)(end - sign) < TAG_MOST) return NULL;
  if ((size_t)(end - sign) < length || memcmp(sign, opening, length) != 0) return sign + 1;
  const char *close = memmem(sign + length, (size_t)(end - sign) - length, "-->", 3);
  return close ? close + 3 : whole ? sign + 1 : NULL;
}

bool alm_marc_xml_find(const char *text, size_t length, bool whole, size_t *at) {
  const char *from = text, *end = text + length, *sign;
  while (from && (sign = memchr(from, '<', (size_t)(end - from)))) {
    *at = (size_t)(sign - text);
    if (is_record(sign, end)) return true;
    from = pass_sign(sign, end, whole);
  }
  if (from) *at = length;
  return false;
}

const char *alm_marc_xml_tag(const char *text, const char *at) {
  while (at > text && is_name(at[-1])) at--;
  if (at > text && at[-1] == '/') at--;
  return at > text && at[-1] == '<' ? at - 1 : NULL;
}
