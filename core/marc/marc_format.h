/* The formats of MARC records, a row each: how one is recognised, read and
 * written. A new one is a file with such a row and a line in marc_read.c. */
#ifndef ALM_MARC_FORMAT_H
#define ALM_MARC_FORMAT_H

#include "../base/buf.h"
#include "marc.h"
#include "marc_source.h"

typedef enum { ALM_MARC_BROKEN = -2, ALM_MARC_FAILED = -1, ALM_MARC_END = 0, ALM_MARC_RECORD = 1 } alm_marc_result;

/* What the bytes of a text are: not looked at, ASCII without escape sequences,
 * more than ASCII without escape sequences. Who looked knows too that no field
 * ends within a character unless the bytes are wrong. */
typedef enum { ALM_TEXT_UNKNOWN, ALM_TEXT_ASCII, ALM_TEXT_HIGH } alm_marc_text;

/* What a reader has at hand while it reads one source. */
typedef struct {
  alm_marc_source *source;
  alm_marc_builder *builder;  /* cleared by the reader with alm_marc_clear */
  uint64_t number;            /* of the record that is being read, from 1 */
  uint64_t lines;             /* line ends passed over before the format began */
  const alm_marc *record;     /* set by next: the builder's, or one of its own */
  alm_marc_text text;         /* set by next when it looked */
  void *state;                /* the format's own, from open to close */
} alm_marc_reading;

/* What of odd fields a format can hold: nothing; fields with a longer tag that begins with a
 * letter, but no longer code; everything. */
typedef enum { ALM_ROOM_USUAL, ALM_ROOM_TAGS, ALM_ROOM_ALL } alm_marc_room;

typedef struct {
  const char *name;        /* "iso2709" "marcxml" "json" "line" "mrk" */
  /* Is this its beginning? `head` is up to 4 KiB, blanks and a byte order mark
   * at its front left out. */
  bool (*looks)(const char *head, size_t length);

  bool (*open)(alm_marc_reading *reading, alm_error *err);     /* may be NULL */
  /* The next record. It fails only when nothing can be read behind this place; a damaged
   * record is given with its problems. Broken: `err` names what can't be read, and the next
   * call goes on behind it. */
  alm_marc_result (*next)(alm_marc_reading *reading, alm_error *err);
  void (*close)(alm_marc_reading *reading);                    /* may be NULL */

  /* Adds the record to `out`. Fails with limit when the format can't hold it. */
  bool (*write)(const alm_marc *record, alm_buf *out, alm_error *err);
  const char *head, *between, *tail;    /* what stands around records in a document */
  alm_marc_room room;

  /* Text may be anything: the reader looks and makes UTF-8 of it. For a format
   * whose `bytes` is the record as it was read, as ISO 2709's, its notes name
   * the byte of the record; otherwise the byte of its text. */
  bool any_bytes;
} alm_marc_format;

extern const alm_marc_format alm_marc_iso2709, alm_marc_marcxml, alm_marc_json,
    alm_marc_line, alm_marc_mrk;

/* Adds the record to `out` in the format, with a leader that is right about it, in Unicode's
 * Normalization Form C when `nfc`; without what alm_marc_left_out names. Failure: limit,
 * when the format or `out` can't hold it. */
bool alm_marc_write(const alm_marc *record, const alm_marc_format *format, bool nfc,
                    alm_buf *out, alm_error *err);

bool alm_marc_is_odd(const alm_marc *record); /* has it an odd field? */

/* Adds what of odd fields the format has no room for: "INST, HLD $updated". */
bool alm_marc_left_out(const alm_marc *record, const alm_marc_format *format, alm_buf *names);

/* By name ("xml" for marcxml, "marc" for iso2709 too); NULL when unknown. */
const alm_marc_format *alm_marc_format_named(const char *name);
/* One after the other; NULL behind the last. */
const alm_marc_format *alm_marc_format_at(size_t index);
/* "iso2709, marcxml, …" for messages. */
const char *alm_marc_format_names(void);

#endif
