/* Clocks, names, signals of the machine. */
#include "sys.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupts;

static double clock_seconds(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double alm_sys_monotonic(void) { return clock_seconds(CLOCK_MONOTONIC); }
double alm_sys_time(void) { return clock_seconds(CLOCK_REALTIME); }

void alm_sys_sleep(double seconds) {
  if (!(seconds > 0)) return;
  struct timespec wait = {.tv_sec = (time_t)seconds};
  wait.tv_nsec = (long)((seconds - (double)wait.tv_sec) * 1e9);
  nanosleep(&wait, NULL); /* a signal ends the sleep early; the caller looks for the reason */
}

static void count_interrupt(int signal_number) {
  if (++interrupts >= 3) signal(signal_number, SIG_DFL);
}

void alm_sys_catch_signals(void) {
  struct sigaction action = {.sa_handler = count_interrupt};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction before;
  if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, NULL); /* under nohup it stays ignored */
  signal(SIGPIPE, SIG_IGN);
}

int alm_sys_interrupts(void) { return interrupts; }

bool alm_sys_stdin_closed(void) {
  char dropped[512];
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  while (poll(&input, 1, 0) == 1) {
    ssize_t length = read(STDIN_FILENO, dropped, sizeof dropped);
    if (length < 0) return errno != EINTR && errno != EAGAIN;
    if (length == 0) return true;
  }
  return false;
}

bool alm_sys_is_terminal(int fd) { return isatty(fd) == 1; }

int alm_sys_columns(int fd) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

const char *alm_sys_user(void) {
  struct passwd *entry = getpwuid(geteuid());
  return entry ? entry->pw_name : "unknown";
}

const char *alm_sys_hostname(void) {
  static char name[256];
  if (gethostname(name, sizeof name - 1) != 0) return "unknown";
  return name;
}

/* ---- finding what is installed with this code ---- */

/* Both functions return a path without links. */
static char *object_path(void) {
  Dl_info self;
  if (!dladdr((void *)(uintptr_t)object_path, &self) || !self.dli_fname)
    return NULL;
  return realpath(self.dli_fname, NULL);
}

static char *program_path(void) { return realpath("/proc/self/exe", NULL); }

static bool is_place(const char *path, const char *below) {
  char probe[PATH_MAX];
  int length = snprintf(probe, sizeof probe, "%s%s", path, below);
  return length < (int)sizeof probe && access(probe, R_OK) == 0;
}

static bool find_from(const char *file, const char *const *places,
                      const char *below, char *path) {
  int folder = (int)(strrchr(file, '/') - file);
  for (; *places; places++) {
    char way[PATH_MAX];
    int length = snprintf(way, sizeof way, "%.*s%s", folder, file, *places);
    if (length < (int)sizeof way && realpath(way, path) && is_place(path, below))
      return true;
  }
  return false;
}

bool alm_sys_find_installed(const char *const *places, const char *below,
                            char *path) {
  char *const files[] = {object_path(), program_path()};
  bool found = false;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (files[i] && !found) found = find_from(files[i], places, below, path);
    free(files[i]);
  }
  return found;
}
