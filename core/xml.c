/* libxml2's SAX2 events build a tree in one region of memory. */
#include "xml.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

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
  xmlParserCtxtPtr parser;
  alm_xml *document;
  const alm_xml_limits *limits;
  alm_error *err;
  bool failed;
  size_t nodes;
  int depth;
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

/* ---- failures: the first one counts ---- */

static void stop(reader *r, alm_code code, const char *words) {
  if (r->failed) return;
  r->failed = true;
  alm_fail(r->err, code, "XML: %s, line %d column %d", words,
           xmlSAX2GetLineNumber(r->parser),
           xmlSAX2GetColumnNumber(r->parser));
  xmlStopParser(r->parser);
}

static void note_error(void *userdata, xmlErrorPtr error) {
  reader *r = ((xmlParserCtxtPtr)userdata)->_private;
  if (r->failed || error->level != XML_ERR_FATAL) return;
  char words[300];
  const char *message = error->message ? error->message : "not XML";
  snprintf(words, sizeof words, "%.*s", (int)strcspn(message, "\n"), message);
  words[0] = (char)tolower((unsigned char)words[0]);
  r->failed = true;
  alm_fail(r->err, ALM_PARSE, "XML: %s, line %d column %d", words, error->line,
           error->int2);
}

static void refuse_doctype(void *userdata, const xmlChar *name,
                           const xmlChar *external, const xmlChar *system) {
  (void)name, (void)external, (void)system;
  reader *r = ((xmlParserCtxtPtr)userdata)->_private;
  stop(r, ALM_PARSE, "a DOCTYPE is not allowed");
}

/* libxml2 asks for what is none of XML's own five. */
static xmlEntityPtr refuse_entity(void *userdata, const xmlChar *name) {
  char words[100];
  reader *r = ((xmlParserCtxtPtr)userdata)->_private;
  snprintf(words, sizeof words, "the entity &%s; is not known",
           (const char *)name);
  stop(r, ALM_PARSE, words);
  return NULL;
}

/* ---- events ---- */

/* Five pointers each: name, prefix, namespace, value, end of the value. */
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
  alm_xml_node *parent = r->depth > 0 ? r->open[r->depth - 1] : NULL;
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
  (void)prefix, (void)namespace_count, (void)namespaces, (void)defaulted;
  reader *r = ((xmlParserCtxtPtr)userdata)->_private;
  if (r->failed) return;
  if (r->depth == r->limits->max_depth) {
    stop(r, ALM_LIMIT, "elements are nested too deeply");
  } else if (++r->nodes > NODES) {
    stop(r, ALM_LIMIT, "too many elements");
  } else {
    alm_xml_node *node = new_node(r->document, name, uri, count, attributes);
    if (!node) {
      stop(r, ALM_LIMIT, "out of memory");
      return;
    }
    link_node(r, node);
    alm_buf_clear(&r->text[r->depth]);
    r->open[r->depth++] = node;
  }
}

static void end_element(void *userdata, const xmlChar *name,
                        const xmlChar *prefix, const xmlChar *uri) {
  (void)name, (void)prefix, (void)uri;
  reader *r = ((xmlParserCtxtPtr)userdata)->_private;
  if (r->failed || r->depth == 0) return;
  r->depth--;
  alm_buf *text = &r->text[r->depth];
  if (text->length == 0) return;
  char *kept = copy(r->document, text->data, text->length);
  if (!kept) stop(r, ALM_LIMIT, "out of memory");
  else r->open[r->depth]->text = kept;
}

static void add_text(void *userdata, const xmlChar *text, int length) {
  reader *r = ((xmlParserCtxtPtr)userdata)->_private;
  if (r->failed || r->depth == 0) return;
  if (!alm_buf_add(&r->text[r->depth - 1], text, (size_t)length))
    stop(r, ALM_LIMIT, "out of memory");
}

/* ---- encoding ---- */

static bool is_sixteen_bits(const char *text, size_t length) {
  if (length < 2) return false;
  return memcmp(text, "\xfe\xff", 2) == 0 || memcmp(text, "\xff\xfe", 2) == 0 ||
         text[0] == '\0' || text[1] == '\0';
}

static bool starts_with_any(const char *name, const char *const *starts) {
  for (; *starts; starts++)
    if (strncasecmp(name, *starts, strlen(*starts)) == 0) return true;
  return false;
}

