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
  x->depth = x->record = x->data = 0;
  x->place = NO_TEXT;
  x->began = x->in_tag = false;
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
static bool is_between(const alm_marcxml *x) {
  const xmlParserInput *input = x->guard.parser->input;
  bool inside = x->record && x->filled;
  return x->guard.parser->instate == XML_PARSER_CONTENT && !inside && !x->wide &&
         !input->buf->encoder && x->depth + 3 <= ALM_MARCXML_DEPTH &&
         alm_marcxml_is_blank((const char *)input->cur, (size_t)(input->end - input->cur));
}

/* Where libxml2 is, the blanks that it holds back included. */
static void find_place(const alm_marcxml *x, int *line, long *column) {
  const xmlParserInput *input = x->guard.parser->input;
  *line = input->line;
  *column = input->col;
  for (const xmlChar *at = input->cur; at < input->end; at++) {
    *column = *at == '\n' ? 1 : *column + 1;
    *line += *at == '\n';
  }
}

/* Errors after it are told at their place in the file. */
static void pass_over(alm_marcxml *x, const alm_marc_xml_taken *taken) {
  alm_xml_bounds *guard = &x->guard;
  int line;
  long column;
  find_place(x, &line, &column);
  if (line != guard->line) guard->columns_before = 0;
  guard->line = line;
  guard->lines_before += taken->lines;
  guard->columns_before = taken->lines ? (long)taken->column + 1 - column
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

static void feed(alm_marcxml *x, const alm_window *window) {
  size_t length = window->length < PIECE ? window->length : PIECE;
  size_t piece = next_piece(x, window->data, length, window->at_end);
  uint64_t offset = window->offset;
  xmlParseChunk(x->guard.parser, window->data, (int)piece, 0);
  if (x->ended_at > 0) piece = (size_t)(x->start + (uint64_t)x->ended_at - offset);
  alm_marc_source_use(x->reading->source, piece);
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

/* Goes on until a record is there, or nothing more. */
static alm_marc_result advance(alm_marcxml *x, alm_error *err) {
  while (!x->done) {
    if (x->guard.failed) return broken(x, err);
    if (x->ended_at > 0 && !next_document(x, err)) return ALM_MARC_FAILED;
    const alm_window *window = alm_marc_source_fill(x->reading->source, PIECE, err);
    if (!window) return ALM_MARC_FAILED;
    if (window->length == 0) return end_bytes(x, err);
    if (is_between(x) && take_quick(x, window, err)) break;
    window = alm_marc_source_fill(x->reading->source, PIECE, err);
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
