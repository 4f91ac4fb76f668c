/* Between the files of MARC: what readers and writers share. */
#ifndef ALM_MARC_PRIVATE_H
#define ALM_MARC_PRIVATE_H

#include "marc_read.h"

/* ---- marc_repair.c: what the formats outside ISO 2709 give, made such that every
 * format can hold it. False: it was not right; then it is the nearest that can be
 * held, and the reader notes a problem. ---- */

/* Three letters or digits. What is missing or can't be held is '?'. */
bool alm_marc_repair_tag(alm_slice text, char tag[4]);
/* One character of ASCII; nothing at all is ' '. */
bool alm_marc_repair_indicator(alm_slice text, char *indicator);
/* One character, no blank or control character; otherwise '?'. */
bool alm_marc_repair_code(alm_slice *code);
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

/* ---- marc8.c: MARC-8 to UTF-8 with libyaz's tables: ASCII, ANSEL and its combining
 * marks, Greek, Cyrillic, Hebrew, Arabic, super- and subscripts, EACC. A mark stands
 * before its letter in MARC-8 and behind it in Unicode. libyaz is opened when there
 * is something to convert, since it would take a quarter of the start-up time. ---- */

typedef struct alm_marc8 alm_marc8;

/* Failure: missing when libyaz is not installed. */
alm_marc8 *alm_marc8_open(alm_error *err);
void alm_marc8_close(alm_marc8 *marc8); /* NULL is fine */

/* A field or subfield begins: ASCII and ANSEL are in force. */
void alm_marc8_begin(alm_marc8 *marc8);

/* Adds the text to `out` and stops before what MARC-8 doesn't have: an escape
 * sequence, a byte, a mark without a letter. Gives how many bytes were done;
 * the sets in force stay so for the next call. */
size_t alm_marc8_convert(alm_marc8 *marc8, const char *text, size_t length, alm_buf *out);

/* How many bytes the character has before which it stopped. */
size_t alm_marc8_width(const alm_marc8 *marc8, const char *text, size_t left);

/* ---- marc_charset.c: the text of a record as UTF-8. The leader (leader/09 of MARC 21:
 * "a" is UTF-8, blank is MARC-8) and the bytes are both looked at, since either can
 * be wrong:
 *  - what has more well-formed UTF-8 characters outside ASCII than bytes that
 *    are none is UTF-8, however it is labelled;
 *  - ASCII is taken as it is, unless escape sequences switch to other sets;
 *  - other bytes are MARC-8, but if leader/09 says UTF-8 and there are no escape
 *    sequences: then they are UTF-8 that was damaged.
 * What is neither becomes U+FFFD and is noted. ---- */

typedef struct {
  alm_charset charset;
  alm_marc8 *marc8;            /* opened when there is some */
  alm_marc_builder *builder;   /* for records that have to be changed */
} alm_marc_converter;

/* The record itself, or one that is good until the next call; NULL: failed.
 * `text` is what is known of its bytes. */
const alm_marc *alm_marc_to_utf8(alm_marc_converter *converter, const alm_marc *record,
                                 alm_marc_text text, alm_error *err);
void alm_marc_converter_free(alm_marc_converter *converter);

/* ---- marc_mnemonic.c: MarcEdit's mnemonics, from the Library of Congress's MARCMaker:
 * {dollar}, {eacute}, {lstrok}. A mark by itself stands before its letter, as in
 * MARC-8 ("{acute}e"). https://www.loc.gov/marc/mnemonics.html ---- */

/* Adds the text with the characters that its mnemonics stand for; gives how
 * many were not known, which stay as they are. */
size_t alm_mnemonic_decode(const char *text, size_t length, alm_buf *out);

/* Adds the text so that decoding gives it again, and '$' is nowhere in it. */
bool alm_mnemonic_encode(const char *text, size_t length, alm_buf *out);

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

/* ISO 2709: a record as it was read comes out byte by byte; one that was damaged comes
 * out well-formed. It has room for 99,999 bytes, 9,999 in a field. */
bool alm_iso2709_write(const alm_marc *record, alm_buf *out, alm_error *err);

/* MARCXML's <record>, without namespace (Alma's form; the frame of a document has it),
 * indented as yaz-marcdump does. Characters that XML can't hold become U+FFFD. */
bool alm_marc_xml_write(const alm_marc *record, alm_buf *out, alm_error *err);

/* MARC-in-JSON, on a line of its own. */
bool alm_json_write(const alm_marc *record, alm_buf *out, alm_error *err);

#endif
