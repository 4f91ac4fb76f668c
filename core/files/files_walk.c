/* The walk is a stack of folders, each with its sorted names and a descriptor. So paths
 * of any length work, and no path is looked up twice. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files_private.h"
#include "../base/parallel.h"

#define DEPTH 128
#define AHEAD 1024 /* entries that are looked at together */
#define NAMES_MAXIMUM ((size_t)1 << 31)

typedef struct {
  struct stat info;
  int failure; /* errno of the look, 0 when there is `info` */
  int denied;  /* errno of the question whether it may be read */
  bool outside; /* a link that leads out of the folder */
} look;

typedef struct {
  int fd;
  dev_t device;
  ino_t inode;
  alm_buf names;    /* one after the other: what readdir says that it is, the
                     * name, NUL */
  uint32_t *order;  /* where in `names` they start, sorted */
  const char *root; /* no link may lead out of it; NULL: links lead anywhere */
  size_t count, next;
  look *looks;      /* at the entries from `first` on, AHEAD of them */
  size_t first, looked; /* entries before `looked` were looked at */
  size_t prefix;    /* length of the folder's own path, with the slash */
} level;

struct alm_walk {
  level levels[DEPTH];
  int depth;
  const alm_ignore *ignore;
  alm_buf path;
  char *root;
  char problem[200];
};

/* ---- a folder's names ---- */

static bool add_name(level *folder, size_t *room, const struct dirent *entry) {
  if (folder->count == *room) {
    size_t more = *room ? 2 * *room : 64;
    uint32_t *order = realloc(folder->order, more * sizeof *order);
    if (!order) return false;
    folder->order = order;
    *room = more;
  }
  folder->order[folder->count++] = (uint32_t)folder->names.length + 1;
  return alm_buf_add(&folder->names, &entry->d_type, 1) &&
         alm_buf_add(&folder->names, entry->d_name, strlen(entry->d_name) + 1);
}

static int compare(const void *a, const void *b, void *names) {
  return strcmp((char *)names + *(const uint32_t *)a,
                (char *)names + *(const uint32_t *)b);
}

/* Hidden names are not given. Only a folder that a pattern leaves out by name is told,
 * as .Trash-1000 is. */
static bool is_passed_over(const alm_ignore *ignore, const char *name) {
  if (name[0] != '.') return false;
  bool is_link = name[1] == '\0' || (name[1] == '.' && name[2] == '\0');
  return is_link || !alm_ignore_match(ignore, name, true);
}

static bool list_names(level *folder, const alm_ignore *ignore, DIR *list) {
  struct dirent *entry;
  size_t room = 0;
  while ((errno = 0, entry = readdir(list))) {
    if (is_passed_over(ignore, entry->d_name)) continue;
    if (!add_name(folder, &room, entry)) {
      errno = ENOMEM;
      return false;
    }
  }
  return errno == 0;
}

/* The list gets a descriptor of its own, since closing the list closes it. */
static bool read_names(level *folder, const alm_ignore *ignore) {
  int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
  if (!list) {
    if (fd >= 0) close(fd);
    return false;
  }
  bool done = list_names(folder, ignore, list);
  int reason = errno;
  closedir(list);
  errno = reason;
  if (done && folder->count > 0)
    qsort_r(folder->order, folder->count, sizeof *folder->order, compare,
            folder->names.data);
  return done;
}

/* ---- the stack ---- */

static void drop(level *folder) {
  int reason = errno;
  if (folder->fd >= 0) close(folder->fd);
  alm_buf_free(&folder->names);
  free(folder->order);
  free(folder->looks);
  errno = reason;
}

static bool is_on_the_way(const alm_walk *walk, const struct stat *info) {
  for (int i = 0; i < walk->depth; i++)
    if (walk->levels[i].device == info->st_dev &&
        walk->levels[i].inode == info->st_ino)
      return true;
  return false;
}

