/* libxml2's SAX2 events build a tree in one region of memory. */
#include "xml.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "xml_bounds.h"

#define DEPTH 200
#define NODES 1000000
#define BLOCK (64 * 1024)

typedef struct block {
  struct block *next;
  size_t used, size;
  max_align_t data[];
} block;

struct alm_xml {
  block *blocks;
  alm_xml_node *root;
};

typedef struct {
  alm_xml_bounds guard;
  alm_xml *document;
  const alm_xml_limits *limits;
  size_t nodes;
  bool ended;                /* the root has */
  alm_xml_node *open[DEPTH]; /* the elements that have begun */
  alm_buf text[DEPTH];       /* their text so far */
} reader;

/* ---- memory ---- */

static void *allocate(alm_xml *document, size_t size) {
  size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
  block *current = document->blocks;
  if (!current || current->size - current->used < size) {
    size_t room = size > BLOCK ? size : BLOCK;
    current = malloc(sizeof *current + room);
    if (!current) return NULL;
    *current = (block){.next = document->blocks, .size = room};
    document->blocks = current;
  }
  void *memory = (char *)current->data + current->used;
  current->used += size;
  return memory;
}

static char *copy(alm_xml *document, const void *text, size_t length) {
  char *memory = allocate(document, length + 1);
  if (!memory) return NULL;
  if (length) memcpy(memory, text, length);
  memory[length] = '\0';
  return memory;
}

static char *copy_string(alm_xml *document, const xmlChar *text) {
  return copy(document, text, strlen((const char *)text));
}

void alm_xml_free(alm_xml *document) {
  if (!document) return;
  while (document->blocks) {
    block *first = document->blocks;
    document->blocks = first->next;
    free(first);
  }
  free(document);
}

const alm_xml_node *alm_xml_root(const alm_xml *document) {
  return document->root;
}

/* ---- events ---- */

/* An attribute has five pointers: name, prefix, namespace, value, end of the value. */
static bool copy_attributes(alm_xml *document, alm_xml_node *node,
                            const xmlChar **given) {
  size_t count = node->attribute_count;
  alm_xml_attribute *list = allocate(document, (count + 1) * sizeof *list);
  node->attributes = list;
  for (size_t i = 0; list && i < count; i++, given += 5) {
    size_t prefix = given[1] ? strlen((const char *)given[1]) + 1 : 0;
    size_t length = strlen((const char *)given[0]);
    char *name = allocate(document, prefix + length + 1);
    if (!name) return false;
    if (prefix) sprintf(name, "%s:", (const char *)given[1]);
    strcpy(name + prefix, (const char *)given[0]);
    list[i].name = name;
    list[i].value = copy(document, given[3], (size_t)(given[4] - given[3]));
    if (!list[i].value) return false;
  }
  return list != NULL;
}

/* A declaration has two pointers: prefix, NULL for the namespace without one, and namespace. */
static bool copy_spaces(alm_xml *document, alm_xml_node *node, size_t count, const xmlChar **given) {
  alm_xml_attribute *list = count ? allocate(document, count * sizeof *list) : NULL;
  node->spaces = list;
  for (; list && count > 0; count--, given += 2) {
    if (!given[0] || !given[1]) continue;
    alm_xml_attribute *space = &list[node->space_count++];
    space->name = copy_string(document, given[0]);
    space->value = copy_string(document, given[1]);
    if (!space->name || !space->value) return false;
  }
  return count == 0;
}

static alm_xml_node *new_node(alm_xml *document, const xmlChar *name,
                              const xmlChar *uri, int count,
                              const xmlChar **attributes) {
  alm_xml_node *node = allocate(document, sizeof *node);
  if (!node) return NULL;
  *node = (alm_xml_node){.name = copy_string(document, name), .text = ""};
  node->attribute_count = (size_t)count;
  if (!node->name || !copy_attributes(document, node, attributes)) return NULL;
  if (uri && !(node->name_space = copy_string(document, uri))) return NULL;
  return node;
}

static void link_node(reader *r, alm_xml_node *node) {
  alm_xml_node *parent = r->guard.depth > 0 ? r->open[r->guard.depth - 1] : NULL;
  if (!parent) {
    r->document->root = node;
    return;
  }
  if (parent->last) parent->last->next = node;
  else parent->first = node;
  parent->last = node;
  parent->child_count++;
}

static void begin_element(void *userdata, const xmlChar *name,
                          const xmlChar *prefix, const xmlChar *uri,
                          int namespace_count, const xmlChar **namespaces,
                          int count, int defaulted,
                          const xmlChar **attributes) {
  (void)prefix, (void)defaulted;
  reader *r = alm_xml_bounds_of(userdata);
  if (r->guard.failed) return;
  if (r->guard.depth == r->limits->max_depth) {
    alm_xml_bounds_stop(&r->guard, ALM_LIMIT, "elements are nested too deeply");
  } else if (++r->nodes > NODES) {
    alm_xml_bounds_stop(&r->guard, ALM_LIMIT, "too many elements");
  } else {
    alm_xml_node *node = new_node(r->document, name, uri, count, attributes);
    if (!node || !copy_spaces(r->document, node, (size_t)namespace_count, namespaces)) {
      alm_xml_bounds_stop(&r->guard, ALM_LIMIT, "out of memory");
      return;
    }
    link_node(r, node);
    alm_buf_clear(&r->text[r->guard.depth]);
    r->open[r->guard.depth++] = node;
  }
}

/* What servers add behind it is not read. */
static void end_root(reader *r) {
  r->ended = true;
  xmlStopParser(r->guard.parser);
}

