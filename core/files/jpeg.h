/* Reads the markers of a JPEG without decoding it: whether it is complete, how large it
 * is, and how it is turned. */
#ifndef ALM_JPEG_H
#define ALM_JPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  ALM_JPEG_NONE,  /* it does not begin as a JPEG */
  ALM_JPEG_WHOLE, /* it has its end marker */
  ALM_JPEG_SHORT, /* it ends before its header does */
  ALM_JPEG_CUT,   /* it has no end marker */
  ALM_JPEG_ZEROS  /* no end marker, zero bytes instead */
} alm_jpeg_end;

/* What the header does not tell is 0. */
typedef struct {
  alm_jpeg_end end;
  int width, height;
  int components;  /* 1 grey, 3 colours, 4 CMYK */
  int orientation; /* of EXIF, 1 to 8: 1 is upright */
} alm_jpeg;

/* Looks at an open file of `size` bytes that begins with `head`. More is read only when
 * that is not enough, and all of it only when its last bytes are not the end marker. */
void alm_jpeg_look(int fd, const unsigned char *head, size_t length,
                   int64_t size, alm_jpeg *jpeg);

/* True when there is nothing to say about it: it is complete, upright, grey or in colours,
 * and larger than an icon. Also true for a file that is no JPEG. */
bool alm_jpeg_is_plain(const alm_jpeg *jpeg);

#endif
