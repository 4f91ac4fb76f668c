/* Where a record begins and ends in JSON, so that each is parsed by itself:
 * alone, in an array, in other objects, a line each. A broken record ends where
 * the next begins: {"leader" or {"fields" can't stand in a record, since a
 * string has its quotes escaped. */
#ifndef ALM_MARC_JSON_FIND_H
#define ALM_MARC_JSON_FIND_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
  ALM_JSON_WHOLE,  /* its last brace is before `at` */
  ALM_JSON_CUT,    /* another record begins at `at` */
  ALM_JSON_MORE    /* the text ends in it */
} alm_json_found;

/* Begins as zeros; goes on where it was when there is more text. */
typedef struct {
  size_t at;
  int depth;
  bool in_string, escaped;
} alm_json_scan;

/* `text` begins with '{' and is the same as before, or longer. */
alm_json_found alm_json_scan_object(alm_json_scan *scan, const char *text, size_t length,
                                    bool at_end);

/* 1: a record begins here ('{', then "leader" or "fields"); 0: no; -1: more
 * text is needed. */
int alm_json_begins(const char *text, size_t length);

#endif