/* Copies the declared encoding; empty when none is declared in the first
 * bytes. */
static void find_declared(const char *text, size_t length, char *name,
                          size_t size) {
  char start[200];
  *name = '\0';
  snprintf(start, sizeof start, "%.*s",
           (int)(length < sizeof start ? length : sizeof start - 1), text);
  char *end = strstr(start, "?>");
  if (strncmp(start, "<?xml", 5) != 0 || !end) return;
  *end = '\0';
  const char *named = strstr(start, "encoding");
  if (!named) return;
  named += strcspn(named, "\"'");
  if (*named) named++;
  snprintf(name, size, "%.*s", (int)strcspn(named, "\"'\r\n"), named);
}

/* The encoding to read with, NULL for the declared one. A declaration that
 * one can read byte by byte, and that names an encoding of wider units, is
 * wrong: what it stood in was decoded once already. */
static bool choose_encoding(reader *r, const char *text, size_t length,
                            const char **encoding) {
  static const char *const wide[] = {"UTF-16", "UTF-32", "UCS-",
                                     "ISO-10646-UCS", NULL};
  static const char *const known[] = {"UTF-8",        "UTF8",    "US-ASCII",
                                      "ISO-8859-",    "ASCII",   "ISO8859",
                                      "windows-125",  "latin1",  NULL};
  char name[64];
  *encoding = NULL;
  if (is_sixteen_bits(text, length)) return true;
  find_declared(text, length, name, sizeof name);
  if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) *encoding = "UTF-8";
  if (starts_with_any(name, wide)) *encoding = "UTF-8";
  if (!*name || *encoding || starts_with_any(name, known)) return true;
  r->failed = true;
  return alm_fail(r->err, ALM_PARSE,
                  "XML: the encoding %s is not read, line 1 column 1", name);
}

/* ---- parsing ---- */

static void set_handlers(xmlParserCtxtPtr parser) {
  xmlSAXHandler *sax = parser->sax;
  memset(sax, 0, sizeof *sax);
  sax->initialized = XML_SAX2_MAGIC;
  sax->startElementNs = begin_element;
  sax->endElementNs = end_element;
  sax->characters = add_text;
  sax->cdataBlock = add_text;
  sax->ignorableWhitespace = add_text;
  sax->internalSubset = refuse_doctype;
  sax->getEntity = refuse_entity;
  sax->serror = note_error;
}

static void run_parser(reader *r, const char *text, size_t length) {
  const char *encoding;
  if (!choose_encoding(r, text, length, &encoding)) return;
  int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOWARNING |
                (encoding ? XML_PARSE_IGNORE_ENC : 0);
  r->parser->_private = r;
  set_handlers(r->parser);
  xmlDocPtr unused = xmlCtxtReadMemory(r->parser, text, (int)length, NULL,
                                       encoding, options);
  if (unused) xmlFreeDoc(unused);
  if (!r->parser->wellFormed) stop(r, ALM_PARSE, "not well-formed");
  if (!r->document->root) stop(r, ALM_PARSE, "no element in it");
}

static void read_document(reader *r, const char *text, size_t length) {
  for (int i = 0; i < DEPTH; i++) alm_buf_init(&r->text[i], 4 * length + 1);
  r->parser = xmlNewParserCtxt();
  if (r->parser) {
    run_parser(r, text, length);
    xmlFreeParserCtxt(r->parser);
  } else {
    r->failed = !alm_fail(r->err, ALM_LIMIT, "out of memory");
  }
  for (int i = 0; i < DEPTH; i++) alm_buf_free(&r->text[i]);
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
    *r = (reader){.document = document, .limits = limits, .err = err};
    read_document(r, text, length);
    done = !r->failed;
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

bool alm_xml_escape(const char *text, size_t length, alm_buf *out) {
  bool done = true;
  while (done && length > 0) {
    size_t step = alm_text_character(text, length);
    const char *instead = escaped(*text);
    bool control = (unsigned char)*text < 0x20 && !strchr("\t\n\r", *text);
    if (step == 0 || control || *text == '\0') instead = "\xef\xbf\xbd";
    if (step == 0) step = 1;
    done = instead ? alm_buf_adds(out, instead) : alm_buf_add(out, text, step);
    text += step;
    length -= step;
  }
  return done;
}
