/* The pipes to a guard and the life of its process. The process is not
 * trusted: everything from it is bounded, and silence ends it. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/standard.h"
#include "../base/sys.h"

#define PIPE_SIZE (1 << 20)
#define LOOK_AROUND 0.5 /* seconds between two looks for SIGINT and silence */

struct alm_guard {
  pid_t pid; /* 0 when the process was reaped */
  int to[2]; /* its reading end stays open here: writing never raises SIGPIPE */
  int from;
  alm_buf in;   /* what arrived, from `start` on not yet taken */
  size_t start;
  double silence;
  double silent; /* seconds waited for nothing; none pass under Ctrl-Z */
  int interrupts; /* that had come before */
};

/* ---- the process ---- */

/* Beside the module, or where it is seen from the shared library (in lib/ or a
 * folder of lib/) or the program, installed or in the tree. */
static bool find_program(char *path) {
  static const char *const places[] = {
      "/guard",
      "/lua/5.4/almanac/guard",
      "/../lua/5.4/almanac/guard",
      "/../lib/lua/5.4/almanac/guard",
      "/../lua/almanac/guard",
      NULL};
  return alm_sys_find_installed(places, "", path);
}

static int spawn(pid_t *pid, char **arguments, int input, int output) {
  char *environment[] = {NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  int failure =
      posix_spawn(pid, arguments[0], &actions, NULL, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  return failure;
}

/* Pipe ends that posix_spawn may move to 0, 1: none is one of them itself. */
static bool open_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  for (int i = 0; i < 2; i++) ends[i] = alm_standard_above(ends[i]);
  fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* smaller where it is not allowed */
  return ends[0] >= 0 && ends[1] >= 0;
}

static bool start(alm_guard *guard, const alm_guard_options *options,
                  alm_error *err) {
  char program[PATH_MAX], seconds[32];
  int from[2];
  if (!find_program(program))
    return alm_fail(err, ALM_MISSING, "the program 'guard' is not beside "
                    "almanac's module; install almanac again");
  if (!open_pipe(guard->to)) return alm_fail_errno(err, "can't open a pipe");
  if (!open_pipe(from)) return alm_fail_errno(err, "can't open a pipe");
  guard->from = from[0];
  fcntl(guard->to[1], F_SETFL, O_NONBLOCK);
  fcntl(guard->from, F_SETFL, O_NONBLOCK);
  snprintf(seconds, sizeof seconds, "%g", options->seconds);
  char *arguments[] = {program, (char *)options->library, seconds,
                       NULL};
  errno = spawn(&guard->pid, arguments, guard->to[0], from[1]);
  bool ok = errno == 0;
  if (!ok) {
    guard->pid = 0;
    alm_fail_errno(err, "can't start %s", program);
  }
  close(from[1]);
  return ok;
}

alm_guard *alm_guard_open(const alm_guard_options *options,
                              alm_error *err) {
  alm_guard *guard = calloc(1, sizeof *guard);
  if (!guard) {
    alm_fail(err, ALM_IO, "out of memory");
    return NULL;
  }
  guard->to[0] = guard->to[1] = guard->from = -1;
  guard->silence = options->silence;
  alm_buf_init(&guard->in, 2 * ALM_GUARD_LONGEST);
  if (start(guard, options, err)) return guard;
  alm_guard_close(guard);
  return NULL;
}

static void end(alm_guard *guard, int *status) {
  if (guard->pid == 0) return;
  kill(guard->pid, SIGKILL);
  while (waitpid(guard->pid, status, 0) < 0 && errno == EINTR) continue;
  guard->pid = 0;
}

long alm_guard_pid(const alm_guard *guard) { return guard->pid; }

void alm_guard_close(alm_guard *guard) {
  if (!guard) return;
  int status, ends[] = {guard->to[0], guard->to[1], guard->from};
  end(guard, &status);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (ends[i] >= 0) close(ends[i]);
  alm_buf_free(&guard->in);
  free(guard);
}

/* ---- what can go wrong ---- */

static bool fail_ended(alm_guard *guard, alm_error *err) {
  int status = 0;
  while (guard->pid && waitpid(guard->pid, &status, 0) < 0)
    if (errno != EINTR) break;
  guard->pid = 0;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
    return alm_fail(err, ALM_CLOSED, "the recipe was stopped: it asked the "
                    "system for what no recipe may do");
  if (WIFSIGNALED(status))
    return alm_fail(err, ALM_CLOSED, "the recipe was stopped: its process "
                    "was ended by signal %d", WTERMSIG(status));
  return alm_fail(err, ALM_CLOSED, "the recipe's process ended by itself");
}

static bool fail_silent(alm_guard *guard, alm_error *err) {
  int status;
  end(guard, &status);
  return alm_fail(err, ALM_TIMEOUT, "the recipe was stopped: it gave no sign "
                  "of life for %g s", guard->silence);
}

/* ---- reading and writing ---- */

static void drop_taken(alm_guard *guard) {
  alm_buf *in = &guard->in;
  if (guard->start == 0) return;
  in->length -= guard->start;
  memmove(in->data, in->data + guard->start, in->length);
  guard->start = 0;
}

static bool read_some(alm_guard *guard, alm_error *err) {
  char chunk[1 << 16];
  ssize_t length = read(guard->from, chunk, sizeof chunk);
  if (length == 0) return fail_ended(guard, err);
  drop_taken(guard);
  if (length > 0) {
    if (alm_buf_add(&guard->in, chunk, (size_t)length)) return true;
    return alm_fail(err, ALM_LIMIT, "the recipe's answer is too long");
  }
  if (errno == EAGAIN || errno == EINTR) return true;
  return alm_fail_errno(err, "can't hear the recipe's process");
}

/* Waits until something can be read, or written if `writes`; reads it. */
static bool wait_and_read(alm_guard *guard, bool writes, alm_error *err) {
  struct pollfd ends[] = {{.fd = guard->from, .events = POLLIN},
                          {.fd = guard->to[1], .events = POLLOUT}};
  int ready = poll(ends, writes ? 2 : 1, (int)(LOOK_AROUND * 1000));
  if (alm_sys_interrupts() > guard->interrupts)
    return alm_fail(err, ALM_CANCELLED, "interrupted");
  if (ready > 0) guard->silent = 0;
  if (ready == 0) guard->silent += LOOK_AROUND;
  if (guard->silent > guard->silence) return fail_silent(guard, err);
  return ready <= 0 || !ends[0].revents || read_some(guard, err);
}

static void begin_waiting(alm_guard *guard) {
  guard->silent = 0;
  guard->interrupts = alm_sys_interrupts();
}

static bool write_all(alm_guard *guard, const char *data, size_t length,
                      alm_error *err) {
  while (length > 0) {
    ssize_t written = write(guard->to[1], data, length);
    if (written > 0) {
      data += written;
      length -= (size_t)written;
    } else if (errno != EAGAIN && errno != EINTR) {
      return alm_fail_errno(err, "can't reach the recipe's process");
    } else if (!wait_and_read(guard, true, err)) {
      return false;
    }
  }
  return true;
}

bool alm_guard_send(alm_guard *guard, const void *data, size_t length,
                      alm_error *err) {
  uint32_t size = (uint32_t)length;
  if (length > ALM_GUARD_LONGEST)
    return alm_fail(err, ALM_LIMIT, "too much for one message to a recipe");
  begin_waiting(guard);
  return write_all(guard, (char *)&size, sizeof size, err) &&
         write_all(guard, data, length, err);
}

/* The next message when all of it has arrived; it is taken with that. */
static const char *take(alm_guard *guard, uint32_t *size) {
  size_t left = guard->in.length - guard->start;
  const char *at = alm_buf_text(&guard->in) + guard->start;
  if (left < sizeof *size) return NULL;
  memcpy(size, at, sizeof *size);
  if (left - sizeof *size < *size) return NULL;
  guard->start += sizeof *size + *size;
  return at + sizeof *size;
}

bool alm_guard_receive(alm_guard *guard, long signs, alm_buf *message,
                         alm_error *err) {
  uint32_t size;
  begin_waiting(guard);
  for (;;) {
    const char *data = take(guard, &size);
    if (data && size > 0) {
      if (alm_buf_add(message, data, size)) return true;
      return alm_fail(err, ALM_LIMIT, "the recipe's answer is too long");
    }
    if (data && signs-- == 0) return fail_silent(guard, err);
    if (!data && !wait_and_read(guard, false, err)) return false;
  }
}
