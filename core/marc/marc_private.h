/* Between the files of MARC: what readers and writers share. */
#ifndef ALM_MARC_PRIVATE_H
#define ALM_MARC_PRIVATE_H

#include "../base/iconv.h"
#include "marc_read.h"

/* ---- marc_repair.c: what the formats outside ISO 2709 give, made such that a record can
 * hold it. False: it was not right; then it is the nearest that can be held, and the
 * reader notes a problem. ---- */

/* Three letters or digits are right. What is missing or can't be held is '?'. */
bool alm_marc_repair_tag(alm_slice text, char tag[ALM_MARC_TAG_ROOM]);
/* One character of ASCII; nothing at all is ' '. */
bool alm_marc_repair_indicator(alm_slice text, char *indicator);
/* One character is right. What is missing or has a control character is '?'. */
bool alm_marc_repair_code(alm_slice *code);
/* What stands in front of a data field's first subfield, or is all of it: two indicators,
 * and text without a delimiter, which is kept whole: no part of it is taken for a code, or
 * for indicators that it doesn't look like. */
typedef struct {
  char indicators[3];  /* as they are; a blank where there is none */
  alm_slice text;      /* where nothing but white space is left: none */
  bool marks;          /* characters without a width stood beside the indicators */
} alm_marc_front;

void alm_marc_read_front(const char *text, size_t length, bool subfields, alm_marc_front *front);
/* Characters that steer writing directions or have no width, at the beginning: bytes. */
size_t alm_marc_marks(const char *text, size_t length);
/* What is there of a leader, each part in its place: a character outside ASCII is a
 * blank, and where some are missing or too many, 10-11 ("22") and 20-21 ("45") tell
 * where the others belong. Gives how many characters there were. */
size_t alm_marc_repair_leader(const char *text, size_t length, char leader[ALM_MARC_LEADER],
                              bool *right);

/* ---- marc_map.c: a record like another, with its texts changed ---- */

/* Gives the new text of a control field or of a subfield's value or code; it
 * has to stay until the next call. */
typedef alm_slice alm_marc_mapper(void *context, const alm_marc_field *field, alm_slice text);

/* Clears `to` and builds it; number, place, leader and problems are `from`'s. */
void alm_marc_map(const alm_marc *from, alm_marc_builder *to, alm_marc_mapper *map,
                  void *context);

/* ---- marc8.c: MARC-8 and ISO 5426 to UTF-8 with libyaz's tables: ASCII, ANSEL and its
 * combining marks, Greek, Cyrillic, Hebrew, Arabic, super- and subscripts, EACC. A mark
 * stands before its letter there and behind it in Unicode. libyaz is opened when there
 * is something to convert, since it would take a quarter of the start-up time. ---- */

typedef struct alm_marc8 alm_marc8;

/* Sets, by the last character of the escape sequences that switch to them. */
enum { ALM_MARC8_ASCII = 'B', ALM_MARC8_ANSEL = 'E', ALM_MARC8_ISO5426 = 'P',
       ALM_MARC8_CYRILLIC = 'N', ALM_MARC8_MORE_CYRILLIC = 'Q', ALM_MARC8_GREEK = 'S' };

/* Failure: missing when libyaz is not installed. */
alm_marc8 *alm_marc8_open(alm_error *err);
void alm_marc8_close(alm_marc8 *marc8); /* NULL is fine */

/* The sets in force where a text begins, for the lower and the upper half of the
 * bytes: ASCII and ANSEL when nothing is said. */
void alm_marc8_use(alm_marc8 *marc8, char g0, char g1);

/* A field or subfield begins. */
void alm_marc8_begin(alm_marc8 *marc8);

/* Adds the text to `out` and stops before what MARC-8 doesn't have: an escape
 * sequence, a byte, a mark without a letter. Gives how many bytes were done;
 * the sets in force stay so for the next call. */
size_t alm_marc8_convert(alm_marc8 *marc8, const char *text, size_t length, alm_buf *out);

/* How many bytes the character has before which it stopped. */
size_t alm_marc8_width(const alm_marc8 *marc8, const char *text, size_t left);

/* What was seen in the texts since alm_marc8_use: what is usual in MARC-8 (marks on
 * letters that have them), and what no MARC-8 has, or hardly any. */
typedef struct {
  size_t right, wrong;
} alm_marc8_evidence;
alm_marc8_evidence alm_marc8_weigh(const alm_marc8 *marc8);

/* Is there a character reference as &#x4E2D; or &#20013; in it? */
bool alm_marc8_refers(const char *text, size_t length);

/* ---- marc_charset.c: the text of a record as UTF-8. What it says (leader/09 of MARC 21:
 * "a" is UTF-8, blank is MARC-8; 100 $a/26-29 of UNIMARC) and the bytes are both looked
 * at, since either can be wrong:
 *  - what has more well-formed UTF-8 characters outside ASCII than bytes that
 *    are none is UTF-8, however it is labelled;
 *  - ASCII is taken as it is, unless escape sequences switch to other sets, or it is
 *    MARC-8 with character references;
 *  - other bytes are MARC-8 or what UNIMARC says. When UTF-8 is said, they are that only
 *    if their marks stand as MARC-8 has them: otherwise it is UTF-8 that was damaged;
 *  - what has more that is odd in MARC-8 than what is usual, or is of a file that has much
 *    of it, is read as MARC-8 and noted.
 * What is neither becomes U+FFFD and is noted. ---- */

