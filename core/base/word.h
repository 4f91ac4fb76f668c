/* Looking at eight bytes of text at once, in a word of 64 bits.
 * The marks are the highest bits of bytes; the first mark is right, and those behind it may
 * be wrong, so that a caller goes on from the first. */
#ifndef ALM_WORD_H
#define ALM_WORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ALM_WORD_EACH(byte) (0x0101010101010101u * (byte))

static inline uint64_t alm_word_read(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/* Marks bytes below `limit`, which is at most 0x80. */
static inline uint64_t alm_word_below(uint64_t word, unsigned char limit) {
  return (word - ALM_WORD_EACH(limit)) & ~word & ALM_WORD_EACH(0x80);
}

static inline uint64_t alm_word_is(uint64_t word, unsigned char byte) {
  return alm_word_below(word ^ ALM_WORD_EACH(byte), 1);
}

/* How many bytes stand before the first with a bit set; 0 where that can't be told at
 * once, so that the caller looks at them one by one. */
static inline size_t alm_word_before(uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return (size_t)__builtin_ctzll(word) / 8;
#else
  return (void)word, 0;
#endif
}

#endif
