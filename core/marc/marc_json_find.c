/* Braces and strings of JSON, and nothing else of it. */
#include "marc_json_find.h"

#include <string.h>

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int alm_json_begins(const char *text, size_t length) {
  static const char *const keys[] = {"\"leader\"", "\"fields\""};
  const size_t key = sizeof "\"leader\"" - 1;
  size_t at = 1;
  if (length == 0) return -1;
  if (text[0] != '{') return 0;
  while (at < length && is_blank(text[at])) at++;
  size_t left = length - at, most = left < key ? left : key;
  bool begins = memcmp(text + at, keys[0], most) == 0 || memcmp(text + at, keys[1], most) == 0;
  if (!begins) return 0;
  return left < key ? -1 : 1;
}

/* No string goes over a line's end, so that one without its end ends there. */
static void step_in_string(alm_json_scan *scan, char c) {
  bool escaped = scan->escaped;
  scan->escaped = !escaped && c == '\\';
  if ((c == '"' && !escaped) || c == '\n') scan->in_string = false;
}

static void step(alm_json_scan *scan, char c) {
  if (scan->in_string) step_in_string(scan, c);
  else if (c == '"') scan->in_string = true;
  else if (c == '{' || c == '[') scan->depth++;
  else if (c == '}' || c == ']') scan->depth--;
}

alm_json_found alm_json_scan_object(alm_json_scan *scan, const char *text, size_t length,
                                    bool at_end) {
  for (; scan->at < length; scan->at++) {
    char c = text[scan->at];
    if (c == '{' && scan->at > 0) {
      int begins = alm_json_begins(text + scan->at, length - scan->at);
      if (begins > 0) return ALM_JSON_CUT;
      if (begins < 0 && !at_end) return ALM_JSON_MORE;
    }
    step(scan, c);
    if (scan->depth == 0) {
      scan->at++;
      return ALM_JSON_WHOLE;
    }
  }
  return ALM_JSON_MORE;
}
