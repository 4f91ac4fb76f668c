/* Where records come from: bytes of a file, of standard input or of memory, in
 * a window that slides, so that a source of any size takes constant memory.
 * What is packed is unpacked on the way; base/unpack.h says what, and how it fails. */
#ifndef ALM_MARC_SOURCE_H
#define ALM_MARC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

typedef struct {
  const char *data;    /* what is there and not yet used */
  size_t length;
  uint64_t offset;     /* of data[0] in the unpacked bytes */
  bool at_end;         /* nothing will follow what is there */
} alm_window;

typedef struct alm_marc_source alm_marc_source;

/* "-" is standard input. */
alm_marc_source *alm_marc_source_open(const char *path, alm_error *err);
/* `text` must stay until the close. */
alm_marc_source *alm_marc_source_text(const char *text, size_t length, alm_error *err);
void alm_marc_source_close(alm_marc_source *source); /* NULL is fine */

/* Goes to the next file of an archive, first to the first; what is no archive is one file. */
bool alm_marc_source_next(alm_marc_source *source, bool *there, alm_error *err);
/* Behind a failure: it is an archive, and another file may follow. */
bool alm_marc_source_goes_on(const alm_marc_source *source);

/* Whether what was read last ends with a failure of the bytes: then `err` is that. */
bool alm_marc_source_failed(const alm_marc_source *source, alm_error *err);

/* The name for messages: the path, "standard input", "text"; of an archive with that of the
 * file behind it, as "export.tar.gz: 1.xml". */
const char *alm_marc_source_name(const alm_marc_source *source);

/* Reads until the window holds at least `want` bytes (up to 32 MiB) or the end
 * is there. The window's data may move. NULL: failed; what came before the
 * failure is given first, as if the end were there. */
const alm_window *alm_marc_source_fill(alm_marc_source *source, size_t want, alm_error *err);
/* The first `count` bytes of the window are done with. */
void alm_marc_source_use(alm_marc_source *source, size_t count);

/* Bytes read of what lies on the disk (packed when it is gzip), and how many
 * there are in all; 0 when that isn't known. For progress bars. */
uint64_t alm_marc_source_read(const alm_marc_source *source);
uint64_t alm_marc_source_size(const alm_marc_source *source);

#endif
