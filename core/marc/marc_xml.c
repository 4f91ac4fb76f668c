/* MARCXML (and ISO 25577, MarcXchange) by libxml2's SAX2 events, with or
 * without namespace, wherever <record> stands: in a collection, in an answer of
 * OAI-PMH or SRU, in Alma's <bib>. The innermost <record> that has a leader or a
 * field counts. Documents may follow each other. */
#include <stdlib.h>
#include <string.h>

#include "marc_xml_private.h"
#include "marc_private.h"

enum { PIECE = 64 << 10, QUICK_MOST = 1 << 20, HEAD = 512, LEADER_MOST = 4096 };

/* ---- documents ---- */

static bool begin_document(alm_marcxml *x, const alm_window *window, alm_error *err) {
  const char *encoding;
  xmlFreeParserCtxt(x->guard.parser);
  x->guard.parser = NULL;
  if (!alm_xml_encoding(window->data, window->length, &encoding, err)) return false;
  xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(NULL, NULL, NULL, 0, NULL);
  if (!parser) return alm_fail(err, ALM_LIMIT, "out of memory");
  xmlCtxtUseOptions(parser, alm_xml_options(encoding));
  alm_xml_bounds_set(&x->guard, parser, &x->error);
  alm_marcxml_listen(x, parser);
  x->wide = alm_xml_is_wide(window->data, window->length);
  x->utf8 = alm_xml_is_utf8(window->data, window->length);
  x->record = x->data = 0;
  x->place = NO_TEXT;
  x->began = x->in_tag = x->tagged = x->between = false;
  x->ahead = 0;
  x->ended_at = 0;
  x->start = window->offset;
  return true;
}

static void close_reader(alm_marc_reading *reading) {
  alm_marcxml *x = reading->state;
  if (!x) return;
  xmlFreeParserCtxt(x->guard.parser);
  alm_buf_free(&x->leader);
  free(x);
  reading->state = NULL;
}

static bool open_reader(alm_marc_reading *reading, alm_error *err) {
  alm_marcxml *x = calloc(1, sizeof *x);
  reading->state = x;
  if (!x) return alm_fail(err, ALM_LIMIT, "out of memory");
  x->reading = reading;
  alm_buf_init(&x->leader, LEADER_MOST);
  const alm_window *window = alm_marc_source_fill(reading->source, HEAD, err);
  if (window && begin_document(x, window, err)) return true;
  close_reader(reading);
  return false;
}

/* ---- records that don't need libxml2 ---- */

/* libxml2 waits between elements, outside of anything that is MARC. */
static bool may_take(const alm_marcxml *x) {
  bool inside = x->record && x->filled;
  return x->between && !inside && x->guard.depth > 0 && x->guard.depth + 3 <= ALM_MARCXML_DEPTH;
}

/* Errors after it are told at their place in the file. */
static void pass_over(alm_marcxml *x, const alm_marc_xml_taken *taken) {
  alm_xml_bounds *guard = &x->guard;
  if (x->line != guard->line) guard->columns_before = 0;
  guard->line = x->line;
  guard->lines_before += taken->lines;
  guard->columns_before = taken->lines ? (long)taken->column + 1 - x->column
                                       : guard->columns_before + (long)taken->length;
  x->start += taken->length;
  x->record = 0;
  x->done = true;
}

static bool take_quick(alm_marcxml *x, const alm_window *window, alm_error *err) {
  alm_marc_reading *reading = x->reading;
  alm_marc_xml_taken taken;
  for (;;) {
    size_t blanks = 0;
    while (blanks < window->length && alm_marcxml_is_blank(window->data + blanks, 1)) blanks++;
    alm_marc_clear(reading->builder, reading->number, window->offset + blanks);
    taken = alm_marc_xml_quick(reading->builder, window->data, window->length);
    if (!taken.unfinished || window->at_end || window->length >= QUICK_MOST) break;
    window = alm_marc_source_fill(reading->source, 2 * window->length, err);
    if (!window) return false;
  }
  if (taken.length == 0) {
    alm_marc_clear(reading->builder, reading->number, x->offset);
    return false;
  }
  pass_over(x, &taken);
  alm_marc_source_use(reading->source, taken.length);
  return true;
}

/* ---- feeding libxml2 ---- */

/* How much to give it, so that no more than one record can end in it, and that
 * it stops before a record: up to <record>, or to the end of that tag. */
static size_t next_piece(alm_marcxml *x, const char *text, size_t length, bool at_end) {
  static const char word[] = "record";
  const char *from = text;
  if (!x->in_tag && !x->wide) {
    from = memmem(text, length, word, sizeof word - 1);
    if (!from) return at_end || length < sizeof word ? length : length - sizeof word + 2;
    const char *tag = alm_marc_xml_tag(text, from);
    size_t before = tag ? (size_t)(tag - text) : 0;
    if (tag && tag[1] != '/' && !alm_marcxml_is_blank(text, before)) return before;
    x->in_tag = true;
  }
  const char *end = memchr(from, '>', length - (size_t)(from - text));
  if (!end) return length;
  x->in_tag = false;
  return (size_t)(end + 1 - text);
}

