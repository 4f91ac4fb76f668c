/* Opens pictures, and says what one is without decoding it. */
#include <string.h>

#include "work.h"

typedef VipsImage *opener(VipsSource *source, VipsFailOn fail_on, int page, bool small);

/* ---- the formats that libraries keep and show ---- */

/* Every other decoder is a door that stays closed, so libvips is not asked to find one. */

static VipsImage *open_tiff(VipsSource *source, VipsFailOn fail_on, int page, bool small) {
  VipsImage *out;
  (void)small;
  return vips_tiffload_source(source, &out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, "page", page, NULL)
             ? NULL : out;
}

static VipsImage *open_jpeg(VipsSource *source, VipsFailOn fail_on, int page, bool small) {
  VipsImage *out;
  (void)page;
  return vips_jpegload_source(source, &out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, "shrink",
                              small ? 8 : 1, NULL) ? NULL : out;
}

static VipsImage *open_png(VipsSource *source, VipsFailOn fail_on, int page, bool small) {
  VipsImage *out;
  (void)page, (void)small;
  return vips_pngload_source(source, &out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL) ? NULL : out;
}

static VipsImage *open_jp2(VipsSource *source, VipsFailOn fail_on, int page, bool small) {
  VipsImage *out;
  (void)page, (void)small;
  return vips_jp2kload_source(source, &out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL) ? NULL : out;
}

static VipsImage *open_webp(VipsSource *source, VipsFailOn fail_on, int page, bool small) {
  VipsImage *out;
  (void)small;
  return vips_webpload_source(source, &out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, "page", page, NULL)
             ? NULL : out;
}

static VipsImage *open_gif(VipsSource *source, VipsFailOn fail_on, int page, bool small) {
  VipsImage *out;
  (void)small;
  return vips_gifload_source(source, &out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, "page", page, NULL)
             ? NULL : out;
}

static const struct {
  const char *name, *magic;
  size_t at, length;
  opener *open;
} FORMATS[] = {
    {"tiff", "II*\0", 0, 4, open_tiff}, {"tiff", "MM\0*", 0, 4, open_tiff}, /* TIFF 6.0, section 2 */
    {"tiff", "II+\0", 0, 4, open_tiff}, {"tiff", "MM\0+", 0, 4, open_tiff}, /* BigTIFF */
    {"jpeg", "\xff\xd8\xff", 0, 3, open_jpeg},
    {"png", "\x89PNG\r\n\x1a\n", 0, 8, open_png},
    {"jp2", "jP  \r\n\x87\n", 4, 8, open_jp2}, {"jp2", "\xff\x4f\xff\x51", 0, 4, open_jp2}, /* ISO 15444-1 */
    {"webp", "WEBP", 8, 4, open_webp},
    {"gif", "GIF8", 0, 4, open_gif}};

#define HEAD 16

/* Its place in FORMATS; -1 with an error. */
static int format_of(VipsSource *source) {
  const unsigned char *head = vips_source_sniff(source, HEAD);
  for (size_t i = 0; head && i < sizeof FORMATS / sizeof *FORMATS; i++)
    if (memcmp(head + FORMATS[i].at, FORMATS[i].magic, FORMATS[i].length) == 0) return (int)i;
  vips_error("picture", "it is no TIFF, JPEG, PNG, JPEG 2000, WebP or GIF");
  return -1;
}

/* libtiff gives Lab of eight bits packed, which most operations can't read. */
static VipsImage *unpacked(VipsImage *in) {
  VipsImage *out = NULL;
  if (!in || vips_image_get_coding(in) != VIPS_CODING_LABQ) return in;
  if (vips_LabQ2Lab(in, &out, NULL)) out = NULL;
  VIPS_UNREF(in);
  return out;
}

static VipsImage *open_page(const alm_work *work, bool strict, bool small, const char **name) {
  int page = (int)alm_work_number(work, "page", 0);
  VipsSource *source = vips_source_new_from_descriptor(work->in);
  if (!source) return NULL;
  int format = format_of(source);
  VipsImage *image = format < 0 ? NULL : FORMATS[format].open(source, strict ? VIPS_FAIL_ON_WARNING : VIPS_FAIL_ON_ERROR,
                                                              page, small);
  VIPS_UNREF(source);
  if (name && image) *name = FORMATS[format].name;
  return unpacked(image);
}

VipsImage *alm_work_open(const alm_work *work, bool strict) { return open_page(work, strict, false, NULL); }

VipsImage *alm_work_open_small(const alm_work *work, bool strict) { return open_page(work, strict, true, NULL); }

/* ---- what it is ---- */

static int bits_of(VipsImage *image) {
  int bits = (int)vips_format_sizeof(vips_image_get_format(image)) * 8;
  if (vips_image_get_typeof(image, "bits-per-sample")) vips_image_get_int(image, "bits-per-sample", &bits);
  return bits;
}

static void say_profile(VipsImage *image, alm_buf *answer) {
  const void *data;
  size_t length;
  if (vips_image_get_typeof(image, VIPS_META_ICC_NAME) &&
      vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, &length) == 0)
    alm_work_say_number(answer, "profile", (double)length);
}

static void say_shape(VipsImage *image, const char *format, alm_buf *answer) {
  alm_work_say(answer, "format", format);
  alm_work_say_number(answer, "width", vips_image_get_width(image));
  alm_work_say_number(answer, "height", vips_image_get_page_height(image));
  alm_work_say_number(answer, "bands", vips_image_get_bands(image));
  alm_work_say_number(answer, "bits", bits_of(image));
  alm_work_say(answer, "space", vips_enum_nick(VIPS_TYPE_INTERPRETATION, vips_image_get_interpretation(image)));
  alm_work_say_number(answer, "alpha", vips_image_hasalpha(image));
  alm_work_say_number(answer, "pages", vips_image_get_n_pages(image));
  alm_work_say_number(answer, "orientation", vips_image_get_orientation(image));
  alm_work_say_number(answer, "dpi", vips_image_get_xres(image) * 25.4);
  say_profile(image, answer);
}

bool alm_work_look(const alm_work *work, alm_buf *answer) {
  const char *format = "";
  VipsImage *image = open_page(work, false, false, &format);
  if (!image) return false;
  say_shape(image, format, answer);
  VIPS_UNREF(image);
  return true;
}
