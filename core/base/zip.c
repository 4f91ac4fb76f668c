/* Uses libarchive's reader of zip alone and without filters, so that a list's file is
 * never read in any other of its formats. */
#include "zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <string.h>

enum { ENTRIES = 10000, BLOCK = 64 << 10 };

typedef struct {
  struct archive *(*open)(void);
  int (*support)(struct archive *);
  int (*memory)(struct archive *, const void *, size_t);
  int (*next)(struct archive *, struct archive_entry **);
  const char *(*name)(struct archive_entry *);
  la_ssize_t (*read)(struct archive *, void *, size_t);
  int (*close)(struct archive *);
} library;

static bool find(void *handle, const char *name, void *function) {
  void *found = dlsym(handle, name);
  memcpy(function, &found, sizeof found);
  return found;
}

/* The library stays open, as a second workbook may follow. */
static bool open_library(library *zip) {
  void *handle = dlopen("libarchive.so.13", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  return handle && find(handle, "archive_read_new", &zip->open) &&
         find(handle, "archive_read_support_format_zip_seekable", &zip->support) &&
         find(handle, "archive_read_open_memory", &zip->memory) &&
         find(handle, "archive_read_next_header", &zip->next) &&
         find(handle, "archive_entry_pathname", &zip->name) &&
         find(handle, "archive_read_data", &zip->read) &&
         find(handle, "archive_read_free", &zip->close);
}

static bool damaged(alm_error *err) {
  return alm_fail(err, ALM_PARSE, "the zip archive is damaged");
}

/* Goes to the file; when a name comes twice, the first one counts. */
static bool seek(const library *zip, struct archive *archive, const char *name, alm_error *err) {
  struct archive_entry *entry;
  for (int i = 0; i < ENTRIES; i++) {
    int result = zip->next(archive, &entry);
    if (result == ARCHIVE_EOF) return alm_fail(err, ALM_MISSING, "there is no %s in the archive", name);
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return damaged(err);
    const char *found = zip->name(entry);
    if (found && strcmp(found, name) == 0) return true;
  }
  return alm_fail(err, ALM_LIMIT, "there are more than %d files in the archive", ENTRIES);
}

static bool read_all(const library *zip, struct archive *archive, const char *name, alm_buf *out,
                     alm_error *err) {
  char block[BLOCK];
  la_ssize_t got;
  while ((got = zip->read(archive, block, sizeof block)) > 0)
    if (!alm_buf_add(out, block, (size_t)got))
      return alm_fail(err, ALM_LIMIT, "%s in the archive has more than %zu bytes", name, out->maximum);
  return got == 0 || damaged(err);
}

bool alm_zip_read(const char *bytes, size_t length, const char *name, alm_buf *out,
                  alm_error *err) {
  library zip;
  if (!open_library(&zip))
    return alm_fail(err, ALM_MISSING, "workbooks need the library libarchive.so.13: install libarchive13");
  struct archive *archive = zip.open();
  if (!archive) return alm_fail(err, ALM_LIMIT, "out of memory");
  bool done = zip.support(archive) == ARCHIVE_OK &&
              zip.memory(archive, bytes, length) == ARCHIVE_OK;
  done = done ? seek(&zip, archive, name, err) && read_all(&zip, archive, name, out, err)
              : damaged(err);
  zip.close(archive);
  return done;
}