/* Where libxml2 is, the blanks that it holds back included. */
static void find_place(alm_marcxml *x, size_t done) {
  x->line = xmlSAX2GetLineNumber(x->guard.parser);
  x->column = xmlSAX2GetColumnNumber(x->guard.parser);
  for (; done < x->fed.length; done++) {
    x->column = x->fed.data[done] == '\n' ? 1 : x->column + 1;
    x->line += x->fed.data[done] == '\n';
  }
}

static char last_sign(const alm_marcxml *x) {
  size_t length = x->fed.length;
  while (length > 0 && alm_marcxml_is_blank(x->fed.data + length - 1, 1)) length--;
  return length > 0 ? x->fed.data[length - 1] : x->last;
}

/* What libxml2 has not done with stays in the window, so that places can be looked up
 * there; but blanks, which it holds back until it knows what follows. */
static void settle(alm_marcxml *x) {
  size_t done = alm_marcxml_done(x);
  if (x->ended_at > 0) done = (size_t)(x->start + (uint64_t)x->ended_at - x->fed.offset);
  bool waits = x->ended_at == 0 && alm_marcxml_is_blank(x->fed.data + done, x->fed.length - done);
  x->last = last_sign(x);
  x->between = waits && x->utf8 && x->tagged && x->last == '>';
  if (x->between) find_place(x, done);
  if (waits) done = x->fed.length;
  x->ahead = x->ended_at > 0 ? 0 : x->fed.length - done;
  alm_marc_source_use(x->reading->source, done);
}

static void feed(alm_marcxml *x, const alm_window *window) {
  const char *text = window->data + x->ahead;
  size_t fresh = window->length - x->ahead, length = fresh < PIECE ? fresh : PIECE;
  size_t piece = next_piece(x, text, length, window->at_end);
  x->fed = (alm_window){.data = window->data, .length = x->ahead + piece, .offset = window->offset};
  xmlParseChunk(x->guard.parser, text, (int)piece, 0);
  settle(x);
}

/* What stands behind the root is the next document's, if there is one. */
static bool next_document(alm_marcxml *x, alm_error *err) {
  alm_marc_source *source = x->reading->source;
  for (;;) {
    const alm_window *window = alm_marc_source_fill(source, HEAD, err);
    if (!window) return false;
    if (window->length == 0) return true;
    if (!alm_marcxml_is_blank(window->data, 1)) {
      x->follows = true;
      return begin_document(x, window, err);
    }
    if (window->data[0] == '\n') x->guard.lines_before++;
    alm_marc_source_use(source, 1);
  }
}

/* ---- records ---- */

static alm_marc_result broken(alm_marcxml *x, alm_error *err) {
  *err = x->error;
  return ALM_MARC_FAILED;
}

/* The end of the bytes: is the document whole? Comments behind the last root
 * are no document. */
static alm_marc_result end_bytes(alm_marcxml *x, alm_error *err) {
  if (x->ended_at == 0) xmlParseChunk(x->guard.parser, NULL, 0, 1);
  if (x->done) return ALM_MARC_RECORD;
  bool comments = x->follows && !x->began;
  return x->guard.failed && !comments ? broken(x, err) : ALM_MARC_END;
}

/* The window with more than libxml2 has of it; empty at the end. */
static const alm_window *more(alm_marcxml *x, alm_error *err) {
  alm_marc_source *source = x->reading->source;
  const alm_window *window = alm_marc_source_fill(source, x->ahead + PIECE, err);
  if (!window || window->length > x->ahead) return window;
  alm_marc_source_use(source, x->ahead);
  x->fed.length = x->ahead = 0;
  return alm_marc_source_fill(source, 1, err);
}

/* Goes on until a record is there, or nothing more. */
static alm_marc_result advance(alm_marcxml *x, alm_error *err) {
  while (!x->done) {
    if (x->guard.failed) return broken(x, err);
    if (x->ended_at > 0 && !next_document(x, err)) return ALM_MARC_FAILED;
    const alm_window *window = more(x, err);
    if (!window) return ALM_MARC_FAILED;
    if (window->length == 0) return end_bytes(x, err);
    if (may_take(x) && take_quick(x, window, err)) break;
    window = more(x, err);
    if (!window) return ALM_MARC_FAILED;
    feed(x, window);
  }
  return ALM_MARC_RECORD;
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  alm_marcxml *x = reading->state;
  x->done = false;
  alm_marc_result result = advance(x, err);
  if (result == ALM_MARC_RECORD) reading->record = alm_marc_built(reading->builder);
  return result;
}

static bool looks(const char *head, size_t length) {
  return (length >= 1 && head[0] == '<') || (length >= 2 && head[0] == '\0' && head[1] == '<') ||
         (length >= 4 && alm_xml_is_wide(head, length) && (head[2] == '<' || head[3] == '<'));
}

const alm_marc_format alm_marc_marcxml = {
    .name = "marcxml",
    .looks = looks,
    .open = open_reader,
    .next = next,
    .close = close_reader,
    .write = alm_marc_xml_write,
    .head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<collection xmlns=\"http://www.loc.gov/MARC21/slim\">\n",
    .between = "",
    .tail = "</collection>\n",
};
