/* MARCXML (and ISO 25577, MarcXchange) by libxml2's SAX2 events, with or
 * without namespace, wherever <record> stands: in a collection, in an answer of
 * OAI-PMH or SRU, in Alma's <bib>. The innermost <record> that has a leader or a
 * field counts. Documents may follow each other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marc_format.h"
#include "marc_repair.h"
#include "marc_xml_quick.h"
#include "marc_xml_write.h"
#include "xml_guard.h"

enum { DEPTH = 100, PIECE = 64 << 10, QUICK_MOST = 1 << 20, HEAD = 512, LEADER_MOST = 4096,
       ATTRIBUTE = 5 };

/* Names as libxml2's dictionary has them, so that comparing is one look. */
typedef struct {
  const xmlChar *record, *leader, *control, *data, *subfield;
  const xmlChar *tag, *indicator1, *indicator2, *code;
} names;

typedef enum { NO_TEXT, LEADER_TEXT, FIELD_TEXT } place;

typedef struct {
  alm_xml_guard guard;
  alm_error error;      /* why the document broke off; told after its last record */
  alm_marc_reading *reading;
  names names;
  int depth;            /* elements that have begun */
  int record;           /* depth of the record that is being read; 0: none */
  int data;             /* of its data field; 0: none */
  int text;             /* of the element whose text is kept */
  place place;
  alm_buf leader;
  bool has_leader, filled; /* filled: with anything that is MARC */
  bool done;            /* the builder holds a record */
  bool in_tag;          /* of the pieces */
  bool wide;            /* 16 bit characters */
  bool began;           /* the document has its root */
  long ended_at;        /* bytes of the document when its root ended; 0: not yet */
  bool follows;         /* the document comes after another */
  uint64_t start;       /* of the document in the source, with what libxml2 did not get */
  uint64_t offset;      /* of the record */
} marcxml;

/* ---- where we are ---- */

/* The last '<' before the parser's place: the tag whose event this is. */
static uint64_t tag_offset(const marcxml *x) {
  const xmlParserInput *input = x->guard.parser->input;
  const xmlChar *at = input->cur;
  while (at > input->base && *at != '<') at--;
  long consumed = xmlByteConsumed(x->guard.parser) - (long)(input->cur - at);
  return x->start + (consumed > 0 ? (uint64_t)consumed : 0);
}

static size_t byte_of_record(const marcxml *x) {
  uint64_t at = tag_offset(x);
  return at > x->offset ? (size_t)(at - x->offset) : 0;
}

#define NOTE(x, kind, ...) \
  alm_marc_note((x)->reading->builder, kind, byte_of_record(x), __VA_ARGS__)

/* ---- elements ---- */

/* The attribute's value, length 0 when it is missing. */
static alm_slice attribute(const xmlChar **given, int count, const xmlChar *name) {
  for (; count > 0; count--, given += ATTRIBUTE)
    if (given[0] == name)
      return (alm_slice){(const char *)given[3], (size_t)(given[4] - given[3])};
  return (alm_slice){"", 0};
}

static void keep_text(marcxml *x, place where) {
  x->place = where;
  x->text = x->depth;
}

static void begin_record(marcxml *x) {
  x->record = x->depth;
  x->data = 0;
  x->place = NO_TEXT;
  x->has_leader = x->filled = false;
  x->offset = tag_offset(x);
  alm_marc_clear(x->reading->builder, x->reading->number, x->offset);
}

static void begin_leader(marcxml *x) {
  x->filled = x->has_leader = true;
  alm_buf_clear(&x->leader);
  keep_text(x, LEADER_TEXT);
}

static const char *tag_of(marcxml *x, const xmlChar **given, int count, char tag[4]) {
  alm_slice text = attribute(given, count, x->names.tag);
  if (!alm_marc_repair_tag(text, tag))
    NOTE(x, ALM_MARC_TAG, "the tag \"%.*s\" is not three letters or digits",
         (int)(text.length < 20 ? text.length : 20), text.text);
  return tag;
}

static void begin_control(marcxml *x, const xmlChar **given, int count) {
  char tag[4];
  x->filled = true;
  alm_marc_open_control(x->reading->builder, tag_of(x, given, count, tag));
  keep_text(x, FIELD_TEXT);
}

static char indicator(marcxml *x, alm_slice text, const char *tag, int which) {
  char c;
  if (!alm_marc_repair_indicator(text, &c))
    NOTE(x, ALM_MARC_INDICATOR, "indicator %d of field %s is not one character of ASCII", which, tag);
  return c;
}

static void begin_data(marcxml *x, const xmlChar **given, int count) {
  char tag[4];
  x->filled = true;
  tag_of(x, given, count, tag);
  char first = indicator(x, attribute(given, count, x->names.indicator1), tag, 1);
  char second = indicator(x, attribute(given, count, x->names.indicator2), tag, 2);
  alm_marc_open_data(x->reading->builder, tag, first, second);
  x->data = x->depth;
}

