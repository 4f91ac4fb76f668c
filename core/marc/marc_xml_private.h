/* What the two halves of reading MARCXML share: marc_xml_events.c makes records
 * of libxml2's events, marc_xml.c feeds libxml2. */
#ifndef ALM_MARC_XML_PRIVATE_H
#define ALM_MARC_XML_PRIVATE_H

#include "marc_format.h"
#include "../base/xml_bounds.h"

enum { ALM_MARCXML_DEPTH = 100 };

/* Names as libxml2's dictionary has them, so that comparing is one look. */
typedef struct {
  const xmlChar *record, *leader, *control, *data, *subfield;
  const xmlChar *tag, *indicator1, *indicator2, *code;
} alm_marcxml_names;

typedef enum { NO_TEXT, LEADER_TEXT, FIELD_TEXT } alm_marcxml_place;

typedef struct {
  alm_xml_bounds guard;
  alm_error error;      /* why the document broke off; told after its last record */
  alm_marc_reading *reading;
  const alm_window *window;    /* of its source */
  alm_marcxml_names names;
  int record;           /* depth of the record that is being read; 0: none */
  int data;             /* of its data field; 0: none */
  int text;             /* of the element whose text is kept */
  alm_marcxml_place place;
  alm_buf leader;
  bool has_leader, filled; /* filled: with anything that is MARC */
  bool done;            /* the builder holds a record */
  bool in_tag;          /* of the pieces */
  bool wide;            /* 16 bit characters */
  bool utf8;            /* libxml2 takes the bytes as they are */
  alm_window fed;       /* what libxml2 has of the window; of it `ahead` bytes, at the end, */
  size_t ahead;         /* are not done with: the beginning of what is still to come */
  char last;            /* of the bytes fed, blanks left out */
  bool tagged;          /* the last event but blanks was a tag */
  bool between;         /* all that it has is done with, but blanks: no tag, no comment is open */
  int line;             /* then: where those blanks end, */
  long column;          /* as libxml2 counts */
  bool began;           /* the document has its root */
  bool cut;             /* the bytes end in it */
  bool ended;           /* its root has ended, */
  long ended_at;        /* after so many of its bytes; 0: not known */
  bool follows;         /* the document comes after another */
  bool alone;           /* behind an error: each record is a document of its own, */
  uint64_t sought;      /* that was found here, */
  xmlChar *encoding;    /* with this encoding; NULL: UTF-8 */
  uint64_t lines;       /* line ends before the window, */
  uint64_t line_start;  /* and where the last of them ends */
  uint64_t start;       /* of the document in the source, with what libxml2 did not get */
  uint64_t offset;      /* of the record */
} alm_marcxml;

/* Makes the parser's events those of `x`. */
void alm_marcxml_listen(alm_marcxml *x, xmlParserCtxtPtr parser);

/* How many of the bytes fed libxml2 is done with. */
size_t alm_marcxml_done(const alm_marcxml *x);

bool alm_marcxml_is_blank(const char *text, size_t length);

#endif
