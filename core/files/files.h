/* Files as a run needs them: a folder's tree in a fixed order, digests while reading,
 * and writes that appear whole or not at all.
 *
 * Names are bytes, whatever encoding they have. Where a file is expected, nothing waits
 * for a device or a pipe. Failures: missing when there is no such file, limit when it is
 * longer than the caller allows, else io. */
#ifndef ALM_FILES_H
#define ALM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/buf.h"
#include "../base/error.h"
#include "../base/hash.h"
#include "ignore.h"
#include "jpeg.h"

#define ALM_HEAD_MAXIMUM 64

typedef struct {
  int64_t size;     /* bytes */
  int64_t mtime_ns; /* nanoseconds since 1970, UTC */
  mode_t mode;      /* as in stat(2) */
  uint64_t device, inode; /* which file it is; see stat(2) */
} alm_file_info;

/* ---- reading ---- */

/* Links are followed. */
bool alm_file_stat(const char *path, alm_file_info *info, alm_error *err);

/* Adds up to `count` bytes from the start of a regular file. */
bool alm_file_head(const char *path, size_t count, alm_buf *out,
                   alm_error *err);

/* The first bytes of many files below a folder, read several at once, with what their
 * first page and their end tell besides. */
typedef struct {
  const char *path;  /* below the folder */
  unsigned char bytes[ALM_HEAD_MAXIMUM];
  size_t length;
  uint64_t mark;     /* of length, beginning and end: files of different marks
                        differ, those of one mark may be the same */
  alm_jpeg jpeg;     /* when it begins as one */
  bool ok;
  alm_error err;     /* when it is not ok */
} alm_file_start;

typedef struct alm_file_heads alm_file_heads;

/* Begins to fill `starts`, with up to `count` bytes of each file
 * (ALM_HEAD_MAXIMUM at most), and returns at once; starts and paths stay until
 * the end. NULL when the folder itself can't be opened. */
alm_file_heads *alm_file_heads_begin(const char *folder, size_t count,
                                     alm_file_start *starts, size_t files,
                                     alm_error *err);

/* Waits until all are filled. NULL is fine. */
void alm_file_heads_end(alm_file_heads *heads);

/* Does the same for a file that lies below `folder`: a link out of it, or to nowhere, is
 * a failure (io), not a missing file. */
bool alm_file_head_within(const char *folder, const char *path, size_t count,
                          alm_buf *out, alm_error *err);

/* The mark of one file, as in alm_file_start, and what the file was when it was read.
 * Conflict when a link leads to it out of `folder`. */
bool alm_file_mark(const char *folder, const char *path, uint64_t *mark,
                   alm_file_info *info, alm_error *err);

/* Adds all of a file, also of a pipe or device; limit when `out` would pass
 * its maximum. */
bool alm_file_read(const char *path, alm_buf *out, alm_error *err);

/* Digest of `length` bytes from `offset` of a regular file, of all the rest
 * when `length` is negative; `hashed` tells how many they were. A file that
 * ends before offset + length is a failure. */
bool alm_file_hash(const char *path, alm_hash_kind kind, int64_t offset,
                   int64_t length, unsigned char *digest, int64_t *hashed,
                   alm_error *err);

/* Bytes that may still be written to the file system of `path`. */
bool alm_files_free_space(const char *path, int64_t *bytes, alm_error *err);

/* The absolute path without links and ways back; the caller frees it. NULL
 * when nothing is there. */
char *alm_files_real_path(const char *path, alm_error *err);

/* ---- changing ---- */

/* Makes the folder and its parents; that it exists is no failure. `mode` are the rights
 * of what is made, before the umask. */
bool alm_files_make_folder(const char *path, mode_t mode, alm_error *err);

/* Waits until a file, or the names in a folder, are on the disk. */
bool alm_files_sync(const char *path, alm_error *err);

/* The same for all that was written to the file system of a path, at once: far cheaper
 * than file by file when there are many. */
bool alm_files_sync_disk(const char *path, alm_error *err);

/* A new folder for this process only, below $TMPDIR or /tmp; the caller
 * removes it. `path` takes `size` bytes. */
bool alm_files_temp_folder(char *path, size_t size, alm_error *err);

/* Removes a file, a link (not its target) or an empty folder. */
bool alm_files_remove(const char *path, alm_error *err);

/* Removes a folder with all that is in it. Links in it are removed, not followed. */
bool alm_files_remove_tree(const char *path, alm_error *err);

/* Renames on one file system; replaces a file at `to`. */
bool alm_files_rename(const char *from, const char *to, alm_error *err);

/* Writes a file that appears whole or not at all, even when the machine stops: a new file
 * beside it is written to disk and then renamed. A link stays and its target is replaced;
 * a device or pipe is written to. `mode` are the rights of a new file, before the umask. */
bool alm_file_write(const char *path, const void *data, size_t length,
                    mode_t mode, alm_error *err);

/* ---- walking ---- */

/* Goes through all files below a folder, folder by folder, the entries of each sorted by
 * bytes. Memory holds only the names of the folders on the way. Names with a leading dot,
 * sockets, pipes and devices are left out. Links are followed, but not into a folder that
 * the way already leads through. With `within` no link out of the folder is followed
 * either; such entries have the problem ALM_LINK_OUT. What a pattern leaves out comes as an
 * entry of its own, a folder without its content. */
#define ALM_LINK_OUT "a link that leads out of the folder"

typedef struct alm_walk alm_walk;

typedef struct {
  const char *path;    /* below the folder; lives until the next step */
  alm_file_info info;
  const char *problem; /* why it can't be read; NULL when it can */
  const char *excluded; /* the pattern that leaves it out; else NULL */
} alm_walk_entry;

/* `ignore` may be NULL; it stays the caller's, until the walk is closed. */
alm_walk *alm_walk_open(const char *folder, bool within,
                        const alm_ignore *ignore, alm_error *err);

/* False at the end. */
bool alm_walk_next(alm_walk *walk, alm_walk_entry *entry);

/* NULL is fine. */
void alm_walk_close(alm_walk *walk);

#endif
