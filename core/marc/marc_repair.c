/* Tags, indicators and codes that every format can hold. */
#include "marc_private.h"

#include <string.h>

#include "../base/text.h"

static bool is_graphic(char c) { return c > ' ' && c < 0x7f; }

static bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool alm_marc_repair_tag(alm_slice text, char tag[4]) {
  bool right = text.length == 3;
  for (size_t i = 0; i < 3; i++) {
    char c = i < text.length ? text.text[i] : '\0';
    right = right && is_alphanumeric(c);
    tag[i] = is_graphic(c) ? c : '?';
  }
  tag[3] = '\0';
  return right;
}

bool alm_marc_repair_indicator(alm_slice text, char *indicator) {
  char c = text.length ? text.text[0] : ' ';
  bool held = c == ' ' || is_graphic(c);
  *indicator = held ? c : '?';
  return held && text.length == 1;
}

bool alm_marc_repair_code(alm_slice *code) {
  size_t first = code->length ? alm_text_character(code->text, code->length) : 0;
  bool held = first > 1 || (first == 1 && is_graphic(code->text[0]));
  bool right = held && first == code->length;
  *code = held ? (alm_slice){code->text, first} : (alm_slice){"?", 1};
  return right;
}
