/* MARCXML (and ISO 25577, MarcXchange) by libxml2's SAX2 events, with or
 * without namespace, wherever <record> stands: in a collection, in an answer of
 * OAI-PMH or SRU, in Alma's <bib>. The innermost <record> that has a leader or a
 * field counts. Documents may follow each other. */
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>

#include "marc_xml_private.h"
#include "marc_private.h"

enum { PIECE = 64 << 10, QUICK_MOST = 1 << 20, HEAD = 512, LEADER_MOST = 4096 };

/* Bytes are done with; their lines are counted, so that places are the file's. */
static void use(alm_marcxml *x, size_t count) {
  const char *from = x->window->data, *end = from + count, *line;
  for (; (line = memchr(from, '\n', (size_t)(end - from))); from = line + 1) {
    x->lines++;
    x->line_start = x->window->offset + (uint64_t)(line + 1 - x->window->data);
  }
  alm_marc_source_use(x->reading->source, count);
}

/* ---- documents ---- */

/* A record that is read alone has its document's encoding. */
static bool set_encoding(alm_marcxml *x, const char **encoding, alm_error *err) {
  const alm_window *window = x->window;
  if (x->alone) return true;
  if (!alm_xml_encoding(window->data, window->length, encoding, err)) return false;
  x->wide = alm_xml_is_wide(window->data, window->length);
  x->utf8 = alm_xml_is_utf8(window->data, window->length);
  return true;
}

static bool begin_document(alm_marcxml *x, alm_error *err) {
  const char *encoding = NULL;
  if (!set_encoding(x, &encoding, err)) return false;
  xmlFreeParserCtxt(x->guard.parser);
  xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(NULL, NULL, NULL, 0, NULL);
  x->guard.parser = parser;
  if (!parser) return alm_fail(err, ALM_LIMIT, "out of memory");
  xmlCtxtUseOptions(parser, alm_xml_options(encoding));
  if (x->alone && x->encoding)
    xmlSwitchToEncoding(parser, xmlFindCharEncodingHandler((const char *)x->encoding));
  x->guard.lines_before = (long)x->lines;
  alm_xml_bounds_set(&x->guard, parser, &x->error);
  x->guard.line = 1;
  x->guard.columns_before = (long)(x->window->offset - x->line_start);
  alm_marcxml_listen(x, parser);
  x->record = x->data = 0;
  x->place = NO_TEXT;
  x->began = x->ended = x->cut = x->in_tag = x->tagged = x->between = false;
  x->ahead = 0;
  x->ended_at = 0;
  x->start = x->window->offset;
  return true;
}

static void close_reader(alm_marc_reading *reading) {
  alm_marcxml *x = reading->state;
  if (!x) return;
  xmlFreeParserCtxt(x->guard.parser);
  xmlFree(x->encoding);
  alm_buf_free(&x->leader);
  free(x);
  reading->state = NULL;
}

static bool open_reader(alm_marc_reading *reading, alm_error *err) {
  alm_marcxml *x = calloc(1, sizeof *x);
  reading->state = x;
  if (!x) return alm_fail(err, ALM_LIMIT, "out of memory");
  x->reading = reading;
  x->lines = reading->lines;
  alm_buf_init(&x->leader, LEADER_MOST);
  x->window = alm_marc_source_fill(reading->source, HEAD, err);
  if (x->window) x->line_start = x->window->offset;
  if (x->window && begin_document(x, err)) return true;
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
  x->lines += (uint64_t)taken->lines;
  if (taken->lines) x->line_start = x->window->offset + taken->length - taken->column;
  x->record = 0;
  x->done = true;
}

static bool take_quick(alm_marcxml *x, alm_error *err) {
  alm_marc_reading *reading = x->reading;
  const alm_window *window = x->window;
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
  size_t done = x->ended ? x->fed.length : alm_marcxml_done(x);
  if (x->ended_at > 0) done = (size_t)(x->start + (uint64_t)x->ended_at - x->fed.offset);
  bool waits = !x->ended && alm_marcxml_is_blank(x->fed.data + done, x->fed.length - done);
  x->last = last_sign(x);
  x->between = waits && x->utf8 && x->tagged && x->last == '>';
  if (x->between) find_place(x, done);
  if (waits) done = x->fed.length;
  x->ahead = x->ended ? 0 : x->fed.length - done;
  use(x, done);
}

/* After an error all of it stays in the window: the next record is looked for in it. */
static void feed(alm_marcxml *x) {
  const alm_window *window = x->window;
  const char *text = window->data + x->ahead;
  size_t fresh = window->length - x->ahead, length = fresh < PIECE ? fresh : PIECE;
  size_t piece = next_piece(x, text, length, window->at_end);
  x->fed = (alm_window){.data = window->data, .length = x->ahead + piece, .offset = window->offset};
  xmlParseChunk(x->guard.parser, text, (int)piece, 0);
  if (!x->guard.failed) settle(x);
}

/* ---- behind an error ---- */

/* Uses what stands before the next tag that begins a record; all when there is none. */
static bool seek_record(alm_marcxml *x, alm_error *err) {
  for (size_t want = PIECE, at;; want = x->window->length + PIECE) {
    const alm_window *window = alm_marc_source_fill(x->reading->source, want, err);
    if (!window) return false;
    bool whole = window->at_end || window->length > QUICK_MOST;
    bool found = alm_marc_xml_find(window->data, window->length, whole, &at);
    use(x, at);
    if (found || window->at_end) return true;
  }
}

/* Nothing is known of the document any more, so each record from there on is a document of
 * its own. False when records can't be found in it. */
