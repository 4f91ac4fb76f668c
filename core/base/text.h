/* Text as people read it: Unicode forms, case, and the order of numbers in names.
 *
 * The functions add their result to `out`, and return false only when `out` is full
 * or memory is out. Bytes that are not UTF-8 (a name from an old Latin-1 share) pass
 * through unchanged, each by itself; UTF-8 around them is treated as usual. NUL is a
 * character like any other. */
#ifndef ALM_TEXT_H
#define ALM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Is it well-formed UTF-8 (no overlong forms, no surrogates)? */
bool alm_text_valid(const char *text, size_t length);

/* The same, and without control characters (below U+0020,
 * and U+007F to U+009F). */
bool alm_text_plain(const char *text, size_t length);

/* How many bytes are well-formed before the first that are not. */
size_t alm_text_valid_prefix(const char *text, size_t length);

/* Length in bytes of the UTF-8 character at `text`, 0 when it is none. */
size_t alm_text_character(const char *text, size_t length);

/* Normalization Form C. macOS hands out names decomposed. */
bool alm_text_nfc(const char *text, size_t length, alm_buf *out);

/* NFC, full case folding of Unicode (ß becomes ss), NFC again. Folding twice
 * changes nothing more. Width, ligatures and accents are kept apart. */
bool alm_text_fold(const char *text, size_t length, alm_buf *out);

/* Makes a sort key: the order of keys by bytes is the natural order of the texts.
 *  1. The folded texts decide first. A run of the digits 0-9 counts by its
 *     value and sorts where digits do: "page2" < "page10" < "pagea".
 *     Runs have any length; values are not limited. Other digits, signs,
 *     decimal points and blanks are ordinary characters.
 *  2. Then leading zeros, run by run, fewer first: "a1" < "a01" < "a001".
 *  3. Then the bytes of the texts: "A1" < "a1".
 * So different texts have different keys. The key is bytes, not text, and a
 * few times as long as the text. */
bool alm_text_natural(const char *text, size_t length, alm_buf *out);

/* RFC 4648 section 4, with padding, without line breaks. */
bool alm_text_base64(const char *bytes, size_t length, alm_buf *out);

/* Blanks and line breaks are skipped, padding may be missing. False also when
 * it is not base64. */
bool alm_text_unbase64(const char *text, size_t length, alm_buf *out);

/* Lower case. */
bool alm_text_hex(const void *bytes, size_t length, alm_buf *out);

#endif
