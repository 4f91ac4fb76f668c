/* Records of lines: a leader, a line for each field, a line between records.
 * What a line is, a format says with a grammar; this reads the lines, joins those
 * that go on, and finds where records begin and end. */
#ifndef ALM_MARC_LINES_H
#define ALM_MARC_LINES_H

#include "marc_format.h"

typedef struct {
  const char *text;
  size_t length;        /* without the line's end */
  uint64_t offset;
  size_t whole;         /* with it */
} alm_line;

typedef struct {
  alm_marc_reading *reading;
  alm_line line;        /* the one to be added */
  uint64_t offset;      /* of the record */
  bool begun;           /* it has a leader or a field */
  bool started;         /* or anything at all */
  alm_buf joined;       /* a field's lines */
  alm_buf text;         /* for the format */
} alm_lines;

typedef struct {
  bool (*ends)(const alm_line *line);         /* a line between records */
  bool (*is_leader)(const alm_line *line, bool begun);
  bool (*is_field)(const alm_line *line);
  bool (*begins)(const alm_line *line);       /* a leader or a field beyond doubt, so that a record
                                                 begins with it, behind whatever text */
  bool (*is_remark)(const alm_line *line);    /* passed over */
  /* It goes on with what stands before, after a blank instead of `skip` bytes. */
  bool (*continues)(const alm_line *line, size_t *skip);
  void (*add_leader)(alm_lines *lines);       /* both add lines->line */
  void (*add_field)(alm_lines *lines);
} alm_line_grammar;

/* Of an alm_marc_format, whose next passes its grammar. */
bool alm_lines_open(alm_marc_reading *reading, alm_error *err);
alm_marc_result alm_lines_next(alm_marc_reading *reading, const alm_line_grammar *grammar,
                               alm_error *err);
void alm_lines_close(alm_marc_reading *reading);

/* Does a record begin in any of the lines? */
bool alm_lines_look(const char *head, size_t length, bool (*begins)(const alm_line *line));

/* Notes a problem of the line. */
#define ALM_LINE_NOTE(lines, kind, ...)                                           \
  alm_marc_note((lines)->reading->builder, kind,                                  \
                (size_t)((lines)->line.offset - (lines)->offset), __VA_ARGS__)

/* The length of a tag of four signs and more that begins with a letter and has a blank
 * behind it; 0: there is none. */
size_t alm_line_long_tag(const char *text, size_t length);

/* The tag, repaired and noted when that was needed. */
void alm_line_tag(alm_lines *lines, const char *text, size_t length, char tag[ALM_MARC_TAG_ROOM]);
/* Opens a subfield with the character at `at`; gives what stands behind it. */
const char *alm_line_open_subfield(alm_lines *lines, const char *at, const char *end);

bool alm_line_is_blank(const alm_line *line);

/* Adds text of a record; what would end the line becomes a blank. */
bool alm_line_put(const char *text, size_t length, alm_buf *out);

#endif