static bool leave_document(alm_marcxml *x) {
  if (!x->began && x->follows) x->wide = false, x->utf8 = true; /* it is none */
  if (x->wide || x->error.code != ALM_PARSE || !(x->began || x->follows)) return false;
  uint64_t from = x->record ? x->offset + 1 : 0;
  if (x->alone && from <= x->sought) from = x->sought + 1;
  if (from > x->window->offset) use(x, (size_t)(from - x->window->offset));
  if (!x->utf8 && !x->encoding) x->encoding = xmlStrdup(x->guard.parser->encoding);
  x->alone = x->ended = true;
  x->guard.failed = x->between = false;
  return true;
}

/* What is broken: a record, which counts as one, or something between records. */
static void tell(alm_marcxml *x, alm_error *err) {
  const alm_marc *record = alm_marc_built(x->reading->builder);
  *err = x->error;
  if (!x->record || !x->filled) {
    x->reading->number--;
    return;
  }
  const alm_marc_field *id = record->field_count ? alm_marc_find(record, "001", NULL) : NULL;
  alm_slice text = id ? alm_marc_content(record, id) : (alm_slice){"", 0};
  alm_fail(err, x->error.code, "record %llu%s%.*s%s: %s", (unsigned long long)record->number,
           id ? " (" : "", (int)(text.length < 64 ? text.length : 64), text.text, id ? ")" : "",
           x->error.message);
}

/* An error is told, but for one that is no part of a document: that is passed over. Nothing
 * follows a document that was cut off. */
static alm_marc_result meet_error(alm_marcxml *x, alm_error *err) {
  bool outside = !x->alone && x->guard.depth == 0 && (x->began || x->follows);
  alm_error ignored;
  tell(x, err);
  if (!leave_document(x)) return ALM_MARC_FAILED;
  if (x->cut && !outside && seek_record(x, &ignored) && x->window->length == 0)
    return ALM_MARC_FAILED;
  return outside ? ALM_MARC_RECORD : ALM_MARC_BROKEN;
}

/* What stands behind the root is the next document's, if there is one. */
static bool next_document(alm_marcxml *x, alm_error *err) {
  for (x->follows = true; !x->alone; use(x, 1)) {
    const alm_window *window = alm_marc_source_fill(x->reading->source, HEAD, err);
    if (!window) return false;
    if (window->length == 0) return true;
    if (!alm_marcxml_is_blank(window->data, 1)) return begin_document(x, err);
  }
  if (!seek_record(x, err)) return false;
  x->sought = x->window->offset;
  return x->window->length == 0 || (x->utf8 && take_quick(x, err)) || begin_document(x, err);
}

/* ---- records ---- */

/* Is there more than libxml2 has? The window may have moved. */
static bool more(alm_marcxml *x, bool *there, alm_error *err) {
  const alm_window *window = alm_marc_source_fill(x->reading->source, x->ahead + PIECE, err);
  if (!window) return false;
  *there = window->length > x->ahead;
  x->fed.data = window->data;
  x->fed.offset = window->offset;
  x->fed.length = x->ahead;
  return true;
}

/* A piece of the document; at the end of the bytes that is told to libxml2. */
static alm_marc_result read_piece(alm_marcxml *x, alm_error *err) {
  bool there;
  if (!more(x, &there, err)) return ALM_MARC_FAILED;
  if (there && may_take(x) && take_quick(x, err)) return ALM_MARC_RECORD;
  if (!more(x, &there, err)) return ALM_MARC_FAILED;
  if (there) feed(x);
  else x->cut = true, xmlParseChunk(x->guard.parser, NULL, 0, 1);
  return there || x->guard.failed ? ALM_MARC_RECORD : ALM_MARC_END;
}

/* Goes on until a record is there, or nothing more. */
static alm_marc_result advance(alm_marcxml *x, alm_error *err) {
  alm_marc_result result = ALM_MARC_RECORD;
  while (!x->done && result == ALM_MARC_RECORD) {
    if (x->guard.failed) result = meet_error(x, err);
    else if (!x->ended) result = read_piece(x, err);
    else if (!next_document(x, err)) result = ALM_MARC_FAILED;
    else if (x->ended && !x->done) result = ALM_MARC_END;
  }
  return x->done ? ALM_MARC_RECORD : result;
}

/* What stands behind the last document and is none is told with the last record; that is the end. */
static void look_behind(alm_marcxml *x) {
  const alm_window *window = x->window;
  size_t at, blanks = 0;
  if (!window->at_end || !x->utf8 || x->alone) return;
  if (alm_marc_xml_find(window->data + x->ahead, window->length - x->ahead, true, &at)) return;
  while (!x->ended && !x->guard.failed && window->length > x->ahead) feed(x);
  while (blanks < window->length && alm_marcxml_is_blank(window->data + blanks, 1)) blanks++;
  const char *rest = window->data + blanks;
  size_t length = window->length - blanks;
  if (!x->ended || length == 0 || (length > 1 && *rest == '<' && strchr("!?", rest[1]))) return;
  alm_marc_note(x->reading->builder, ALM_MARC_GARBAGE,
                (size_t)(window->offset + blanks - alm_marc_built(x->reading->builder)->offset),
                "behind the end of the document are %zu bytes without a record", length);
  use(x, window->length);
}

static alm_marc_result next(alm_marc_reading *reading, alm_error *err) {
  alm_marcxml *x = reading->state;
  x->done = false;
  alm_marc_result result = advance(x, err);
  if (result != ALM_MARC_RECORD) return result;
  look_behind(x);
  reading->record = alm_marc_built(reading->builder);
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
    .room = ALM_ROOM_ALL,
};
