/* What every reader of XML over libxml2 has in common: no network, no files,
 * no DOCTYPE, so no entities but the five that XML has; the first failure
 * counts and names line and column; the bytes decide the encoding. */
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
  /* What the parser never saw, so that places are those of the file: lines, and
   * bytes of the line that it has as `line`. */
  long lines_before, columns_before;
  int line;
} alm_xml_bounds;

/* Makes it the guard of `parser`: all events of libxml2's own are off, the
 * reader sets the ones that it wants in parser->sax. */
void alm_xml_bounds_set(alm_xml_bounds *guard, xmlParserCtxtPtr parser, alm_error *err);

/* The guard of the parser that is an event's userdata. A reader has it as its
 * first member. */
void *alm_xml_bounds_of(void *userdata);

/* Fails with ": line, column" behind the words and ends the parsing. */
void alm_xml_bounds_stop(alm_xml_bounds *guard, alm_code code, const char *words);

/* The encoding to read with, from the document's beginning (some 200 bytes are
 * enough); NULL for the declared one. A declaration that one can read byte by
 * byte, and that names an encoding of wider units, is wrong: what it stood in
 * was decoded once already (Alma's bibs). False: it is one that is not read. */
bool alm_xml_encoding(const char *text, size_t length, const char **encoding,
                      alm_error *err);

/* Does the text begin with 16 bit characters? */
bool alm_xml_is_wide(const char *text, size_t length);

/* Is it UTF-8 by what it declares, and by alm_xml_encoding? Then bytes are counted
 * as they lie in the file. */
bool alm_xml_is_utf8(const char *text, size_t length);

/* libxml2's options for an encoding from alm_xml_encoding. */
int alm_xml_options(const char *encoding);

#endif
