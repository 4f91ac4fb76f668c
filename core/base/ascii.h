/* What a byte of ASCII is, whatever the locale. */
#ifndef ALM_ASCII_H
#define ALM_ASCII_H

#include <stdbool.h>

static inline bool alm_ascii_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool alm_ascii_is_small(char c) { return c >= 'a' && c <= 'z'; }
static inline bool alm_ascii_is_capital(char c) { return c >= 'A' && c <= 'Z'; }

static inline bool alm_ascii_is_letter(char c) {
  return alm_ascii_is_small(c) || alm_ascii_is_capital(c);
}

static inline bool alm_ascii_is_alphanumeric(char c) {
  return alm_ascii_is_digit(c) || alm_ascii_is_letter(c);
}

/* Blank, tab, line feed, vertical tab, form feed, carriage return. */
static inline bool alm_ascii_is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

#endif
