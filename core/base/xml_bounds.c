/* Refuses what is not allowed, reports failures, and chooses the encoding, for all
 * readers of XML. */
#include "xml_bounds.h"

#include <ctype.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- failures: the first one counts ---- */

static void fail_at(alm_xml_bounds *guard, alm_code code, const char *words,
                    int line, int column) {
  if (guard->failed) return;
  guard->failed = true;
  alm_fail(guard->err, code, "XML: %s, line %ld column %ld", words,
           guard->lines_before + line,
           column + (line == guard->line ? guard->columns_before : 0));
}

void alm_xml_bounds_stop(alm_xml_bounds *guard, alm_code code, const char *words) {
  fail_at(guard, code, words, xmlSAX2GetLineNumber(guard->parser),
          xmlSAX2GetColumnNumber(guard->parser));
  xmlStopParser(guard->parser);
}

void *alm_xml_bounds_of(void *userdata) {
  return ((xmlParserCtxtPtr)userdata)->_private;
}

/* Uses libxml2's words, except where they name a line (libxml2 does not know the
 * file's lines) and where it calls an early end extra content. */
static void describe(const xmlError *error, bool inside, char *words, size_t size) {
  const char *message = error->message ? error->message : "not XML";
  if (error->code == XML_ERR_TAG_NAME_MISMATCH && error->str1 && error->str2)
    snprintf(words, size, "<%s> is closed by </%s>", error->str1, error->str2);
  else if (error->code == XML_ERR_TAG_NOT_FINISHED && error->str1)
    snprintf(words, size, "it ends inside <%s>", error->str1);
  else if (error->code == XML_ERR_GT_REQUIRED && error->str1)
    snprintf(words, size, "the tag <%s> has no end", error->str1);
  else if (error->code == XML_ERR_DOCUMENT_END && inside)
    snprintf(words, size, "it ends inside an element");
  else if (error->code == XML_ERR_ENTITYREF_SEMICOL_MISSING || error->code == XML_ERR_NAME_REQUIRED)
    snprintf(words, size, "a bare \"&\" or \"<\" where \"&amp;\" or \"&lt;\" belongs");
  else if (error->code == XML_ERR_INVALID_CHAR && error->int1 > 0)
    snprintf(words, size, "the character 0x%02x is not allowed", (unsigned)error->int1);
  else if (strstr(message, "Huge input lookup"))
    snprintf(words, size, "a tag or a comment is too long");
  else
    snprintf(words, size, "%.*s", (int)strcspn(message, "\n"), message);
  if (islower((unsigned char)words[1])) words[0] = (char)tolower((unsigned char)words[0]);
}

static void note_error(void *userdata, xmlErrorPtr error) {
  if (error->level != XML_ERR_FATAL) return;
  char words[300];
  alm_xml_bounds *guard = alm_xml_bounds_of(userdata);
  describe(error, guard->depth > 0, words, sizeof words);
  fail_at(guard, ALM_PARSE, words, error->line, error->int2);
}

static void refuse_doctype(void *userdata, const xmlChar *name,
                           const xmlChar *external, const xmlChar *system) {
  (void)name, (void)external, (void)system;
  alm_xml_bounds_stop(alm_xml_bounds_of(userdata), ALM_PARSE, "a DOCTYPE is not allowed");
}

/* libxml2 calls this for an entity that is none of XML's own five. */
static xmlEntityPtr refuse_entity(void *userdata, const xmlChar *name) {
  char words[100];
  snprintf(words, sizeof words, "the entity &%s; is not known", (const char *)name);
  alm_xml_bounds_stop(alm_xml_bounds_of(userdata), ALM_PARSE, words);
  return NULL;
}

void alm_xml_bounds_set(alm_xml_bounds *guard, xmlParserCtxtPtr parser, alm_error *err) {
  xmlSAXHandler *sax = parser->sax;
  *guard = (alm_xml_bounds){.parser = parser, .err = err,
                           .lines_before = guard->lines_before};
  parser->_private = guard;
  memset(sax, 0, sizeof *sax);
  sax->initialized = XML_SAX2_MAGIC;
  sax->internalSubset = refuse_doctype;
  sax->getEntity = refuse_entity;
  sax->serror = note_error;
}

/* ---- encoding ---- */

bool alm_xml_is_wide(const char *text, size_t length) {
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

static const char *const wide[] = {"UTF-16", "UTF-32", "UCS-", "ISO-10646-UCS", NULL};

bool alm_xml_is_utf8(const char *text, size_t length) {
  static const char *const same[] = {"UTF-8", "UTF8", NULL};
  char name[64];
  find_declared(text, length, name, sizeof name);
  return !alm_xml_is_wide(text, length) &&
         (!*name || starts_with_any(name, same) || starts_with_any(name, wide));
}

bool alm_xml_encoding(const char *text, size_t length, const char **encoding,
                      alm_error *err) {
  static const char *const known[] = {"UTF-8",        "UTF8",    "US-ASCII",
                                      "ISO-8859-",    "ASCII",   "ISO8859",
                                      "windows-125",  "latin1",  NULL};
  char name[64];
  *encoding = NULL;
  if (alm_xml_is_wide(text, length)) return true;
  find_declared(text, length, name, sizeof name);
  if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) *encoding = "UTF-8";
  if (starts_with_any(name, wide)) *encoding = "UTF-8";
  if (!*name || *encoding || starts_with_any(name, known)) return true;
  return alm_fail(err, ALM_PARSE,
                  "XML: the encoding %s is not read, line 1 column 1", name);
}

int alm_xml_options(const char *encoding) {
  return XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOWARNING |
         (encoding ? XML_PARSE_IGNORE_ENC : 0);
}
