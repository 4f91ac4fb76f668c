/* The locks of the process that decodes strangers' pictures. Unlike a recipe's
 * process it has threads, and takes descriptors from the other side's socket. */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "work.h"

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MOST_FILES 64
#define MOST_OUTPUT ((rlim_t)1 << 40) /* bytes of one derivative, or of a scratch file */

static bool limit(int resource, rlim_t most) {
  struct rlimit limits = {most, most};
  return setrlimit(resource, &limits) == 0;
}

/* RLIMIT_AS would count what threads reserve and never touch. */
static bool set_limits(rlim_t most_bytes) {
  return limit(RLIMIT_NOFILE, MOST_FILES) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, MOST_OUTPUT) &&
         (SANITIZED || limit(RLIMIT_DATA, most_bytes));
}

static const int ALLOWED[] = {
    /* memory and threads */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(gettid), SCMP_SYS(getpid),
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(prctl), SCMP_SYS(set_tid_address), SCMP_SYS(prlimit64),
    /* signals and clocks */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(tgkill),
    SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(getrandom), SCMP_SYS(sysinfo),
    /* files that it was given */
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(readv), SCMP_SYS(writev),
    SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(fcntl), SCMP_SYS(ftruncate),
    SCMP_SYS(fadvise64), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg)};

/* Only threads: a clone with memory of its own would be a process. clone3 keeps its flags where a
 * filter can't see them, so it is said not to exist, and the C library takes clone. */
static bool allow_threads(scmp_filter_ctx filter) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                          SCMP_A0(SCMP_CMP_MASKED_EQ, 0x00010000, 0x00010000)) == 0 && /* CLONE_THREAD */
         seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

static bool allow_mapping(scmp_filter_ctx filter, int call) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

/* Libraries look for settings and devices as they like; they are told that there are none. */
static bool refuse_names(scmp_filter_ctx filter) {
  static const int calls[] = {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(access), SCMP_SYS(faccessat),
                              SCMP_SYS(readlink), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(ioctl),
                              SCMP_SYS(getcwd), SCMP_SYS(uname), SCMP_SYS(statfs)};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), calls[i], 0) != 0) return false;
  return true;
}

static bool add_rules(scmp_filter_ctx filter) {
  for (size_t i = 0; i < sizeof ALLOWED / sizeof *ALLOWED; i++)
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0) != 0) return false;
  return allow_threads(filter) && allow_mapping(filter, SCMP_SYS(mmap)) && allow_mapping(filter, SCMP_SYS(mprotect)) &&
         refuse_names(filter);
}

static bool set_filter(void) {
  scmp_filter_ctx filter = seccomp_init(SANITIZED ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
  if (!filter) return false;
  bool ok = add_rules(filter) && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return ok;
}

bool alm_work_lock(double most_bytes, bool *filtered) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!set_limits((rlim_t)most_bytes)) return false;
  *filtered = set_filter();
  return true;
}
