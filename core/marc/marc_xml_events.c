/* libxml2's events make records. */
#include <string.h>

#include "marc_private.h"
#include "marc_xml_private.h"

enum { ATTRIBUTE = 5 };

/* ---- where we are ---- */

size_t alm_marcxml_done(const alm_marcxml *x) {
  long consumed = xmlByteConsumed(x->guard.parser);
  uint64_t place = x->start + (consumed > 0 ? (uint64_t)consumed : 0);
  if (consumed < 0 || place > x->fed.offset + x->fed.length) return x->fed.length;
  return place > x->fed.offset ? (size_t)(place - x->fed.offset) : 0;
}

/* The last '<' before the parser's place, or there: the tag whose event this is. */
static uint64_t tag_offset(const alm_marcxml *x) {
  size_t done = alm_marcxml_done(x), at = done;
  bool there = at < x->fed.length && x->fed.data[at] == '<';
  while (!there && at > 0) there = x->fed.data[--at] == '<';
  return x->fed.offset + (there ? at : done);
}

static size_t byte_of_record(const alm_marcxml *x) {
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

static void keep_text(alm_marcxml *x, alm_marcxml_place where) {
  x->place = where;
  x->text = x->guard.depth;
}

static void begin_record(alm_marcxml *x) {
  if (x->record && x->filled) {
    alm_xml_bounds_stop(&x->guard, ALM_PARSE, "another record begins inside of it");
    return;
  }
  x->record = x->guard.depth;
  x->data = 0;
  x->place = NO_TEXT;
  x->has_leader = x->filled = false;
  x->offset = tag_offset(x);
  alm_marc_clear(x->reading->builder, x->reading->number, x->offset);
}

static void begin_leader(alm_marcxml *x) {
  x->filled = x->has_leader = true;
  alm_buf_clear(&x->leader);
  keep_text(x, LEADER_TEXT);
}

static const char *tag_of(alm_marcxml *x, const xmlChar **given, int count, char tag[ALM_MARC_TAG_ROOM]) {
  alm_slice text = attribute(given, count, x->names.tag);
  if (!alm_marc_repair_tag(text, tag))
    NOTE(x, ALM_MARC_TAG, "the tag \"%.*s\" is not three letters or digits",
         (int)(text.length < 20 ? text.length : 20), text.text);
  return tag;
}

static void begin_control(alm_marcxml *x, const xmlChar **given, int count) {
  char tag[ALM_MARC_TAG_ROOM];
  x->filled = true;
  alm_marc_open_control(x->reading->builder, tag_of(x, given, count, tag));
  keep_text(x, FIELD_TEXT);
}

static char indicator(alm_marcxml *x, alm_slice text, const char *tag, int which) {
  char c;
  if (!alm_marc_repair_indicator(text, &c))
    NOTE(x, ALM_MARC_INDICATOR, "indicator %d of field %s is not one character of ASCII", which, tag);
  return c;
}

static void begin_data(alm_marcxml *x, const xmlChar **given, int count) {
  char tag[ALM_MARC_TAG_ROOM];
  x->filled = true;
  tag_of(x, given, count, tag);
  char first = indicator(x, attribute(given, count, x->names.indicator1), tag, 1);
  char second = indicator(x, attribute(given, count, x->names.indicator2), tag, 2);
  alm_marc_open_data(x->reading->builder, tag, first, second);
  x->data = x->guard.depth;
}

static void begin_subfield(alm_marcxml *x, const xmlChar **given, int count) {
  alm_slice code = attribute(given, count, x->names.code);
  if (!alm_marc_repair_code(&code))
    NOTE(x, ALM_MARC_SUBFIELD, "the subfield's code \"%.*s\" is not one character",
         (int)(code.length < 40 ? code.length : 40), code.text);
  alm_marc_open_subfield(x->reading->builder, code.text, code.length);
  keep_text(x, FIELD_TEXT);
}

/* What stands in a record and is none of its elements. Its text goes where the
 * text around it goes. */
static void begin_other(alm_marcxml *x, const xmlChar *name) {
  if (x->filled)
    NOTE(x, ALM_MARC_STRUCTURE, "<%.40s> has no place in a record", (const char *)name);
}

static void begin_child(alm_marcxml *x, const xmlChar *name, const xmlChar **given, int count) {
  bool field = x->guard.depth == x->record + 1;
  if (name == x->names.subfield && x->data && x->guard.depth == x->data + 1)
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
  alm_marcxml *x = alm_xml_bounds_of(userdata);
  if (x->guard.failed) return;
  x->began = x->tagged = true;
  if (++x->guard.depth > ALM_MARCXML_DEPTH)
    alm_xml_bounds_stop(&x->guard, ALM_LIMIT, "elements are nested too deeply");
  else if (name == x->names.record) begin_record(x);
  else if (x->record) begin_child(x, name, given, count);
}

/* ---- ends ---- */

static void end_text(alm_marcxml *x) {
  if (x->place == LEADER_TEXT)
    alm_marc_set_leader(x->reading->builder, alm_buf_text(&x->leader), x->leader.length);
  x->place = NO_TEXT;
}

/* A <record> without MARC in it, as OAI-PMH's around it, is passed over. */
static void end_record(alm_marcxml *x) {
  if (x->filled && !x->has_leader) NOTE(x, ALM_MARC_LEADER_WRONG, "the record has no leader");
  x->done = x->filled;
  x->record = 0;
}

/* Behind the root another document may begin: parsing stops here. Text that is
 * converted can't be taken up at a byte, but for a record alone: that is fed to its end. */
static void end_root(alm_marcxml *x) {
  if (!x->utf8 && !x->alone) return;
  x->ended = true;
  if (x->utf8) x->ended_at = xmlByteConsumed(x->guard.parser);
  xmlStopParser(x->guard.parser);
}

static void end_element(void *userdata, const xmlChar *name, const xmlChar *prefix,
                        const xmlChar *uri) {
  (void)name, (void)prefix, (void)uri;
  alm_marcxml *x = alm_xml_bounds_of(userdata);
  if (x->guard.failed) return;
  x->tagged = true;
  if (x->place != NO_TEXT && x->guard.depth == x->text) end_text(x);
  if (x->guard.depth == x->data) x->data = 0;
  if (x->guard.depth == x->record) end_record(x);
  if (--x->guard.depth == 0) end_root(x);
}

bool alm_marcxml_is_blank(const char *text, size_t length) {
  for (; length > 0; length--, text++)
    if (*text != ' ' && *text != '\n' && *text != '\t' && *text != '\r') return false;
  return true;
}

static void add_text(void *userdata, const xmlChar *given, int length) {
  alm_marcxml *x = alm_xml_bounds_of(userdata);
  const char *text = (const char *)given;
  x->tagged = x->tagged && alm_marcxml_is_blank(text, (size_t)length);
  if (x->guard.failed || !x->record) return;
  if (x->place == FIELD_TEXT) alm_marc_add_text(x->reading->builder, text, (size_t)length);
  else if (x->place == LEADER_TEXT) alm_buf_add(&x->leader, text, (size_t)length);
  else if (x->filled && !alm_marcxml_is_blank(text, (size_t)length))
    NOTE(x, ALM_MARC_STRUCTURE, "text between the elements of a record");
}

/* ---- listening ---- */

static const xmlChar *named(xmlParserCtxtPtr parser, const char *name) {
  return xmlDictLookup(parser->dict, (const xmlChar *)name, -1);
}

static void find_names(alm_marcxml *x, xmlParserCtxtPtr parser) {
  x->names = (alm_marcxml_names){
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

void alm_marcxml_listen(alm_marcxml *x, xmlParserCtxtPtr parser) {
  find_names(x, parser);
  set_handlers(parser->sax);
}
