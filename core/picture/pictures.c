/* The workers' processes and sockets. A worker is not trusted: what it sends is bounded,
 * and silence ends it. */
#include "pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/standard.h"
#include "../base/sys.h"

#define MOST_WORKERS 64
#define LOOK_AROUND 0.5 /* seconds between two looks for SIGINT and silence */

typedef struct {
  pid_t pid;    /* 0: not started */
  int socket;
  long number;  /* of the request that it is at; 0: none */
  double heard; /* when it gave its last sign */
} worker;

struct alm_pictures {
  alm_pictures_options options;
  char program[PATH_MAX];
  worker *workers;
  long asked;
  alm_buf answer;
  int poll;       /* of epoll, for all sockets */
  int interrupts; /* that had come before */
};

/* ---- the processes ---- */

static bool find_program(char *path) {
  static const char *const places[] = {
      "/picture",
      "/lua/5.4/almanac/picture",
      "/../lua/5.4/almanac/picture",
      "/../lib/lua/5.4/almanac/picture",
      "/../lua/almanac/picture",
      NULL};
  return alm_sys_find_installed(places, "", path);
}

static int spawn(pid_t *pid, char **arguments, int socket) {
  static char tmpdir[] = "TMPDIR=/nonexistent", arenas[] = "MALLOC_ARENA_MAX=2";
  char *environment[] = {tmpdir, arenas, NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  int failure = posix_spawn(pid, arguments[0], &actions, NULL, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  return failure;
}

static void end(worker *own) {
  int status = 0;
  if (own->pid == 0) return;
  kill(own->pid, SIGKILL);
  while (waitpid(own->pid, &status, 0) < 0 && errno == EINTR) continue;
  close(own->socket);
  *own = (worker){0};
}

static bool start(alm_pictures *pool, worker *own, alm_error *err) {
  char memory[32];
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return alm_fail_errno(err, "can't open a socket");
  for (int i = 0; i < 2; i++) ends[i] = alm_standard_above(ends[i]);
  snprintf(memory, sizeof memory, "%.0f", pool->options.memory);
  char *arguments[] = {pool->program, memory, NULL};
  errno = spawn(&own->pid, arguments, ends[1]);
  if (errno != 0) {
    own->pid = 0;
    alm_fail_errno(err, "can't start %s", pool->program);
    close(ends[0]);
    close(ends[1]);
    return false;
  }
  close(ends[1]);
  own->socket = ends[0];
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = own};
  if (epoll_ctl(pool->poll, EPOLL_CTL_ADD, own->socket, &event) == 0) return true;
  alm_fail_errno(err, "can't watch the picture worker");
  end(own);
  return false;
}

alm_pictures *alm_pictures_open(const alm_pictures_options *options, alm_error *err) {
  alm_pictures *pool = calloc(1, sizeof *pool);
  if (pool) pool->workers = calloc(MOST_WORKERS, sizeof *pool->workers);
  if (!pool || !pool->workers || (pool->poll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
    if (pool) free(pool->workers);
    free(pool);
    alm_fail(err, ALM_IO, "picture workers can't be watched");
    return NULL;
  }
  pool->poll = alm_standard_above(pool->poll);
  pool->options = *options;
  if (pool->options.workers < 1) pool->options.workers = (int)sysconf(_SC_NPROCESSORS_ONLN);
  if (pool->options.workers > MOST_WORKERS) pool->options.workers = MOST_WORKERS;
  pool->interrupts = alm_sys_interrupts();
  alm_buf_init(&pool->answer, ALM_PICTURES_LONGEST);
  if (find_program(pool->program)) return pool;
  alm_fail(err, ALM_MISSING, "the program 'picture' is not beside almanac's module: build it with `make pictures`, "
           "which needs libvips");
  alm_pictures_close(pool);
  return NULL;
}

void alm_pictures_close(alm_pictures *pool) {
  if (!pool) return;
  for (int i = 0; i < MOST_WORKERS; i++) end(&pool->workers[i]);
  if (pool->poll >= 0) close(pool->poll);
  alm_buf_free(&pool->answer);
  free(pool->workers);
  free(pool);
}

/* ---- asking ---- */

static worker *free_worker(const alm_pictures *pool) {
  worker *idle = NULL;
  for (int i = 0; i < pool->options.workers; i++) {
    worker *own = &pool->workers[i];
    if (own->number == 0 && (!idle || (own->pid && !idle->pid))) idle = own; /* one that runs already, if there is one */
  }
  return idle;
}

int alm_pictures_free(const alm_pictures *pool) {
  int n = 0;
  for (int i = 0; i < pool->options.workers; i++) n += pool->workers[i].number == 0;
  return n;
}

static bool send_with(int socket, const char *text, size_t length, const int *fds, int n) {
  union { char data[CMSG_SPACE(ALM_PICTURES_FILES * sizeof(int))]; struct cmsghdr align; } room = {{0}};
  struct iovec vector = {(char *)text, length};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = room.data,
                           .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int))};
  struct cmsghdr *part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
  memcpy(CMSG_DATA(part), fds, (size_t)n * sizeof(int));
  return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)length;
}

static int open_picture(const char *path, alm_error *err) {
  struct stat stat;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &stat) != 0) {
    alm_fail_errno(err, "%s", path);
  } else if (!S_ISREG(stat.st_mode)) {
    alm_fail(err, ALM_IO, "%s: no regular file", path);
  } else {
    return alm_standard_above(fd);
  }
  if (fd >= 0) close(fd);
  return -1;
}

