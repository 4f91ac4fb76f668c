/* One MARC record (ISO 2709 terms: leader, directory, fields) in plain memory.
 *
 * alm_marc is a view: it owns nothing, and stays good as long as what it came
 * from (a reader until its next record, a builder until its next change, a
 * block from alm_marc_pack). A field's content lies in `bytes` the way ISO 2709
 * writes it: a control field is its text; a data field is its indicators, then
 * 0x1f, code and text of each subfield. The terminators 0x1e and 0x1d are not
 * in it. Text is UTF-8. */
#ifndef ALM_MARC_H
#define ALM_MARC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/error.h"

enum { ALM_MARC_LEADER = 24 };

/* What can be wrong with a record; the summary of `almanac marc check` counts
 * by kind. */
typedef enum {
  ALM_MARC_LEADER_WRONG, ALM_MARC_LENGTH, ALM_MARC_DIRECTORY, ALM_MARC_TAG,
  ALM_MARC_INDICATOR, ALM_MARC_SUBFIELD, ALM_MARC_TERMINATOR,
  ALM_MARC_CHARACTER, ALM_MARC_ESCAPE, ALM_MARC_TRUNCATED, ALM_MARC_GARBAGE,
  ALM_MARC_TOO_LONG, ALM_MARC_STRUCTURE, ALM_MARC_CHARSET
} alm_marc_kind;

/* "leader", "length", "directory", …; NULL behind the last. */
const char *alm_marc_kind_name(size_t kind);

typedef struct {
  alm_marc_kind kind;
  uint32_t at;        /* byte of the record, as it was read, from 0 */
  char message[120];  /* one line, lower case */
} alm_marc_problem;

/* Alma has tags and codes of its own, INST and HLD866, $updated: they are kept whole. A longer
 * tag is cut. In `bytes` a code of more than one character stands between two 0x1d. */
enum { ALM_MARC_TAG_LONGEST = 11, ALM_MARC_TAG_ROOM = ALM_MARC_TAG_LONGEST + 1 };

typedef struct {
  char tag[ALM_MARC_TAG_ROOM]; /* three characters in all but odd fields; then a NUL */
  bool control : 1;   /* no indicators and subfields */
  bool odd : 1;       /* its tag or a code of it is not as long as MARC's */
  uint32_t id : 30;   /* from alm_marc_name; 0: it has none yet */
  uint32_t start;     /* in alm_marc.bytes */
  uint32_t length;
} alm_marc_field;

typedef struct {
  const char *leader; /* 24 characters */
  const alm_marc_field *fields;
  size_t field_count;
  const char *bytes;
  size_t length;
  const alm_marc_problem *problems;
  size_t problem_count;
  uint32_t ids;       /* the highest id that a field of it ever had */
  uint64_t number;    /* of the record in its source, from 1; 0: made here */
  uint64_t offset;    /* byte of the (unpacked) source where it starts */
} alm_marc;

/* ---- reading fields ---- */

/* A piece of text that lies in somebody else's memory. */
typedef struct {
  const char *text;
  size_t length;
} alm_slice;

alm_slice alm_marc_content(const alm_marc *record, const alm_marc_field *field);

/* The field after `after` (NULL: the first) whose tag is `tag`; '.' in it is
 * any character; NULL as tag is any. NULL when there is none. */
const alm_marc_field *alm_marc_find(const alm_marc *record, const char *tag,
                                    const alm_marc_field *after);

/* Indicator 1 or 2 of a data field; ' ' when it is not there. */
char alm_marc_indicator(const alm_marc *record, const alm_marc_field *field,
                        int which);

/* Steps through the subfields of a data field:
 *   alm_subfield subfield = {0};
 *   while (alm_marc_next_subfield(record, field, &subfield)) … */
typedef struct {
  alm_slice code;     /* one character, so up to four bytes; in odd fields perhaps more */
  alm_slice value;
  const char *next;   /* private */
} alm_subfield;

bool alm_marc_next_subfield(const alm_marc *record, const alm_marc_field *field,
                            alm_subfield *subfield);

/* ---- telling fields apart ----
 * Gives an id to each field that has none. A field keeps its id through all
 * changes of the record, and no other field of the record ever gets it. */
void alm_marc_name(alm_marc *record);
const alm_marc_field *alm_marc_named(const alm_marc *record, uint32_t id);

/* ---- looking at all of it ---- */

/* Writes what the field is without its text, as far as there is room: "24510abc" for
 * 245 10 $a $b $c. Of a control field it is tag, 0x1e and the number of characters,
 * "008\x1e40", with 0x1f behind it where a delimiter is in the text. Gives the whole
 * length, as snprintf does. Of an odd field it has no longer code, and is empty when the
 * tag is odd. */
size_t alm_marc_shape(const alm_marc *record, const alm_marc_field *field, char *out, size_t room);

/* What the record's texts have. Control characters are those of ASCII and U+0080 to
 * U+009F, without U+0098 and U+009C, which stand around what isn't sorted by. */
typedef struct {
  bool controls, beyond_ascii;
} alm_marc_characters;
alm_marc_characters alm_marc_look(const alm_marc *record);

/* ---- keeping ---- */

/* A record in one block of memory without pointers of its own into elsewhere:
 * `block` has alm_marc_packed_size bytes and malloc's alignment. The view that
 * is returned lies in it. */
size_t alm_marc_packed_size(const alm_marc *record);
alm_marc *alm_marc_pack(const alm_marc *record, void *block);

/* ---- building ---- */

/* Readers fill it field by field; its memory is used again after
 * alm_marc_clear. Adding returns false when memory is out or the record passes
 * ALM_MARC_MAXIMUM bytes, which is noted as a problem (too long) once; what was
 * added before stays. */
typedef struct alm_marc_builder alm_marc_builder;
enum { ALM_MARC_MAXIMUM = 16 << 20 };

alm_marc_builder *alm_marc_builder_new(void); /* NULL: memory */
void alm_marc_builder_free(alm_marc_builder *builder); /* NULL is fine */
void alm_marc_clear(alm_marc_builder *builder, uint64_t number, uint64_t offset);

bool alm_marc_set_leader(alm_marc_builder *builder, const char *text, size_t length);
/* Text may come in pieces: open a field, add text, open the next. */
bool alm_marc_open_control(alm_marc_builder *builder, const char *tag);
bool alm_marc_open_data(alm_marc_builder *builder, const char *tag, char indicator1,
                        char indicator2);
/* The indicators of the data field that was opened last. */
void alm_marc_set_indicators(alm_marc_builder *builder, char indicator1, char indicator2);
bool alm_marc_open_subfield(alm_marc_builder *builder, const char *code, size_t length);
bool alm_marc_add_text(alm_marc_builder *builder, const char *text, size_t length);
/* The field that was opened last is that one, changed: it has its id. */
void alm_marc_keep_id(alm_marc_builder *builder, const alm_marc_field *field);
/* Clears the builder; number, place, leader and problems are those of another record. */
void alm_marc_copy_head(alm_marc_builder *builder, const alm_marc *record);
/* A field as it is in another record. */
bool alm_marc_copy_field(alm_marc_builder *builder, const alm_marc *record,
                         const alm_marc_field *field);
void alm_marc_note(alm_marc_builder *builder, alm_marc_kind kind, size_t at,
                   const char *format, ...) __attribute__((format(printf, 4, 5), nonnull(4)));

/* The record as it is now. A leader that was never set is MARC 21's for a
 * record without one ("00000n   a2200000   4500": UTF-8, of no type). */
const alm_marc *alm_marc_built(alm_marc_builder *builder);

#endif
