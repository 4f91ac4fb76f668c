/* Reads bounded XML over libxml2 into a small tree of its own.
 *
 * There is no network, no file and no DOCTYPE, so no entity but XML's own five. Depth,
 * size and number of elements are limited. The bytes decide the encoding: Alma hands
 * out UTF-8 whose declaration says UTF-16, and that is read as UTF-8. ISO-8859,
 * windows-125x and true UTF-16 are read as declared, other encodings are refused.
 * Blank lines before the declaration and whatever stands behind the root are passed over.
 * Failures: parse (with line and column) or limit. */
#ifndef ALM_XML_H
#define ALM_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

typedef struct {
  const char *name; /* "href", with a namespace "prefix:href" */
  const char *value;
} alm_xml_attribute;

typedef struct alm_xml_node alm_xml_node;
struct alm_xml_node {
  const char *name;            /* without prefix */
  const char *name_space;      /* its address, or NULL */
  const char *text;            /* text directly in it, without that of children; never NULL */
  const alm_xml_attribute *attributes;
  size_t attribute_count;
  const alm_xml_attribute *spaces; /* prefixes that it declares, and their namespaces */
  size_t space_count;
  alm_xml_node *first, *last;  /* child elements */
  alm_xml_node *next;          /* sibling */
  size_t child_count;
};

typedef struct alm_xml alm_xml;

typedef struct {
  int max_depth;   /* elements in each other, up to 200 */
  size_t max_size; /* bytes, up to 1 GiB */
} alm_xml_limits;

/* All memory is the document's; it does not need `text` any more. */
alm_xml *alm_xml_parse(const char *text, size_t length,
                       const alm_xml_limits *limits, alm_error *err);
const alm_xml_node *alm_xml_root(const alm_xml *document);
void alm_xml_free(alm_xml *document); /* NULL is fine */

/* Adds `text` fit for element content and for attributes in either quotes.
 * What XML can't hold (control characters, bytes that are not UTF-8) becomes
 * U+FFFD. False when `out` is full. */
bool alm_xml_escape(const char *text, size_t length, alm_buf *out);

#endif
