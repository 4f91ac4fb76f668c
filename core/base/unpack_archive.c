/* tar and zip, by libarchive's readers of those alone and without its filters, so that
 * a file is never read in any other of its formats. */
#include <dlfcn.h>
#include <string.h>

#include "text.h"
#include "unpack_private.h"

enum { MAGIC_AT = 257, SUM_AT = 148, SUM_DIGITS = 8, TAR_BLOCK = 512, SUM_BLANKS = 8 * ' ' };

typedef struct {
  struct archive *(*open)(void);
  int (*tar)(struct archive *), (*zip)(struct archive *);
  int (*option)(struct archive *, const char *, const char *, const char *);
  int (*on_read)(struct archive *, archive_read_callback *);
  int (*on_seek)(struct archive *, archive_seek_callback *);
  int (*with)(struct archive *, void *);
  int (*begin)(struct archive *);
  int (*next)(struct archive *, struct archive_entry **);
  const char *(*name)(struct archive_entry *), *(*utf8_name)(struct archive_entry *);
  const char *(*link)(struct archive_entry *);
  mode_t (*kind)(struct archive_entry *);
  la_ssize_t (*read)(struct archive *, void *, size_t);
  const char *(*problem)(struct archive *);
  int (*close)(struct archive *);
} functions;

static bool find(void *handle, const char *name, void *function) {
  void *found = dlsym(handle, name);
  memcpy(function, &found, sizeof found);
  return found;
}

/* It stays open, as a second archive may follow. */
static const functions *load(void) {
  static functions lib;
  static bool loaded;
  void *handle = loaded ? NULL : dlopen("libarchive.so.13", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded || !handle) return loaded ? &lib : NULL;
  const struct { const char *name; void *function; } wanted[] = {
      {"new", &lib.open}, {"support_format_tar", &lib.tar}, {"support_format_zip", &lib.zip},
      {"set_option", &lib.option}, {"set_read_callback", &lib.on_read}, {"set_seek_callback", &lib.on_seek},
      {"set_callback_data", &lib.with}, {"open1", &lib.begin}, {"next_header", &lib.next},
      {"data", &lib.read}, {"free", &lib.close}};
  loaded = find(handle, "archive_entry_pathname", &lib.name) && find(handle, "archive_entry_hardlink", &lib.link) &&
           find(handle, "archive_entry_pathname_utf8", &lib.utf8_name) &&
           find(handle, "archive_entry_filetype", &lib.kind) && find(handle, "archive_error_string", &lib.problem);
  for (size_t i = 0; loaded && i < sizeof wanted / sizeof *wanted; i++) {
    char name[64] = "archive_read_";
    loaded = find(handle, strcat(name, wanted[i].name), wanted[i].function);
  }
  return loaded ? &lib : NULL;
}

/* ---- what is one ---- */

/* Old ones have no magic; each header has the sum of its bytes, in octal. */
static bool is_tar(const char *head, size_t length) {
  unsigned long sum = SUM_BLANKS, said = 0;
  bool digits = false;
  if (length < TAR_BLOCK) return false;
  for (size_t i = 0; i < TAR_BLOCK; i++)
    if (i < SUM_AT || i >= SUM_AT + SUM_DIGITS) sum += (unsigned char)head[i];
  for (const char *at = head + SUM_AT; at < head + SUM_AT + SUM_DIGITS; at++) {
    if (*at == '\0' && digits) break;
    if (*at == ' ') continue;
    if (*at < '0' || *at > '7') return false;
    said = said * 8 + (unsigned long)(*at - '0');
    digits = true;
  }
  return digits && said == sum;
}

static bool is_zip(const char *head, size_t length) {
  return length >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
}

bool alm_unpack_archive_looks(const char *head, size_t length) { return is_zip(head, length) || is_tar(head, length); }

/* ---- reading ---- */

static la_ssize_t on_read(struct archive *archive, void *context, const void **data) {
  alm_layer *layer = context;
  (void)archive;
  *data = layer->block;
  return alm_unpack_layer(layer->unpack, layer->depth - 1, layer->block, ALM_UNPACK_BLOCK);
}

