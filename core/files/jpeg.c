/* Goes from marker to marker. Before the picture each segment says how long it is; within
 * the picture a marker is an FF without a 00 behind it. */
#include "jpeg.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ICON 16        /* pixels */
#define SEGMENTS 4000  /* no real JPEG has more */
#define WINDOW 65536

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, APP1 = 0xE1, TEM = 0x01 };

typedef struct {
  int fd;
  int64_t size;
  const unsigned char *window; /* bytes of the file from `first` on */
  int64_t first;
  size_t length;
  unsigned char *room; /* WINDOW bytes, for reading on */
} view;

/* Gives `count` bytes from `at`; NULL when the file does not have them. */
static const unsigned char *bytes_at(view *seen, int64_t at, size_t count) {
  if (at < 0 || at + (int64_t)count > seen->size) return NULL;
  if (at >= seen->first &&
      at + (int64_t)count <= seen->first + (int64_t)seen->length)
    return seen->window + (at - seen->first);
  ssize_t got;
  do got = pread(seen->fd, seen->room, WINDOW, (off_t)at);
  while (got < 0 && errno == EINTR);
  if (got < (ssize_t)count) return NULL;
  seen->window = seen->room;
  seen->first = at;
  seen->length = (size_t)got;
  return seen->room;
}

static unsigned two(const unsigned char *bytes, bool little) {
  return little ? bytes[1] << 8 | bytes[0] : bytes[0] << 8 | bytes[1];
}

/* ---- what segments tell ---- */

/* True for SOF0 to SOF15. DHT, JPG and DAC have numbers among these and are no frames. */
static bool is_frame(unsigned marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 &&
         marker != 0xC8 && marker != 0xCC;
}

static void read_frame(const unsigned char *body, alm_jpeg *jpeg) {
  jpeg->height = (int)two(body + 1, false);
  jpeg->width = (int)two(body + 3, false);
  jpeg->components = body[5];
}

/* The orientation is entry 0x0112 in the first directory of EXIF's TIFF. */
static void read_exif(const unsigned char *body, size_t length,
                      alm_jpeg *jpeg) {
  if (length < 24 || memcmp(body, "Exif\0", 6) != 0) return;
  const unsigned char *tiff = body + 6;
  size_t left = length - 6;
  bool little = tiff[0] == 'I';
  size_t at = little ? two(tiff + 4, true) : two(tiff + 6, false);
  if (at + 2 > left) return;
  unsigned entries = two(tiff + at, little);
  for (at += 2; entries-- > 0 && at + 12 <= left; at += 12)
    if (two(tiff + at, little) == 0x0112)
      jpeg->orientation = (int)two(tiff + at + 8, little);
}

static void read_segment(view *seen, unsigned marker, int64_t at,
                         size_t length, alm_jpeg *jpeg) {
  const size_t enough = 1024; /* EXIF has its first directory at its beginning */
  if (!is_frame(marker) && marker != APP1) return;
  if (length > enough) length = enough;
  const unsigned char *body = bytes_at(seen, at, length);
  if (!body) return;
  if (marker == APP1)
    read_exif(body, length, jpeg);
  else if (length >= 6)
    read_frame(body, jpeg);
}

/* ---- from marker to marker ---- */

/* The place of the next marker behind `at` in the picture; -1 when there is none. */
static int64_t next_marker(view *seen, int64_t at) {
  while (bytes_at(seen, at, 2)) {
    size_t left = (size_t)(seen->first + (int64_t)seen->length - at);
    const unsigned char *from = seen->window + (at - seen->first);
    const unsigned char *found = memchr(from, 0xFF, left - 1);
    if (!found) {
      at += (int64_t)left - 1;
      continue;
    }
    at += found - from;
    unsigned next = found[1];
    if (next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7)) return at;
    at += next == 0xFF ? 1 : 2;
  }
  return -1;
}

/* True when no length stands behind a marker. */
static bool stands_alone(unsigned marker) {
  return marker == SOI || marker == TEM || (marker >= 0xD0 && marker <= 0xD7);
}

/* The end of the segment at `at`: -1 when that is behind the file's end, -2 when there is
 * no segment. */
static int64_t segment_end(view *seen, int64_t at, unsigned *marker) {
  const unsigned char *here;
  while ((here = bytes_at(seen, at, 2)) && here[0] == 0xFF && here[1] == 0xFF)
    at++; /* a filling byte */
  if (!here) return -1;
  if (here[0] != 0xFF || here[1] == 0) return -2;
  *marker = here[1];
  if (stands_alone(*marker) || *marker == EOI) return at + 2;
  here = bytes_at(seen, at, 4);
  if (!here) return -1;
  int64_t end = at + 2 + (int64_t)two(here + 2, false);
  return end <= seen->size ? end : -1;
}

/* Goes through the header, and through the rest when the end marker was not found. */
static alm_jpeg_end walk(view *seen, bool has_end, alm_jpeg *jpeg) {
  int64_t at = 2;
  bool in_header = true;
  for (int i = 0; i < SEGMENTS; i++) {
    unsigned marker = 0;
    int64_t end = segment_end(seen, at, &marker);
    if (end == -1) return in_header ? ALM_JPEG_SHORT : ALM_JPEG_CUT;
    if (end < 0 || marker == EOI) return end < 0 && !has_end ? ALM_JPEG_CUT : ALM_JPEG_WHOLE;
    if (in_header) {
      int64_t body = at + 4;
      if (end > body)
        read_segment(seen, marker, body, (size_t)(end - body), jpeg);
    }
    at = end;
    if (marker != SOS) continue;
    in_header = false;
    if (has_end) return ALM_JPEG_WHOLE;
    at = next_marker(seen, at);
    if (at < 0) return ALM_JPEG_CUT;
  }
  return ALM_JPEG_WHOLE;
}

static bool ends_in_zeros(view *seen) {
  const unsigned char *tail = bytes_at(seen, seen->size - 16, 16);
  for (int i = 0; tail && i < 16; i++)
    if (tail[i] != 0) return false;
  return tail != NULL;
}

void alm_jpeg_look(int fd, const unsigned char *head, size_t length,
                   int64_t size, alm_jpeg *jpeg) {
  unsigned char room[WINDOW];
  view seen = {fd, size, head, 0, length, room};
  *jpeg = (alm_jpeg){0};
  if (length < 3 || memcmp(head, "\xFF\xD8\xFF", 3) != 0) return;
  unsigned char last[2] = {0};
  if ((int64_t)length == size)
    memcpy(last, head + length - 2, 2);
  else if (pread(fd, last, 2, (off_t)size - 2) != 2)
    return;
  jpeg->end = walk(&seen, last[0] == 0xFF && last[1] == EOI, jpeg);
  if (jpeg->end == ALM_JPEG_CUT && ends_in_zeros(&seen))
    jpeg->end = ALM_JPEG_ZEROS;
}

bool alm_jpeg_is_plain(const alm_jpeg *jpeg) {
  if (jpeg->end == ALM_JPEG_NONE) return true;
  bool is_icon = jpeg->width > 0 && jpeg->width <= ICON &&
                 jpeg->height <= ICON;
  return jpeg->end == ALM_JPEG_WHOLE && !is_icon && jpeg->components != 4 &&
         jpeg->orientation <= 1;
}