typedef enum { ALM_CHARSET_FOUND_OUT, ALM_CHARSET_UTF8, ALM_CHARSET_MARC8, ALM_CHARSET_NAMED } alm_charset;

typedef struct {
  alm_charset kind;
  const char *name;   /* for people */
  char g0, g1;        /* of ALM_CHARSET_MARC8: the sets at the beginning */
  alm_iconv *iconv;   /* of ALM_CHARSET_NAMED */
} alm_coding;

enum { ALM_CODE_PAGES = 3 };

typedef struct {
  alm_coding given;            /* .kind ALM_CHARSET_FOUND_OUT: look at each record */
  alm_marc8 *marc8;            /* opened when there is some */
  alm_iconv *code_pages[ALM_CODE_PAGES];
  alm_marc8_evidence seen;     /* in the records before */
  alm_marc_builder *builder;   /* for records that have to be changed */
} alm_marc_converter;

/* `charset` as of alm_marc_options; NULL: to be found out. Failure: missing. */
bool alm_marc_converter_open(alm_marc_converter *converter, const char *charset, alm_error *err);
/* The record itself, or one that is good until the next call; NULL: failed.
 * `text` is what is known of its bytes. */
const alm_marc *alm_marc_to_utf8(alm_marc_converter *converter, const alm_marc *record,
                                 alm_marc_text text, alm_error *err);
void alm_marc_converter_free(alm_marc_converter *converter);

/* ---- marc_unimarc.c ---- */

extern const alm_coding alm_iso5426;

/* Sets what a UNIMARC record says; leaves both as they are for any other. */
bool alm_marc_unimarc_says(alm_marc_converter *converter, const alm_marc *record, alm_coding *coding,
                           bool *says_utf8, alm_error *err);
/* Of the field's text `from`, which is `text` now: 100 $a then says Unicode. */
void alm_marc_unimarc_say_utf8(const alm_marc *record, const alm_marc_field *field, alm_slice from, alm_buf *text);
void alm_marc_unimarc_close(alm_iconv *code_pages[ALM_CODE_PAGES]);

/* ---- marc_mnemonic.c: MarcEdit's mnemonics, from the Library of Congress's MARCMaker:
 * {dollar}, {eacute}, {lstrok}. A mark by itself stands before its letter, as in
 * MARC-8 ("{acute}e"). https://www.loc.gov/marc/mnemonics.html ---- */

/* Adds the text with the characters that its mnemonics stand for; gives how
 * many were not known, which stay as they are. */
size_t alm_marc_mnemonic_decode(const char *text, size_t length, alm_buf *out);

/* Adds the text so that decoding gives it again, and '$' is nowhere in it. */
bool alm_marc_mnemonic_encode(const char *text, size_t length, alm_buf *out);

/* ---- marc_xml_quick.c: MARCXML records in the form in which nearly all are written,
 * without libxml2: leader first, attributes in their usual order, no comments,
 * nothing odd. What is anyhow else is left to libxml2, which decides whether it is
 * XML. ---- */

typedef struct {
  size_t length;    /* bytes up to behind </record>; 0: not such a record */
  bool unfinished;  /* it may be one, but the text ends in it */
  long lines;       /* line ends in it */
  size_t column;    /* bytes behind the last of them */
} alm_marc_xml_taken;

/* Does `text` begin with such a record (blanks before it count)? Its leader and
 * fields are in the builder then; else what is in there is without meaning. */
alm_marc_xml_taken alm_marc_xml_quick(alm_marc_builder *builder, const char *text, size_t length);

/* Where the next tag of a record begins, comments passed over. False: there is none before
 * `at`, and the text before `at` may be dropped; all of it when it is `whole`. */
bool alm_marc_xml_find(const char *text, size_t length, bool whole, size_t *at);

/* Where the tag of <record> or </record> begins that has the word at `at`. */
const char *alm_marc_xml_tag(const char *text, const char *at);

/* ---- writers, a record each; failure: limit ---- */

/* ISO 2709: a record as it was read comes out byte by byte (but its directory has entries
 * of 12 bytes, whatever it had); one that was damaged comes out well-formed. It has room
 * for 99,999 bytes, 9,999 in a field. */
bool alm_marc_iso2709_write(const alm_marc *record, alm_buf *out, alm_error *err);

/* MARCXML's <record>, without namespace (Alma's form; the frame of a document has it),
 * indented as yaz-marcdump does. Characters that XML can't hold become U+FFFD. */
bool alm_marc_xml_write(const alm_marc *record, alm_buf *out, alm_error *err);

/* MARC-in-JSON, on a line of its own. */
bool alm_marc_json_write(const alm_marc *record, alm_buf *out, alm_error *err);

#endif
