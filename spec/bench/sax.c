/* A bare pass of libxml2's SAX2 push parser over a file: what reading MARCXML
 * can't undercut. The handlers do nothing but count, so that libxml2 does all
 * that a reader needs of it (names, namespaces, attributes, text). */
#include <fcntl.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

static size_t elements, characters;

static void begin(void *userdata, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                  int namespace_count, const xmlChar **namespaces, int count, int defaulted,
                  const xmlChar **attributes) {
  (void)userdata, (void)name, (void)prefix, (void)uri, (void)namespace_count, (void)namespaces;
  (void)count, (void)defaulted, (void)attributes;
  elements++;
}

static void end(void *userdata, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
  (void)userdata, (void)name, (void)prefix, (void)uri;
}

static void text(void *userdata, const xmlChar *content, int length) {
  (void)userdata, (void)content;
  characters += (size_t)length;
}

static xmlParserCtxtPtr new_parser(void) {
  static xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC, .startElementNs = begin,
                              .endElementNs = end, .characters = text, .cdataBlock = text,
                              .ignorableWhitespace = text};
  return xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
}

int main(int count, char **arguments) {
  static char piece[PIECE];
  ssize_t got;
  int fd = count == 2 ? open(arguments[1], O_RDONLY) : -1;
  xmlParserCtxtPtr parser = new_parser();
  if (fd < 0 || !parser) return fprintf(stderr, "usage: sax FILE\n"), 1;
  while ((got = read(fd, piece, sizeof piece)) > 0) xmlParseChunk(parser, piece, (int)got, 0);
  xmlParseChunk(parser, NULL, 0, 1);
  int broken = !parser->wellFormed;
  xmlFreeParserCtxt(parser);
  close(fd);
  printf("%zu elements, %zu characters\n", elements, characters);
  return broken;
}
