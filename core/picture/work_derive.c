/* Makes a derivative: the pixels are read once from top to bottom, and written
 * as they come. One that has to be turned goes through a scratch file first. */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "work.h"

/* ---- size ---- */

/* Never larger than the master. */
static double scale_of(const alm_work *work, VipsImage *image) {
  double longest = alm_work_number(work, "long-edge", 0);
  double edge = VIPS_MAX(vips_image_get_width(image), vips_image_get_page_height(image));
  return longest > 0 && longest < edge ? longest / edge : 1;
}

static VipsImage *resized(const alm_work *work, VipsImage *in) {
  VipsImage *out;
  double scale = scale_of(work, in);
  if (scale < 1) return vips_resize(in, &out, scale, NULL) ? NULL : out;
  g_object_ref(in);
  return in;
}

/* ---- turning ---- */

typedef struct {
  void *data;
  size_t length;
} mapping;

static void unmap(VipsImage *image, void *given) {
  mapping *map = given;
  (void)image;
  munmap(map->data, map->length);
  g_free(map);
}

/* The same pixels in the scratch file, where they can be read in any order. */
static VipsImage *spread(VipsImage *in, int fd) {
  size_t length = VIPS_IMAGE_SIZEOF_IMAGE(in);
  if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 || vips_rawsave_fd(in, fd, NULL) != 0) return NULL;
  void *data = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    vips_error("picture", "the scratch file can't be read");
    return NULL;
  }
  VipsImage *raw = vips_image_new_from_memory(data, length, vips_image_get_width(in), vips_image_get_height(in),
                                              vips_image_get_bands(in), vips_image_get_format(in));
  mapping *map = g_new(mapping, 1);
  *map = (mapping){data, length};
  g_signal_connect(raw, "postclose", G_CALLBACK(unmap), map);
  return raw;
}

/* vips_image_new_from_memory knows the pixels alone; what else the picture says goes along. */
static VipsImage *with_words_of(VipsImage *raw, VipsImage *in) {
  VipsImage *out;
  if (vips_copy(raw, &out, "interpretation", vips_image_get_interpretation(in), "xres", vips_image_get_xres(in), "yres",
                vips_image_get_yres(in), NULL))
    return NULL;
  char **names = vips_image_get_fields(in);
  for (char **name = names; name && *name; name++) {
    GValue value = {0};
    if (vips_image_get_typeof(out, *name) || vips_image_get(in, *name, &value)) continue;
    vips_image_set(out, *name, &value);
    g_value_unset(&value);
  }
  g_strfreev(names);
  return out;
}

static VipsImage *turned(const alm_work *work, VipsImage *in) {
  VipsImage *raw = NULL, *whole = NULL, *out = NULL;
  if (vips_image_get_orientation(in) <= 1) {
    g_object_ref(in);
    return in;
  }
  if (work->scratch < 0) {
    vips_error("picture", "it has to be turned, and there is no scratch file");
    return NULL;
  }
  raw = spread(in, work->scratch);
  if (raw) whole = with_words_of(raw, in);
  if (whole && vips_autorot(whole, &out, NULL)) out = NULL;
  VIPS_UNREF(whole);
  VIPS_UNREF(raw);
  return out;
}

/* ---- saving ---- */

/* A thumbnail inside the EXIF would show the picture as it was; thumbnails of ours are as small as can be. */
static VipsImage *with_fit_words(const alm_work *work, VipsImage *in) {
  VipsImage *out;
  if (vips_copy(in, &out, NULL)) return NULL;
  vips_image_remove(out, "jpeg-thumbnail-data");
  if (alm_work_number(work, "bare", 0) == 0) return out;
  vips_image_remove(out, VIPS_META_EXIF_NAME);
  vips_image_remove(out, VIPS_META_XMP_NAME);
  vips_image_remove(out, VIPS_META_IPTC_NAME);
  return out;
}

static bool save(const alm_work *work, VipsImage *image, VipsTarget *target) {
  const char *format = alm_work_text(work, "format", "jpg");
  int quality = (int)alm_work_number(work, "quality", 90);
  if (strcmp(format, "jp2") == 0) return vips_jp2ksave_target(image, target, "Q", quality, NULL) == 0;
  if (strcmp(format, "webp") == 0) return vips_webpsave_target(image, target, "Q", quality, NULL) == 0;
  if (strcmp(format, "jpg") == 0)
    return vips_jpegsave_target(image, target, "Q", quality, "optimize_coding", TRUE, NULL) == 0;
  vips_error("picture", "no derivative is made as '%s'", format);
  return false;
}

static bool write_out(const alm_work *work, VipsImage *image, alm_buf *answer) {
  struct stat stat;
  VipsTarget *target = vips_target_new_to_descriptor(work->out);
  if (!target) return false;
  alm_work_signs(image);
  bool ok = save(work, image, target);
  VIPS_UNREF(target);
  if (!ok) return false;
  alm_work_say_number(answer, "made-width", vips_image_get_width(image));
  alm_work_say_number(answer, "made-height", vips_image_get_height(image));
  if (fstat(work->out, &stat) == 0) alm_work_say_number(answer, "made-bytes", (double)stat.st_size);
  return true;
}

typedef VipsImage *step(const alm_work *work, VipsImage *in);

static VipsImage *coloured(const alm_work *work, VipsImage *in) {
  return alm_work_colours(in, alm_work_number(work, "keep-profile", 0) != 0);
}

bool alm_work_derive(const alm_work *work, alm_buf *answer) {
  static step *const steps[] = {resized, coloured, turned, with_fit_words};
  if (!alm_work_look(work, answer)) return false;
  VipsImage *image = alm_work_open(work, false);
  for (size_t i = 0; image && i < sizeof steps / sizeof *steps; i++) {
    VipsImage *next = steps[i](work, image);
    VIPS_UNREF(image);
    image = next;
  }
  if (!image) return false;
  bool ok = write_out(work, image, answer);
  VIPS_UNREF(image);
  return ok;
}
