/* Lines in the source's window. */
#include "marc_lines.h"

#include <string.h>

enum { WANT = 4 << 10, MOST = ALM_MARC_MAXIMUM };

alm_marc_result alm_line_peek(alm_marc_source *source, alm_line *line, alm_error *err) {
  const alm_window *window;
  const char *end;
  for (size_t want = WANT;; want = 2 * window->length) {
    window = alm_marc_source_fill(source, want, err);
    if (!window) return ALM_MARC_FAILED;
    end = window->length ? memchr(window->data, '\n', window->length) : NULL;
    if (end || window->at_end || window->length >= MOST) break;
  }
  if (window->length == 0) return ALM_MARC_END;
  size_t length = end ? (size_t)(end - window->data) : window->length;
  line->text = window->data;
  line->whole = length + (end != NULL);
  line->length = length - (length > 0 && line->text[length - 1] == '\r');
  line->offset = window->offset;
  return ALM_MARC_RECORD;
}

void alm_line_done(alm_marc_source *source, const alm_line *line) {
  alm_marc_source_use(source, line->whole);
}

bool alm_line_is_blank(const alm_line *line) {
  for (size_t i = 0; i < line->length; i++)
    if (line->text[i] != ' ' && line->text[i] != '\t') return false;
  return true;
}

static size_t to_line_end(const char *text, size_t length) {
  size_t at = 0;
  while (at < length && text[at] != '\n' && text[at] != '\r') at++;
  return at;
}

bool alm_line_put(const char *text, size_t length, alm_buf *out) {
  for (;;) {
    size_t run = to_line_end(text, length);
    if (!alm_buf_add(out, text, run)) return false;
    if (run == length) return true;
    if (!ALM_BUF_PUT(out, " ")) return false;
    text += run + 1;
    length -= run + 1;
  }
}
