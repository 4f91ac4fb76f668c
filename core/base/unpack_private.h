/* Between the files of unpack: layers, each of which reads from the one below it. The
 * lowest has the bytes as they lie there. */
#ifndef ALM_UNPACK_PRIVATE_H
#define ALM_UNPACK_PRIVATE_H

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "unpack.h"

enum { ALM_UNPACK_HEAD = 512, ALM_UNPACK_LAYERS = 7, ALM_UNPACK_BLOCK = 64 << 10 };

typedef enum { ALM_LAYER_BYTES, ALM_LAYER_GZIP, ALM_LAYER_ARCHIVE } alm_layer_kind;

typedef struct {
  alm_layer_kind kind;
  alm_unpack *unpack;
  size_t depth;
  char head[ALM_UNPACK_HEAD];    /* read to look at, and given again */
  size_t head_at, head_length;
  char *block;                   /* of the layer below, being unpacked */
  z_stream gzip;
  bool between, ended;           /* of gzip: between two members; nothing follows below */
  struct archive *archive;
  bool in_file;
  char name[256];                /* of an archive's file */
} alm_layer;

struct alm_unpack {
  char *name;
  int fd;                        /* -1: memory */
  const char *bytes;
  uint64_t at, size, done;       /* in memory; all of it; read */
  bool seeks;
  bool begun, dead, archived;
  alm_layer *layers[ALM_UNPACK_LAYERS];
  size_t count;
  uint64_t unpacked[ALM_UNPACK_LAYERS];  /* bytes that the layers of a depth gave */
  unsigned long files;
  bool failed;                   /* with the error that a layer below had */
  alm_error error;
  char *file;
};

/* Of layer `depth`; 0 at the end, -1: failed, and unpack->error says how. */
ssize_t alm_unpack_layer(alm_unpack *unpack, size_t depth, char *into, size_t room);
/* Notes the failure; gives -1. */
int alm_unpack_fail(alm_unpack *unpack, alm_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Within the lowest layer. */
int64_t alm_unpack_seek(alm_unpack *unpack, int64_t offset, int whence);

/* ---- unpack_gzip.c ---- */

bool alm_unpack_gzip_looks(const char *head, size_t length);
bool alm_unpack_gzip_begin(alm_layer *layer);
ssize_t alm_unpack_gzip_read(alm_layer *layer, char *into, size_t room);

/* ---- unpack_archive.c ---- */

bool alm_unpack_archive_looks(const char *head, size_t length);
bool alm_unpack_archive_begin(alm_layer *layer);
/* The next file; false: there is none, or failed. */
bool alm_unpack_archive_next(alm_layer *layer);
ssize_t alm_unpack_archive_read(alm_layer *layer, char *into, size_t room);
void alm_unpack_archive_end(alm_layer *layer);

#endif