static void begin_subfield(marcxml *x, const xmlChar **given, int count) {
  alm_slice code = attribute(given, count, x->names.code);
  if (!alm_marc_repair_code(&code))
    NOTE(x, ALM_MARC_SUBFIELD, "a subfield's code is not one character");
  alm_marc_open_subfield(x->reading->builder, code.text, code.length);
  keep_text(x, FIELD_TEXT);
}

/* What stands in a record and is none of its elements. Its text goes where the
 * text around it goes. */
static void begin_other(marcxml *x, const xmlChar *name) {
  if (x->filled)
    NOTE(x, ALM_MARC_STRUCTURE, "<%.40s> has no place in a record", (const char *)name);
}

static void begin_child(marcxml *x, const xmlChar *name, const xmlChar **given, int count) {
  bool field = x->depth == x->record + 1;
  if (name == x->names.subfield && x->data && x->depth == x->data + 1)
    begin_subfield(x, given, count);
  else if (field && name == x->names.data) begin_data(x, given, count);
  else if (field && name == x->names.control) begin_control(x, given, count);
  else if (field && name == x->names.leader) begin_leader(x);
  else begin_other(x, name);
}

static void begin_element(void *userdata, const xmlChar *name, const xmlChar *prefix,
                          const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                          int count, int defaulted, const xmlChar **given) {
  (void)prefix, (void)uri, (void)namespace_count, (void)namespaces, (void)defaulted;
  marcxml *x = alm_xml_guard_of(userdata);
  if (x->guard.failed) return;
  x->began = true;
  if (++x->depth > DEPTH)
    alm_xml_guard_stop(&x->guard, ALM_LIMIT, "elements are nested too deeply");
  else if (name == x->names.record) begin_record(x);
  else if (x->record) begin_child(x, name, given, count);
}

/* ---- ends ---- */

static void end_text(marcxml *x) {
  if (x->place == LEADER_TEXT)
    alm_marc_set_leader(x->reading->builder, alm_buf_text(&x->leader), x->leader.length);
  x->place = NO_TEXT;
}

/* A <record> without MARC in it, as OAI-PMH's around it, is passed over. */
static void end_record(marcxml *x) {
  if (x->filled && !x->has_leader) NOTE(x, ALM_MARC_LEADER_WRONG, "the record has no leader");
  x->done = x->filled;
  x->record = 0;
}

/* Behind the root another document may begin: parsing stops here. Text that is
 * converted can't be taken up at a byte. */
static void end_root(marcxml *x) {
  if (x->guard.parser->input->buf->encoder) return;
  x->ended_at = xmlByteConsumed(x->guard.parser);
  x->guard.lines_before += xmlSAX2GetLineNumber(x->guard.parser) - 1;
  xmlStopParser(x->guard.parser);
}

static void end_element(void *userdata, const xmlChar *name, const xmlChar *prefix,
                        const xmlChar *uri) {
  (void)name, (void)prefix, (void)uri;
  marcxml *x = alm_xml_guard_of(userdata);
  if (x->guard.failed) return;
  if (x->place != NO_TEXT && x->depth == x->text) end_text(x);
  if (x->depth == x->data) x->data = 0;
  if (x->depth == x->record) end_record(x);
  if (--x->depth == 0) end_root(x);
}

static bool is_blank(const char *text, size_t length) {
  for (; length > 0; length--, text++)
    if (*text != ' ' && *text != '\n' && *text != '\t' && *text != '\r') return false;
  return true;
}

static void add_text(void *userdata, const xmlChar *given, int length) {
  marcxml *x = alm_xml_guard_of(userdata);
  const char *text = (const char *)given;
  if (x->guard.failed || !x->record) return;
  if (x->place == FIELD_TEXT) alm_marc_add_text(x->reading->builder, text, (size_t)length);
  else if (x->place == LEADER_TEXT) alm_buf_add(&x->leader, text, (size_t)length);
  else if (x->filled && !is_blank(text, (size_t)length))
    NOTE(x, ALM_MARC_STRUCTURE, "text between the elements of a record");
}

/* ---- a document's parser ---- */

static const xmlChar *named(xmlParserCtxtPtr parser, const char *name) {
  return xmlDictLookup(parser->dict, (const xmlChar *)name, -1);
}

static void find_names(marcxml *x, xmlParserCtxtPtr parser) {
  x->names = (names){
      .record = named(parser, "record"),         .leader = named(parser, "leader"),
      .control = named(parser, "controlfield"),  .data = named(parser, "datafield"),
      .subfield = named(parser, "subfield"),     .tag = named(parser, "tag"),
      .indicator1 = named(parser, "ind1"),       .indicator2 = named(parser, "ind2"),
      .code = named(parser, "code"),
  };
}

static void set_handlers(xmlSAXHandler *sax) {
  sax->startElementNs = begin_element;
  sax->endElementNs = end_element;
  sax->characters = add_text;
  sax->cdataBlock = add_text;
  sax->ignorableWhitespace = add_text;
}

