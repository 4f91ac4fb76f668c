/* Decodes a whole picture, and keeps a stamp of it: what tells a blank one, and
 * one that is the same as another. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "work.h"

#define STAMP 32 /* pixels of a side, grey */
#define GRID 8   /* of the fingerprint: 8 x 8 differences */

/* Every pixel is read on the way to the stamp, from top to bottom. */
static unsigned char *stamp_of(VipsImage *image, size_t *length) {
  VipsImage *plain = alm_work_colours(image, false), *grey = NULL, *small = NULL;
  unsigned char *data = NULL;
  if (plain && vips_colourspace(plain, &grey, VIPS_INTERPRETATION_B_W, NULL) == 0 &&
      vips_resize(grey, &small, (double)STAMP / vips_image_get_width(grey), "vscale",
                  (double)STAMP / vips_image_get_height(grey), "kernel", VIPS_KERNEL_LINEAR, NULL) == 0)
    data = vips_image_write_to_memory(small, length);
  VIPS_UNREF(plain);
  VIPS_UNREF(grey);
  VIPS_UNREF(small);
  return data;
}

static void say_spread(const unsigned char *data, size_t length, alm_buf *answer) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < length; i++) {
    sum += data[i];
    squares += (double)data[i] * data[i];
  }
  double mean = sum / (double)length;
  alm_work_say_number(answer, "mean", mean);
  alm_work_say_number(answer, "deviation", sqrt(fmax(0, squares / (double)length - mean * mean)));
}

/* The mean of a cell of a grid of `columns` x GRID over the stamp. */
static double cell(const unsigned char *data, int columns, int x, int y) {
  double sum = 0;
  int left = x * STAMP / columns, right = (x + 1) * STAMP / columns, top = y * STAMP / GRID, n = 0;
  for (int row = top; row < top + STAMP / GRID; row++)
    for (int column = left; column < right; column++, n++) sum += data[row * STAMP + column];
  return sum / n;
}

/* 64 bits: whether each cell is brighter than the one to its right. It stays nearly the same when a picture is
 * scaled, compressed or made brighter. */
static void say_fingerprint(const unsigned char *data, alm_buf *answer) {
  char text[GRID * 2 + 1];
  for (int y = 0; y < GRID; y++) {
    unsigned bits = 0;
    for (int x = 0; x < GRID; x++)
      bits = bits << 1 | (cell(data, GRID + 1, x, y) > cell(data, GRID + 1, x + 1, y));
    snprintf(text + 2 * y, 3, "%02x", bits);
  }
  alm_work_say(answer, "fingerprint", text);
}

bool alm_work_check(const alm_work *work, alm_buf *answer) {
  size_t length = 0;
  if (!alm_work_look(work, answer)) return false;
  VipsImage *image = alm_work_open_small(work, true);
  if (!image) return false;
  alm_work_signs(image);
  unsigned char *data = stamp_of(image, &length);
  VIPS_UNREF(image);
  if (!data) return false;
  if (length == STAMP * STAMP) {
    say_spread(data, length, answer);
    say_fingerprint(data, answer);
  }
  g_free(data);
  return true;
}
