/* Limits first, then a filter of system calls: an allow-list, everything else
 * ends the process. A sanitized build keeps what the sanitizers need. */
#include "inside_lock.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MOST_MEMORY ((rlim_t)1 << 30) /* address space; Lua has its own */
#define MOST_SECONDS 7200             /* processor time of a whole plan */

static bool limit(int resource, rlim_t most) {
  struct rlimit limits = {most, most};
  return setrlimit(resource, &limits) == 0;
}

static bool set_limits(void) {
  return limit(RLIMIT_NOFILE, 0) && limit(RLIMIT_FSIZE, 0) &&
         limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CORE, 0) &&
         limit(RLIMIT_CPU, MOST_SECONDS) &&
         (SANITIZED || limit(RLIMIT_AS, MOST_MEMORY));
}

static bool allow(scmp_filter_ctx filter, int call) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
}

static bool allow_on(scmp_filter_ctx filter, int call, int fd) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                          SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd)) == 0;
}

/* Memory, but none that can be executed. */
static bool allow_mapping(scmp_filter_ctx filter, int call) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                          SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

static bool allow_sanitizers(scmp_filter_ctx filter) {
  static const int calls[] = {
      SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
      SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(futex),
      SCMP_SYS(sched_yield), SCMP_SYS(prctl), SCMP_SYS(getrlimit),
      SCMP_SYS(prlimit64), SCMP_SYS(readlink), SCMP_SYS(clock_gettime)};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (!allow(filter, calls[i])) return false;
  return allow_on(filter, SCMP_SYS(write), STDERR_FILENO);
}

static bool add_rules(scmp_filter_ctx filter) {
  static const int calls[] = {SCMP_SYS(brk), SCMP_SYS(munmap),
                              SCMP_SYS(mremap), SCMP_SYS(madvise),
                              SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
                              SCMP_SYS(exit), SCMP_SYS(exit_group)};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (!allow(filter, calls[i])) return false;
  return allow_on(filter, SCMP_SYS(read), STDIN_FILENO) &&
         allow_on(filter, SCMP_SYS(write), STDOUT_FILENO) &&
         allow_mapping(filter, SCMP_SYS(mmap)) &&
         allow_mapping(filter, SCMP_SYS(mprotect)) &&
         (!SANITIZED || allow_sanitizers(filter));
}

static bool set_filter(void) {
  scmp_filter_ctx filter =
      seccomp_init(SANITIZED ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
  if (!filter) return false;
  bool ok = add_rules(filter) && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return ok;
}

bool alm_inside_lock(bool *filtered) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!set_limits()) return false;
  *filtered = set_filter();
  return true;
}
