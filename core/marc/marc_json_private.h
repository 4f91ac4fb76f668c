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

/* ---- marc_json_walk.c: going through a JSON text (RFC 8259), value by value.
 * Every function but the first two returns false once something is wrong. ---- */

typedef struct {
  const char *text, *at, *end;
  const char *wrong;           /* what was expected at `at`; NULL: nothing is wrong */
  alm_marc_builder *builder;   /* gets the notes; NULL: none are made */
  char *room, *decoded;        /* for strings that don't say what they are, and the next of them */
  size_t room_size;
} alm_json;

/* Begins at the front of a text, which must stay; the memory of an earlier text is used again. */
void alm_json_begin(alm_json *json, const char *text, size_t length, alm_marc_builder *builder);
void alm_json_free(alm_json *json);

/* Always false. */
bool alm_json_wrong(alm_json *json, const char *expected);

void alm_json_skip_blanks(alm_json *json);

/* What comes next, blanks left out; NUL at the end. Mostly there are none. */
static inline char alm_json_peek(alm_json *json) {
  if (json->at < json->end && (unsigned char)*json->at > ' ') return *json->at;
  alm_json_skip_blanks(json);
  return json->at < json->end ? *json->at : '\0';
}

/* Goes through a list or an object:
 *   for (bool more = alm_json_open(json, '['); more; more = alm_json_more(json, ']')) …
 *   for (bool more = alm_json_open(json, '{'); more && alm_json_key(json, &key);
 *        more = alm_json_more(json, '}')) …
 * Each turn has to pass one value. Afterwards `wrong` tells whether all was right. */
bool alm_json_open(alm_json *json, char open);
bool alm_json_more(alm_json *json, char close);
bool alm_json_key(alm_json *json, alm_slice *key);

/* What the string says; it stays until the next alm_json_begin. */
bool alm_json_string(alm_json *json, alm_slice *text);
/* Any value, as it stands there. `records`, if not NULL, counts the objects in it whose
 * first key is "leader". */
bool alm_json_skip(alm_json *json, alm_slice *raw, size_t *records);

/* 1: an object with "leader" or "fields" as its first key begins here; 0: no; -1: more
 * text is needed. That can't stand in a string, since its quotes would be escaped. */
int alm_json_begins_record(const char *text, size_t length);

/* ---- marc_json_fill.c ---- */

/* Is the object that begins here a record, by its own keys? 1, 0; -1: more text is needed. */
int alm_json_is_record(alm_json *json);

/* Fills the builder from the object. False: it is wrong JSON. *is_record is false when it
 * has nothing of MARC in it. */
bool alm_json_fill(alm_json *json, bool *is_record);

#endif
