/* Between the files of MARC-in-JSON.
 *
 * A record is read in any of the shapes in use:
 *   {"leader":…, "fields":[{"001":…}, {"245":{"ind1":…,"ind2":…,"subfields":[{"a":…}]}}]}
 *     MARC-in-JSON, which yaz-marcdump, pymarc and ruby-marc write;
 *   {"leader":…, "fields":[["001",…], ["245","1","0",[["a",…]]]]}   MARC-HASH;
 *   {"leader":…, "controlfield":[{"tag":…,"data":…}],
 *     "datafield":[{"tag":…,"ind":"10","subfield":[{"code":…,"data":…}]}]}   OCLC's.
 * What is not as it should be is noted, and what can be read is there. */
#ifndef ALM_MARC_JSON_PRIVATE_H
#define ALM_MARC_JSON_PRIVATE_H

#include "marc.h"

/* ---- values: a row of tokens, those of what is inside behind the token itself ---- */

typedef enum {
  ALM_JSON_NULL, ALM_JSON_PLAIN, /* a number, true, false */
  ALM_JSON_STRING, ALM_JSON_ARRAY, ALM_JSON_OBJECT,
  ALM_JSON_KEY,                  /* its value is `size` tokens behind it */
  ALM_JSON_REPEATED              /* a key that was there: that has its value now */
} alm_json_kind;

typedef struct {
  alm_json_kind kind;
  uint32_t size;      /* tokens, with all that is inside */
  alm_slice text;     /* of a string what it says, of all else how it stands there */
} alm_json_token;

/* Begins as zeros; its memory is used again by the next parse. */
typedef struct {
  alm_json_token *tokens;  /* the first is the value */
  size_t count, room;
  char *decoded;           /* strings that have escapes */
  size_t decoded_room;
  size_t at;               /* bytes of the value; or where it is wrong */
  const char *wrong;       /* what was expected there */
} alm_json;

/* Parses the value (RFC 8259) at the front of a text, which must stay; of a key that
 * comes twice the last value counts. False: `wrong` says why, with `at` the end of
 * the text when more of it may help. */
bool alm_json_parse(alm_json *json, const char *text, size_t length);
void alm_json_free(alm_json *json);

/* ---- records ---- */

/* Fills the builder from an object that was parsed, or from the text of one, which
 * may be no JSON. */
void alm_json_fill(alm_marc_builder *builder, const alm_json_token *object);
void alm_json_fill_text(alm_marc_builder *builder, alm_json *json, const char *text, size_t length);

#endif
