/* MarcEdit's mnemonics, from the Library of Congress's MARCMaker: {dollar},
 * {eacute}, {lstrok}. A mark by itself stands before its letter, as in MARC-8
 * ("{acute}e"). https://www.loc.gov/marc/mnemonics.html */
#ifndef ALM_MARC_MNEMONIC_H
#define ALM_MARC_MNEMONIC_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"

/* Adds the text with the characters that its mnemonics stand for; gives how
 * many were not known, which stay as they are. */
size_t alm_mnemonic_decode(const char *text, size_t length, alm_buf *out);

/* Adds the text so that decoding gives it again, and '$' is nowhere in it. */
bool alm_mnemonic_encode(const char *text, size_t length, alm_buf *out);

#endif