static const char *explain(alm_walk *walk, const char *words) {
  snprintf(walk->problem, sizeof walk->problem, "%s: %s", words,
           strerror(errno));
  return walk->problem;
}

/* Goes into the folder that `fd` opened and walk->path names. Returns NULL, or why it
 * can't. */
static const char *enter(alm_walk *walk, int fd) {
  level *folder = &walk->levels[walk->depth];
  struct stat info;
  *folder = (level){.fd = fd, .root = walk->root};
  alm_buf_init(&folder->names, NAMES_MAXIMUM);
  const char *problem = NULL;
  if (fd < 0 || fstat(fd, &info) != 0)
    problem = explain(walk, "can't open the folder");
  else if (is_on_the_way(walk, &info))
    problem = "a link back to a folder above it";
  else if (!read_names(folder, walk->ignore))
    problem = explain(walk, "can't read the folder");
  if (problem) {
    drop(folder);
    return problem;
  }
  folder->device = info.st_dev;
  folder->inode = info.st_ino;
  folder->prefix = walk->path.length + (walk->depth ? 1 : 0);
  walk->depth++;
  return NULL;
}

static const char *enter_named(alm_walk *walk, const level *above,
                               const char *name) {
  if (walk->depth == DEPTH) return "folders nested too deeply";
  return enter(walk, openat(above->fd, name,
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* ---- stepping ---- */

static bool set_path(alm_walk *walk, const level *folder, const char *name) {
  if (folder->prefix) {
    walk->path.length = folder->prefix - 1;
    if (!alm_buf_adds(&walk->path, "/")) return false;
  } else {
    alm_buf_clear(&walk->path);
  }
  return alm_buf_adds(&walk->path, name);
}

static const char *explain_missing(alm_walk *walk, const level *folder,
                                   const char *name) {
  struct stat info;
  int reason = errno;
  bool is_link = fstatat(folder->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                 S_ISLNK(info.st_mode);
  errno = reason;
  if (is_link && errno == ENOENT) return "a link that leads nowhere";
  if (is_link && errno == ELOOP) return "a link that leads to itself";
  return explain(walk, "can't look at it");
}

static const char *name_of(const level *folder, size_t index) {
  return folder->names.data + folder->order[index];
}

/* Some file systems don't say what an entry is; such an entry may be a link. */
static bool may_be_link(const char *name) {
  return name[-1] == DT_LNK || name[-1] == DT_UNKNOWN;
}

/* The system says where a descriptor really is, all links followed. An entry about which
 * it says nothing counts as outside. */
static bool is_outside(const level *folder, const char *name) {
  char link[40], target[PATH_MAX];
  int fd = openat(folder->fd, name, O_PATH | O_CLOEXEC);
  if (fd < 0) return true;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, target, sizeof target - 1);
  close(fd);
  if (length < 0) return true;
  target[length] = '\0';
  return strcmp(target, folder->root) != 0 &&
         !alm_files_path_below(folder->root, target);
}

/* The mode tells the owner's right. For others only the system can answer, since it knows
 * groups and access lists. */
static bool is_denied(const level *folder, const char *name,
                      const struct stat *info) {
  if (info->st_uid == geteuid() && (info->st_mode & S_IRUSR)) return false;
  return faccessat(folder->fd, name, R_OK, AT_EACCESS) != 0;
}

static void look_at(void *context, size_t index) {
  const level *folder = context;
  const char *name = name_of(folder, folder->first + index);
  look *here = &folder->looks[index];
  *here = (look){0};
  if (fstatat(folder->fd, name, &here->info, 0) != 0)
    here->failure = errno;
  else if (folder->root && may_be_link(name) && is_outside(folder, name))
    here->outside = true;
  else if (S_ISREG(here->info.st_mode) &&
           is_denied(folder, name, &here->info))
    here->denied = errno;
}

/* The look at the next entry. Many are looked at together, since each may wait for a disk
 * or a share on the network. NULL: no memory. */
static const look *next_look(level *folder) {
  if (folder->next >= folder->looked) {
    size_t left = folder->count - folder->next;
    size_t room = folder->count < AHEAD ? folder->count : AHEAD;
    if (!folder->looks) folder->looks = calloc(room, sizeof *folder->looks);
    if (!folder->looks) return NULL;
    folder->first = folder->next;
    folder->looked = folder->first + (left < room ? left : room);
    alm_parallel(folder->looked - folder->first, look_at, folder);
  }
  return &folder->looks[folder->next - folder->first];
}

/* Visits an entry. True when `entry` is filled; false when there is nothing to tell. */
static bool visit(alm_walk *walk, level *folder, const char *name,
                  const look *here, alm_walk_entry *entry) {
  if (!here || here->failure) {
    errno = here ? here->failure : ENOMEM;
    entry->problem = explain_missing(walk, folder, name);
    return true;
  }
  if (here->outside) {
    entry->problem = ALM_LINK_OUT;
    return true;
  }
  if (S_ISDIR(here->info.st_mode)) {
    entry->problem = enter_named(walk, folder, name);
    return entry->problem != NULL;
  }
  if (!S_ISREG(here->info.st_mode)) return false;
  errno = here->denied;
  if (here->denied) entry->problem = explain(walk, "can't be read");
  alm_file_describe(&here->info, &entry->info);
  return true;
}

/* The pattern that leaves out the entry at walk->path. When the entry could not be looked
 * at, nobody knows whether it is a folder. */
static const char *left_out(const alm_walk *walk, const look *here) {
  if (!here || here->failure) return NULL;
  return alm_ignore_match(walk->ignore, alm_buf_text(&walk->path),
                          S_ISDIR(here->info.st_mode));
}

/* Fills `entry` for walk->path. False when there is nothing to tell. */
static bool tell(alm_walk *walk, level *folder, const char *name,
                 const look *here, alm_walk_entry *entry) {
  entry->excluded = left_out(walk, here);
  if (entry->excluded) return !(name[0] == '.' && !S_ISDIR(here->info.st_mode));
  return name[0] != '.' && visit(walk, folder, name, here, entry);
}

bool alm_walk_next(alm_walk *walk, alm_walk_entry *entry) {
  while (walk->depth > 0) {
    level *folder = &walk->levels[walk->depth - 1];
    if (folder->next == folder->count) {
      drop(folder);
      walk->depth--;
      continue;
    }
    const look *here = next_look(folder);
    const char *name = name_of(folder, folder->next++);
    *entry = (alm_walk_entry){0};
    if (!set_path(walk, folder, name))
      entry->problem = "the path is too long";
    else if (!tell(walk, folder, name, here, entry))
      continue;
    entry->path = alm_buf_text(&walk->path);
    return true;
  }
  return false;
}

alm_walk *alm_walk_open(const char *folder, bool within,
                        const alm_ignore *ignore, alm_error *err) {
  alm_walk *walk = calloc(1, sizeof *walk);
  if (!walk) {
    alm_fail(err, ALM_IO, "out of memory");
    return NULL;
  }
  walk->ignore = ignore;
  alm_buf_init(&walk->path, 1 << 20);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == ENOTDIR)
    alm_fail(err, ALM_IO, "%s is not a folder", folder);
  else if (fd < 0)
    alm_fail_errno(err, "can't open the folder %s", folder);
  else if (within && !(walk->root = alm_files_real_path(folder, err)))
    close(fd);
  else if (enter(walk, fd))
    alm_fail(err, ALM_IO, "%s: %s", folder, walk->problem);
  else
    return walk;
  alm_walk_close(walk);
  return NULL;
}

void alm_walk_close(alm_walk *walk) {
  if (!walk) return;
  while (walk->depth > 0) drop(&walk->levels[--walk->depth]);
  alm_buf_free(&walk->path);
  free(walk->root);
  free(walk);
}
