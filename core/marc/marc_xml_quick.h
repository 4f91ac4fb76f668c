/* MARCXML records in the form in which nearly all are written, without libxml2:
 * leader first, attributes in their usual order, no comments, nothing odd. What
 * is anyhow else is left to libxml2, which decides whether it is XML. */
#ifndef ALM_MARC_XML_QUICK_H
#define ALM_MARC_XML_QUICK_H

#include "marc.h"

typedef struct {
  size_t length;    /* bytes up to behind </record>; 0: not such a record */
  bool unfinished;  /* it may be one, but the text ends in it */
  long lines;       /* line ends in it */
  size_t column;    /* bytes behind the last of them */
} alm_marc_xml_taken;

/* Does `text` begin with such a record (blanks before it count)? Its leader and
 * fields are in the builder then; else what is in there is without meaning. */
alm_marc_xml_taken alm_marc_xml_quick(alm_marc_builder *builder, const char *text, size_t length);

/* Where the tag of <record> or </record> begins that has the word at `at`. */
const char *alm_marc_xml_tag(const char *text, const char *at);

#endif