static int open_out(const char *path, alm_error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd >= 0) return alm_standard_above(fd);
  if (errno == EEXIST)
    alm_fail(err, ALM_CONFLICT, "%s: there is such a file already", path);
  else
    alm_fail_errno(err, "%s", path);
  return -1;
}

static int open_scratch(const char *folder, alm_error *err) {
  int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) alm_fail_errno(err, "%s: no scratch file can be made there", folder);
  return fd < 0 ? -1 : alm_standard_above(fd);
}

/* How many are open; -1 with none. */
static int open_files(const alm_pictures_paths *paths, int *fds, alm_error *err) {
  int n = 0;
  bool ok = (fds[n] = open_picture(paths->picture, err)) >= 0 && ++n;
  if (ok && paths->out) ok = (fds[n] = open_out(paths->out, err)) >= 0 && ++n;
  if (ok && paths->out && paths->scratch) ok = (fds[n] = open_scratch(paths->scratch, err)) >= 0 && ++n;
  if (ok) return n;
  if (n > 1) unlink(paths->out);
  while (n > 0) close(fds[--n]);
  return -1;
}

/* A worker that ended while it had nothing to do is started again. */
static bool hand_over(alm_pictures *pool, worker *own, const char *text, size_t length, const int *fds, int n,
                      alm_error *err) {
  for (int attempt = 0; attempt < 2; attempt++) {
    if (own->pid == 0 && !start(pool, own, err)) return false;
    if (send_with(own->socket, text, length, fds, n)) return true;
    alm_fail_errno(err, "can't reach the picture worker");
    end(own);
  }
  return false;
}

long alm_pictures_ask(alm_pictures *pool, const char *text, size_t length, const alm_pictures_paths *paths,
                      alm_error *err) {
  worker *own = free_worker(pool);
  int fds[ALM_PICTURES_FILES];
  if (!own || length >= ALM_PICTURES_LONGEST) {
    alm_fail(err, ALM_LIMIT, own ? "too much for one request to a picture worker" : "no picture worker is free");
    return -1;
  }
  int n = open_files(paths, fds, err);
  if (n < 0) return -1;
  bool ok = hand_over(pool, own, text, length, fds, n, err);
  for (int i = 0; i < n; i++) close(fds[i]);
  if (!ok && paths->out) unlink(paths->out);
  if (!ok) return -1;
  own->number = ++pool->asked;
  own->heard = alm_sys_monotonic();
  return own->number;
}

/* ---- answers ---- */

static bool finish(worker *own, alm_pictures_result *result) {
  result->number = own->number;
  own->number = 0;
  return true;
}

/* The status tells how a worker ended that nobody killed. One that had nothing to do is of no account. */
static bool lose(worker *own, alm_pictures_result *result) {
  int status = 0;
  result->ended = own->number > 0;
  finish(own, result);
  while (waitpid(own->pid, &status, 0) < 0 && errno == EINTR) continue;
  close(own->socket);
  *own = (worker){0};
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
    alm_fail(&result->err, ALM_CLOSED, "the picture's decoder asked the system for what it may not do");
  else if (WIFSIGNALED(status))
    alm_fail(&result->err, ALM_CLOSED, "the picture's decoder crashed (signal %d)", WTERMSIG(status));
  else
    alm_fail(&result->err, ALM_CLOSED, "the picture's decoder gave up, as when it has no memory left");
  return result->ended;
}

static bool give_up(alm_pictures *pool, worker *own, alm_pictures_result *result) {
  result->ended = true;
  finish(own, result);
  end(own);
  alm_fail(&result->err, ALM_TIMEOUT, "the picture's decoder gave no sign of life for %g s", pool->options.silence);
  return true;
}

/* False for a sign of life. */
static bool hear(alm_pictures *pool, worker *own, alm_pictures_result *result) {
  char text[ALM_PICTURES_LONGEST];
  ssize_t length = recv(own->socket, text, sizeof text, 0);
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (length <= 0) return lose(own, result);
  own->heard = alm_sys_monotonic();
  if (length == 1 || own->number == 0) return false;
  alm_buf_clear(&pool->answer);
  alm_buf_add(&pool->answer, text, (size_t)length);
  result->answer = &pool->answer;
  return finish(own, result);
}

/* The worker that has something to say, or is to be ended for its silence. */
static worker *due(alm_pictures *pool, struct epoll_event *event, int ready) {
  double now = alm_sys_monotonic();
  if (ready > 0) return event->data.ptr;
  for (int i = 0; i < pool->options.workers; i++)
    if (pool->workers[i].number && now - pool->workers[i].heard > pool->options.silence) return &pool->workers[i];
  return NULL;
}

bool alm_pictures_wait(alm_pictures *pool, double seconds, alm_pictures_result *result) {
  double until = alm_sys_monotonic() + seconds;
  *result = (alm_pictures_result){0};
  for (;;) {
    struct epoll_event event;
    double left = until - alm_sys_monotonic();
    double pause = left < 0 ? 0 : left < LOOK_AROUND ? left : LOOK_AROUND;
    int ready = epoll_wait(pool->poll, &event, 1, (int)(pause * 1000) + (pause > 0));
    worker *own = due(pool, &event, ready);
    if (own && ready <= 0) return give_up(pool, own, result);
    if (own && hear(pool, own, result)) return true;
    if (!own && left <= 0) return false;
    if (alm_sys_interrupts() > pool->interrupts) return false;
  }
}

int alm_pictures_fd(const alm_pictures *pool) { return pool->poll; }
