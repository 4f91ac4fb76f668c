/* Brings every kind of pixel into eight bits of sRGB or grey on white. */
#include "work.h"

static bool is_grey(VipsImage *image) {
  VipsInterpretation space = vips_image_get_interpretation(image);
  return space == VIPS_INTERPRETATION_B_W || space == VIPS_INTERPRETATION_GREY16;
}

static VipsImage *band_range(VipsImage *in, int first, int n) {
  VipsImage *out;
  return vips_extract_band(in, &out, first, "n", n, NULL) ? NULL : out;
}

/* Alpha of whatever depth as a share from 0 to 1. */
static VipsImage *alpha_of(VipsImage *in) {
  VipsImage *band = band_range(in, vips_image_get_bands(in) - 1, 1), *share = NULL;
  double most = vips_image_get_format(in) == VIPS_FORMAT_USHORT ? 65535
                : vips_band_format_isfloat(vips_image_get_format(in)) ? 1 : 255;
  if (band && vips_linear1(band, &share, 1 / most, 0, NULL)) share = NULL;
  VIPS_UNREF(band);
  return share;
}

static bool has_profile(VipsImage *image) {
  return vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0;
}

/* A profile that is broken, or of another kind of picture, is as none. */
static VipsImage *by_profile(VipsImage *in) {
  VipsImage *out;
  if (!has_profile(in)) return NULL;
  if (vips_icc_transform(in, &out, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_RELATIVE, "depth", 8,
                         "black_point_compensation", TRUE, NULL) == 0)
    return out;
  vips_error_clear();
  return NULL;
}

static VipsImage *by_space(VipsImage *in) {
  VipsImage *out;
  VipsInterpretation space = is_grey(in) ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
  return vips_colourspace(in, &out, space, NULL) ? NULL : out;
}

static VipsImage *to_bytes(VipsImage *in) {
  VipsImage *out;
  double scale = vips_image_get_format(in) == VIPS_FORMAT_USHORT ? 1.0 / 257
                 : vips_band_format_isfloat(vips_image_get_format(in)) ? 255 : 1;
  return vips_linear1(in, &out, scale, 0, "uchar", TRUE, NULL) ? NULL : out;
}

/* Without its profile a picture means sRGB to everybody, so it goes with the pixels that it describes. */
static VipsImage *to_srgb(VipsImage *in, bool keep_profile) {
  VipsImage *out = NULL, *bytes = NULL;
  if (keep_profile && has_profile(in) && vips_image_get_interpretation(in) != VIPS_INTERPRETATION_CMYK) {
    return to_bytes(in);
  }
  out = is_grey(in) ? by_space(in) : by_profile(in);
  if (!out) out = by_space(in);
  if (!out) return NULL;
  if (vips_cast_uchar(out, &bytes, NULL)) bytes = NULL;
  VIPS_UNREF(out);
  if (bytes) vips_image_remove(bytes, VIPS_META_ICC_NAME);
  return bytes;
}

/* colours x share + white x (1 - share) */
static VipsImage *on_white(VipsImage *colours, VipsImage *share) {
  VipsImage *below = NULL, *above = NULL, *sum = NULL, *bytes = NULL, *moved = NULL;
  if (vips_linear1(colours, &moved, 1, -255, NULL) == 0 && vips_multiply(moved, share, &above, NULL) == 0 &&
      vips_linear1(above, &sum, 1, 255, NULL) == 0 && vips_rint(sum, &below, NULL) == 0 &&
      vips_cast_uchar(below, &bytes, NULL))
    bytes = NULL;
  VIPS_UNREF(moved);
  VIPS_UNREF(above);
  VIPS_UNREF(sum);
  VIPS_UNREF(below);
  return bytes;
}

VipsImage *alm_work_colours(VipsImage *in, bool keep_profile) {
  if (!vips_image_hasalpha(in)) return to_srgb(in, keep_profile);
  VipsImage *colours = band_range(in, 0, vips_image_get_bands(in) - 1), *share = alpha_of(in), *flat = NULL;
  VipsImage *srgb = colours ? to_srgb(colours, keep_profile) : NULL;
  if (srgb && share) flat = on_white(srgb, share);
  VIPS_UNREF(colours);
  VIPS_UNREF(share);
  VIPS_UNREF(srgb);
  return flat;
}
