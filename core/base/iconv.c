/* iconv, with what it gives in pieces put together. */
#include "iconv.h"

#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1024, LONGEST_NAME = 60 };
static const size_t FAILED = (size_t)-1;

struct alm_iconv {
  iconv_t cd;
  bool plain;
  char name[LONGEST_NAME + 1];
};

size_t alm_iconv_convert(alm_iconv *cd, const char *text, size_t length, alm_buf *out) {
  char block[BLOCK], *in = (char *)(uintptr_t)text;
  size_t left = length, result = FAILED;
  while (result == FAILED && left > 0) {
    char *to = block;
    size_t room = sizeof block;
    result = iconv(cd->cd, &in, &left, &to, &room);
    if (!alm_buf_add(out, block, sizeof block - room)) return 0;
    if (result == FAILED && to == block) return length - left;
  }
  char *to = block;
  size_t room = sizeof block;
  iconv(cd->cd, NULL, NULL, &to, &room);
  alm_buf_add(out, block, sizeof block - room);
  return length;
}

void alm_iconv_begin(alm_iconv *cd) { iconv(cd->cd, NULL, NULL, NULL, NULL); }

static bool is_itself(alm_iconv *cd, const char *text, size_t length) {
  alm_buf out;
  alm_buf_init(&out, BLOCK);
  alm_iconv_begin(cd);
  bool same = alm_iconv_convert(cd, text, length, &out) == length && out.length == length &&
              memcmp(alm_buf_text(&out), text, length) == 0;
  alm_buf_free(&out);
  return same;
}

/* Shifts are not plain, nor are a tilde or a plus that begins other characters. */
static bool keeps_ascii(alm_iconv *cd) {
  static const char letters[] = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static const char others[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \x0e\x0f";
  cd->plain = is_itself(cd, others, sizeof others - 1);
  return is_itself(cd, letters, sizeof letters - 1);
}

/* Without what iconv takes behind a name: "//IGNORE" would drop characters without a word. */
static bool is_name(const char *text) {
  size_t length = strlen(text);
  return length > 0 && length <= LONGEST_NAME && strcspn(text, "/ \t\r\n") == length;
}

alm_iconv *alm_iconv_open(const char *charset, alm_error *err) {
  alm_iconv *cd = calloc(1, sizeof *cd);
  if (!cd) return alm_fail(err, ALM_LIMIT, "can't convert text: out of memory"), NULL;
  cd->cd = is_name(charset) ? iconv_open("UTF-8", charset) : (iconv_t)-1;
  if (cd->cd == (iconv_t)-1) {
    free(cd);
    return alm_fail(err, ALM_MISSING, "the charset '%.60s' is not known here; `iconv -l` lists those that are",
                    charset), NULL;
  }
  strcpy(cd->name, charset);
  if (keeps_ascii(cd)) return cd;
  alm_iconv_close(cd);
  return alm_fail(err, ALM_MISSING, "no MARC record is in the charset '%s': its letters and digits are not ASCII's",
                  charset), NULL;
}

const char *alm_iconv_name(const alm_iconv *cd) { return cd->name; }

bool alm_iconv_is_plain(const alm_iconv *cd) { return cd->plain; }

void alm_iconv_close(alm_iconv *cd) {
  if (!cd) return;
  iconv_close(cd->cd);
  free(cd);
}

bool alm_iconv_text(const char *charset, const char *text, size_t length, alm_buf *out, alm_error *err) {
  alm_iconv *cd = alm_iconv_open(charset, err);
  if (!cd) return false;
  alm_iconv_begin(cd);
  size_t done = alm_iconv_convert(cd, text, length, out);
  alm_iconv_close(cd);
  return done == length || alm_fail(err, ALM_PARSE, "byte %zu is no %s character", done, charset);
}
