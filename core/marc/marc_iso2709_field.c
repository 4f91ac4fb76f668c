/* Fields of damaged records: what is in them, such that nothing is lost and nothing is
 * taken for what it is not. A field that is not as it should be is built anew behind the
 * record's bytes. */
#include <string.h>

#include "marc_iso2709_private.h"
#include "marc_private.h"

typedef struct {
  alm_iso2709 *iso;
  const char *tag;
  size_t start, end;
} content;

static bool is_at(const content *at, size_t offset, char c) {
  return at->start + offset < at->end && at->iso->bytes[at->start + offset] == c;
}

static const char *text_of(const content *at) { return at->iso->bytes + at->start; }
static size_t length_of(const content *at) { return at->end - at->start; }

/* Up to the first delimiter. */
static size_t front_of(const content *at) {
  const char *first = length_of(at) ? memchr(text_of(at), ISO_SUBFIELD, length_of(at)) : NULL;
  return first ? (size_t)(first - text_of(at)) : length_of(at);
}

/* ---- control field or data field ---- */

/* By the tag; when that is none, by what is there. */
static bool has_subfields(const content *at) {
  size_t indicators = at->iso->indicators;
  if (!alm_marc_iso2709_is_tag(at->tag)) return front_of(at) < length_of(at);
  if (memcmp(at->tag, "00", 2) != 0) return true;
  return indicators > 0 && indicators < 4 &&
         (is_at(at, indicators, ISO_SUBFIELD) || is_at(at, indicators + 1, ISO_SUBFIELD));
}

/* ---- bytes that can't stay ---- */

static bool is_control(char c) { return (unsigned char)c < ' '; }

/* A control character in the first delimiter's place is what became of it; no other is
 * taken for one. */
static void mend_delimiter(content *at) {
  size_t offset = at->iso->indicators;
  if (front_of(at) <= offset || length_of(at) < offset + 2) return;
  const char *there = text_of(at) + offset;
  if (!is_control(there[0]) || !alm_ascii_is_alphanumeric(there[1])) return;
  alm_marc_note(at->iso->notes, ALM_MARC_SUBFIELD, at->start + offset,
                "field %s: 0x%02x instead of the first delimiter", at->tag, (unsigned char)there[0]);
  alm_marc_iso2709_change(at->iso, at->start + offset, ISO_SUBFIELD);
}

static void clean_text(content *at) {
  for (size_t i = at->start; i < at->end; i++) {
    if (at->iso->bytes[i] != ISO_FIELD && at->iso->bytes[i] != ISO_END) continue;
    alm_marc_note(at->iso->notes, ALM_MARC_TERMINATOR, i, "field %s: a terminator in the text", at->tag);
    alm_marc_iso2709_change(at->iso, i, ' ');
  }
}

static bool has_hollow(const content *at) {
  bool found = false;
  for (size_t i = at->start; i < at->end; i++) {
    if (at->iso->bytes[i] != ISO_SUBFIELD || (i + 1 < at->end && at->iso->bytes[i + 1] != ISO_SUBFIELD)) continue;
    alm_marc_note(at->iso->notes, ALM_MARC_SUBFIELD, i, "field %s: a subfield without a code", at->tag);
    found = true;
  }
  return found;
}

/* ---- in front of the first subfield ---- */

static void note_front(const content *at, const alm_marc_front *front, size_t length) {
  alm_marc_builder *notes = at->iso->notes;
  if (front->text.length)
    alm_marc_note(notes, ALM_MARC_SUBFIELD, at->start, "field %s: text without a delimiter, taken for $a", at->tag);
  else if (front->marks)
    alm_marc_note(notes, ALM_MARC_INDICATOR, at->start,
                  "field %s: invisible marks beside the indicators, left out", at->tag);
  else if (length != at->iso->indicators)
    alm_marc_note(notes, ALM_MARC_INDICATOR, at->start, "field %s: %zu instead of %zu indicators", at->tag,
                  length, at->iso->indicators);
}

static void clean_indicators(const content *at, char *indicators, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (alm_marc_iso2709_is_plain(indicators[i])) continue;
    alm_marc_note(at->iso->notes, ALM_MARC_INDICATOR, at->start + i, "field %s: indicator %zu is no character",
                  at->tag, i + 1);
    indicators[i] = ' ';
  }
}

/* ---- building it anew ---- */

static char *put(char *to, const char *text, size_t length) {
  if (length) memmove(to, text, length);
  return to + length;
}

/* Without delimiters that nothing follows. */
static char *put_subfields(char *to, const char *from, const char *end) {
  for (; from < end; from++) {
    bool hollow = *from == ISO_SUBFIELD && (from + 1 == end || from[1] == ISO_SUBFIELD);
    if (!hollow) *to++ = *from;
  }
  return to;
}

/* `rest` is where the subfields begin, in the field. */
static void build(content *at, const char *indicators, size_t count, alm_slice text, size_t rest) {
  alm_iso2709 *iso = at->iso;
  size_t from = text.length ? (size_t)(text.text - iso->bytes) : 0, start = iso->copied;
  size_t most = count + 2 + text.length + length_of(at) - rest;
  char *to = alm_marc_iso2709_append(iso, most), *begin = to;
  if (!to) return;
  to = put(to, indicators, count);
  if (text.length) to = put(put(to, "\x1f" "a", 2), iso->bytes + from, text.length);
  to = put_subfields(to, iso->bytes + at->start + rest, iso->bytes + at->end);
  iso->copied = start + (size_t)(to - begin);
  at->start = start;
  at->end = iso->copied;
}

static void mend_data(content *at) {
  size_t length = front_of(at), count = at->iso->indicators;
  bool hollow = has_hollow(at), subfields = length < length_of(at);
  bool usual = length == count && (subfields || count != 2);
  alm_marc_front front = {.indicators = "  "};
  char indicators[9] = "         ";
  if (usual || count != 2) {
    memcpy(indicators, text_of(at), length < count ? length : count);
    if (length > count) front.text = (alm_slice){text_of(at) + count, length - count};
  } else {
    alm_marc_read_front(text_of(at), length, subfields, &front);
    memcpy(indicators, front.indicators, 2);
  }
  if (!usual) note_front(at, &front, length);
  clean_indicators(at, indicators, count);
  if (hollow || length != count || front.text.length || memcmp(indicators, text_of(at), count) != 0)
    build(at, indicators, count, front.text, length);
}

void alm_marc_iso2709_add_field(alm_iso2709 *iso, const char *tag, size_t start, size_t end) {
  content at = {.iso = iso, .tag = tag, .start = start, .end = end};
  if (!alm_marc_iso2709_grow(iso)) return;
  bool data = has_subfields(&at);
  if (data) mend_delimiter(&at);
  clean_text(&at);
  if (data) mend_data(&at);
  alm_marc_field *field = &iso->fields[iso->count++];
  *field = (alm_marc_field){.control = !data, .start = (uint32_t)at.start, .length = (uint32_t)length_of(&at)};
  memcpy(field->tag, tag, ISO_TAG);
}