static bool begin_document(marcxml *x, const alm_window *window, alm_error *err) {
  const char *encoding;
  xmlFreeParserCtxt(x->guard.parser);
  x->guard.parser = NULL;
  if (!alm_xml_encoding(window->data, window->length, &encoding, err)) return false;
  xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(NULL, NULL, NULL, 0, NULL);
  if (!parser) return alm_fail(err, ALM_LIMIT, "out of memory");
  xmlCtxtUseOptions(parser, alm_xml_options(encoding));
  alm_xml_guard_set(&x->guard, parser, &x->error);
  set_handlers(parser->sax);
  find_names(x, parser);
  x->wide = alm_xml_is_wide(window->data, window->length);
  x->depth = x->record = x->data = 0;
  x->place = NO_TEXT;
  x->began = x->in_tag = false;
  x->ended_at = 0;
  x->start = window->offset;
  return true;
}

static void close_reader(alm_marc_reading *reading) {
  marcxml *x = reading->state;
  if (!x) return;
  xmlFreeParserCtxt(x->guard.parser);
  alm_buf_free(&x->leader);
  free(x);
  reading->state = NULL;
}

static bool open_reader(alm_marc_reading *reading, alm_error *err) {
  marcxml *x = calloc(1, sizeof *x);
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
static bool is_between(const marcxml *x) {
  const xmlParserInput *input = x->guard.parser->input;
  bool inside = x->record && x->filled;
  return x->guard.parser->instate == XML_PARSER_CONTENT && !inside && !x->wide &&
         !input->buf->encoder && x->depth + 3 <= DEPTH &&
         is_blank((const char *)input->cur, (size_t)(input->end - input->cur));
}

/* Where libxml2 is, the blanks that it holds back included. */
static void find_place(const marcxml *x, int *line, long *column) {
  const xmlParserInput *input = x->guard.parser->input;
  *line = input->line;
  *column = input->col;
  for (const xmlChar *at = input->cur; at < input->end; at++) {
    *column = *at == '\n' ? 1 : *column + 1;
    *line += *at == '\n';
  }
}

/* Errors after it are told at their place in the file. */
static void pass_over(marcxml *x, const alm_marc_xml_taken *taken) {
  alm_xml_guard *guard = &x->guard;
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

static bool take_quick(marcxml *x, const alm_window *window, alm_error *err) {
  alm_marc_reading *reading = x->reading;
  alm_marc_xml_taken taken;
  for (;;) {
    size_t blanks = 0;
    while (blanks < window->length && is_blank(window->data + blanks, 1)) blanks++;
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
static size_t next_piece(marcxml *x, const char *text, size_t length, bool at_end) {
  static const char word[] = "record";
  const char *from = text;
  if (!x->in_tag && !x->wide) {
    from = memmem(text, length, word, sizeof word - 1);
    if (!from) return at_end || length < sizeof word ? length : length - sizeof word + 2;
    const char *tag = alm_marc_xml_tag(text, from);
    if (tag && tag[1] != '/' && !is_blank(text, (size_t)(tag - text))) return (size_t)(tag - text);
    x->in_tag = true;
  }
  const char *end = memchr(from, '>', length - (size_t)(from - text));
  if (!end) return length;
  x->in_tag = false;
  return (size_t)(end + 1 - text);
}

static void feed(marcxml *x, const alm_window *window) {
  size_t length = window->length < PIECE ? window->length : PIECE;
  size_t piece = next_piece(x, window->data, length, window->at_end);
  uint64_t offset = window->offset;
  xmlParseChunk(x->guard.parser, window->data, (int)piece, 0);
  if (x->ended_at > 0) piece = (size_t)(x->start + (uint64_t)x->ended_at - offset);
  alm_marc_source_use(x->reading->source, piece);
}

/* What stands behind the root is the next document's, if there is one. */
static bool next_document(marcxml *x, alm_error *err) {
  alm_marc_source *source = x->reading->source;
  for (;;) {
    const alm_window *window = alm_marc_source_fill(source, HEAD, err);
    if (!window) return false;
    if (window->length == 0) return true;
    if (!is_blank(window->data, 1)) {
      x->follows = true;
      return begin_document(x, window, err);
    }
    if (window->data[0] == '\n') x->guard.lines_before++;
    alm_marc_source_use(source, 1);
  }
}

/* ---- records ---- */

static alm_marc_result broken(marcxml *x, alm_error *err) {
  *err = x->error;
  return ALM_MARC_FAILED;
}

/* The end of the bytes: is the document whole? Comments behind the last root
 * are no document. */
static alm_marc_result end_bytes(marcxml *x, alm_error *err) {
  if (x->ended_at == 0) xmlParseChunk(x->guard.parser, NULL, 0, 1);
  if (x->done) return ALM_MARC_RECORD;
  bool comments = x->follows && !x->began;
  return x->guard.failed && !comments ? broken(x, err) : ALM_MARC_END;
}

/* Goes on until a record is there, or nothing more. */
static alm_marc_result advance(marcxml *x, alm_error *err) {
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
  marcxml *x = reading->state;
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