static la_int64_t on_seek(struct archive *archive, void *context, la_int64_t offset, int whence) {
  alm_layer *layer = context;
  (void)archive;
  return alm_unpack_seek(layer->unpack, offset, whence);
}

static bool is_outermost(const alm_layer *layer) {
  for (size_t i = 0; i < layer->depth; i++)
    if (layer->unpack->layers[i]->kind == ALM_LAYER_ARCHIVE) return false;
  return true;
}

/* What a layer below had to say comes first. Nobody knows what a broken archive has lost. */
static ssize_t damaged(alm_layer *layer, const functions *lib) {
  const char *problem = lib->problem(layer->archive);
  layer->ended = layer->ended || !layer->in_file;
  if (layer->ended && is_outermost(layer)) layer->unpack->dead = true;
  if (layer->unpack->failed) return -1;
  return alm_unpack_fail(layer->unpack, ALM_PARSE, layer->in_file ? "can't be unpacked (%s)" : "the archive is damaged (%s)",
                         problem ? problem : "no reason is known");
}

static bool open_archive(alm_layer *layer) {
  const functions *lib = load();
  if (!lib)
    return alm_unpack_fail(layer->unpack, ALM_MISSING, "archives need the library libarchive.so.13: install libarchive13") == 0;
  struct archive *archive = layer->archive = lib->open();
  if (!archive) return alm_unpack_fail(layer->unpack, ALM_LIMIT, "out of memory") == 0;
  bool seeks = layer->depth == 1 && layer->unpack->seeks;
  bool done = lib->zip(archive) == ARCHIVE_OK && lib->tar(archive) == ARCHIVE_OK &&
              lib->option(archive, "tar", "read_concatenated_archives", "1") == ARCHIVE_OK &&
              lib->on_read(archive, on_read) == ARCHIVE_OK && lib->with(archive, layer) == ARCHIVE_OK &&
              (!seeks || lib->on_seek(archive, on_seek) == ARCHIVE_OK) && lib->begin(archive) == ARCHIVE_OK;
  return done || damaged(layer, lib) == 0;
}

bool alm_unpack_archive_begin(alm_layer *layer) {
  layer->ended = !open_archive(layer);
  return !layer->ended;
}

void alm_unpack_archive_end(alm_layer *layer) {
  if (layer->archive) load()->close(layer->archive);
}

/* As people may see it on a terminal. */
static void take_name(alm_layer *layer, const functions *lib, struct archive_entry *entry) {
  const char *name = lib->utf8_name(entry);
  if (!name) name = lib->name(entry);
  snprintf(layer->name, sizeof layer->name, "%s", name ? name : "a file without a name");
  size_t length = strlen(layer->name), good;
  while ((good = alm_text_valid_prefix(layer->name, length)) < length) layer->name[good] = '?';
  for (char *at = layer->name; *at; at++)
    if ((unsigned char)*at < ' ' || *at == 0x7f) *at = '?';
}

bool alm_unpack_archive_next(alm_layer *layer) {
  enum { MOST = 100000 };
  const functions *lib = load();
  struct archive_entry *entry;
  while (!layer->ended) {
    layer->in_file = false;
    int result = lib->next(layer->archive, &entry);
    layer->ended = result == ARCHIVE_EOF;
    if (layer->ended) return false;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return damaged(layer, lib) == 0;
    if (++layer->unpack->files > MOST)
      return alm_unpack_fail(layer->unpack, ALM_LIMIT, "there are more than %d files in the archive", MOST) == 0;
    if (lib->kind(entry) != AE_IFREG || lib->link(entry)) continue;
    take_name(layer, lib, entry);
    return layer->in_file = true;
  }
  return false;
}

ssize_t alm_unpack_archive_read(alm_layer *layer, char *into, size_t room) {
  const functions *lib = load();
  la_ssize_t got = lib->read(layer->archive, into, room);
  layer->ended = got == ARCHIVE_FATAL;
  return got >= 0 ? got : damaged(layer, lib);
}
