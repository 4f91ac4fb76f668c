/* What every reader of XML over libxml2 does: no network, no files, no DOCTYPE, so no
 * entity but XML's own five. The first failure counts and names line and column. The
 * bytes decide the encoding. */
#ifndef ALM_XML_BOUNDS_H
#define ALM_XML_BOUNDS_H

#include <libxml/parser.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

typedef struct {
  xmlParserCtxtPtr parser; /* its _private points to this guard */
  alm_error *err;          /* filled by the first failure */
  bool failed;
  int depth;               /* elements that have begun; counted by the reader */
  /* The part of the file that the parser never saw, so that places are the file's: whole
   * lines, and bytes in front of what the parser takes for its first line. */
  long lines_before, columns_before;
  int line;
} alm_xml_bounds;

/* Makes it the guard of `parser`. All of libxml2's own events are switched off, and
 * the reader sets the events that it wants in parser->sax. */
void alm_xml_bounds_set(alm_xml_bounds *guard, xmlParserCtxtPtr parser, alm_error *err);

/* The guard of the parser that is an event's userdata. The guard is the first member
 * of a reader, so this is the reader as well. */
void *alm_xml_bounds_of(void *userdata);

/* Fails with ": line, column" behind the words and ends the parsing. */
void alm_xml_bounds_stop(alm_xml_bounds *guard, alm_code code, const char *words);

/* The encoding to read with; some 200 bytes of the document's beginning are enough.
 * NULL means the declared one. When a declaration that is readable byte by byte names
 * an encoding of wider units, it is wrong: the document was decoded already (Alma's
 * bibs). False when the encoding is one that is refused. */
bool alm_xml_encoding(const char *text, size_t length, const char **encoding,
                      alm_error *err);

/* Does the text begin with characters of 16 bits? */
bool alm_xml_is_wide(const char *text, size_t length);

/* Is it UTF-8, by its declaration and by alm_xml_encoding? Then the parser counts bytes
 * as they lie in the file. */
bool alm_xml_is_utf8(const char *text, size_t length);

/* libxml2's options for an encoding from alm_xml_encoding. */
int alm_xml_options(const char *encoding);

#endif