static void end_element(void *userdata, const xmlChar *name,
                        const xmlChar *prefix, const xmlChar *uri) {
  (void)name, (void)prefix, (void)uri;
  reader *r = alm_xml_bounds_of(userdata);
  if (r->guard.failed || r->guard.depth == 0) return;
  r->guard.depth--;
  if (r->guard.depth == 0) end_root(r);
  alm_buf *text = &r->text[r->guard.depth];
  if (text->length == 0) return;
  char *kept = copy(r->document, text->data, text->length);
  if (!kept) alm_xml_bounds_stop(&r->guard, ALM_LIMIT, "out of memory");
  else r->open[r->guard.depth]->text = kept;
}

static void add_text(void *userdata, const xmlChar *text, int length) {
  reader *r = alm_xml_bounds_of(userdata);
  if (r->guard.failed || r->guard.depth == 0) return;
  if (!alm_buf_add(&r->text[r->guard.depth - 1], text, (size_t)length))
    alm_xml_bounds_stop(&r->guard, ALM_LIMIT, "out of memory");
}

/* ---- parsing ---- */

static void set_handlers(xmlParserCtxtPtr parser) {
  parser->sax->startElementNs = begin_element;
  parser->sax->endElementNs = end_element;
  parser->sax->characters = add_text;
  parser->sax->cdataBlock = add_text;
  parser->sax->ignorableWhitespace = add_text;
}

static void run_parser(reader *r, const char *text, size_t length, const char *encoding) {
  set_handlers(r->guard.parser);
  xmlDocPtr unused = xmlCtxtReadMemory(r->guard.parser, text, (int)length, NULL,
                                       encoding, alm_xml_options(encoding));
  if (unused) xmlFreeDoc(unused);
  if (!r->ended) alm_xml_bounds_stop(&r->guard, ALM_PARSE, "not well-formed");
  if (!r->document->root) alm_xml_bounds_stop(&r->guard, ALM_PARSE, "no element in it");
}

/* Some servers send blank lines before the declaration. */
static size_t count_blanks(reader *r, const char *text, size_t length) {
  size_t count = 0;
  for (; count < length && memchr(" \t\r\n", text[count], 4); count++)
    r->guard.lines_before += text[count] == '\n';
  return count;
}

static bool read_document(reader *r, const char *text, size_t length, alm_error *err) {
  const char *encoding;
  bool marked = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
  size_t from = marked ? 3 : 0;
  from += count_blanks(r, text + from, length - from);
  text += from;
  length -= from;
  if (!alm_xml_encoding(text, length, &encoding, err)) return false;
  if (marked) encoding = "UTF-8";
  xmlParserCtxtPtr parser = xmlNewParserCtxt();
  if (!parser) return alm_fail(err, ALM_LIMIT, "out of memory");
  for (int i = 0; i < DEPTH; i++) alm_buf_init(&r->text[i], 4 * length + 1);
  alm_xml_bounds_set(&r->guard, parser, err);
  run_parser(r, text, length, encoding);
  xmlFreeParserCtxt(parser);
  for (int i = 0; i < DEPTH; i++) alm_buf_free(&r->text[i]);
  return !r->guard.failed;
}

alm_xml *alm_xml_parse(const char *text, size_t length,
                       const alm_xml_limits *limits, alm_error *err) {
  if (length > limits->max_size || length > INT_MAX / 2) {
    alm_fail(err, ALM_LIMIT, "the XML has more than %zu bytes",
             limits->max_size);
    return NULL;
  }
  reader *r = calloc(1, sizeof *r);
  alm_xml *document = calloc(1, sizeof *document);
  bool done = false;
  if (r && document) {
    r->document = document;
    r->limits = limits;
    done = read_document(r, text, length, err);
  } else {
    alm_fail(err, ALM_LIMIT, "out of memory");
  }
  free(r);
  if (done) return document;
  alm_xml_free(document);
  return NULL;
}

/* ---- writing ---- */

static const char *escaped(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&apos;";
    case '\r': return "&#13;";
    default: return NULL;
  }
}

/* How many bytes from here need no escape, looking at ASCII only. */
static size_t plain(const char *text, size_t length) {
  size_t at = 0;
  for (; at < length; at++) {
    unsigned char c = (unsigned char)text[at];
    if (c >= 0x80 || (c < 0x20 && c != '\t' && c != '\n')) break;
    if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'') break;
  }
  return at;
}

/* U+FFFE and U+FFFF are valid UTF-8, but XML does not allow them. */
static bool is_outside(const char *text, size_t length) {
  return length >= 3 && (memcmp(text, "\xef\xbf\xbe", 3) == 0 ||
                         memcmp(text, "\xef\xbf\xbf", 3) == 0);
}

/* How many bytes from here need no escape, for characters of several bytes. */
static size_t plain_wide(const char *text, size_t length) {
  size_t at = 0, step;
  while (at < length && (unsigned char)text[at] >= 0x80) {
    step = alm_text_character(text + at, length - at);
    if (step == 0 || is_outside(text + at, length - at)) break;
    at += step;
  }
  return at;
}

bool alm_xml_escape(const char *text, size_t length, alm_buf *out) {
  for (size_t at = 0; at < length;) {
    size_t run = plain(text + at, length - at);
    if (run == 0) run = plain_wide(text + at, length - at);
    if (!alm_buf_add(out, text + at, run)) return false;
    at += run;
    if (run > 0) continue;
    const char *instead = escaped(text[at]);
    if (!alm_buf_adds(out, instead ? instead : "\xef\xbf\xbd")) return false;
    at += is_outside(text + at, length - at) ? 3 : 1;
  }
  return true;
}
