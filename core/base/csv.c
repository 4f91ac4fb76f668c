/* Fields of CSV. */
#include "csv.h"

#include <string.h>

/* ---- formulas ---- */

/* The signs that begin a formula, also in the wide forms that East Asian
 * spreadsheets take for them, and tab, CR and LF, which some pass over. */
static bool is_formula_sign(const char *text, size_t length) {
  static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                     "\xef\xbc\xa0", NULL};
  if (length == 0 || *text == 0) return false;
  for (int i = 0; length >= 3 && wide[i]; i++)
    if (memcmp(text, wide[i], 3) == 0) return true;
  return strchr("=+-@\t\r\n", *text) != NULL;
}

/* A spreadsheet takes a cell that begins so, perhaps behind blanks, for a
 * formula, which may run programs or send cells away; an apostrophe before it
 * keeps it text. A text that looks guarded already gets one more, so that
 * reading gives it back. */
static bool begins_formula(const char *text, size_t length) {
  size_t at = 0;
  while (at < length && text[at] == '\'') at++;
  for (;;) {
    size_t blank = at < length && text[at] == ' ' ? 1 : 0;
    if (at + 2 <= length && memcmp(text + at, "\xc2\xa0", 2) == 0) blank = 2;
    if (!blank) return is_formula_sign(text + at, length - at);
    at += blank;
  }
}

bool alm_csv_is_guarded(const char *text, size_t length) {
  return length > 0 && *text == '\'' && begins_formula(text, length);
}

/* ---- writing ---- */

static bool needs_quotes(const char *text, size_t length) {
  if (length == 0) return false;
  if (strchr(" \t", text[0]) || strchr(" \t", text[length - 1])) return true;
  for (size_t i = 0; i < length; i++)
    if (text[i] == '"' || text[i] == ',' || text[i] == '\n' || text[i] == '\r')
      return true;
  return false;
}

static bool add_quoted(const char *text, size_t length, alm_buf *out) {
  bool done = true;
  for (size_t i = 0; done && i < length; i++)
    done = (text[i] != '"' || alm_buf_adds(out, "\"")) &&
           alm_buf_add(out, text + i, 1);
  return done;
}

bool alm_csv_write(const char *text, size_t length, alm_buf *out) {
  const char *quote = needs_quotes(text, length) ? "\"" : "";
  const char *guard = begins_formula(text, length) ? "'" : "";
  return alm_buf_adds(out, quote) && alm_buf_adds(out, guard) &&
         add_quoted(text, length, out) && alm_buf_adds(out, quote);
}
