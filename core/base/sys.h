/* What a program needs from its machine: clocks, who and where it is, whether
 * a person looks on, and whether somebody asked it to stop. */
#ifndef ALM_SYS_H
#define ALM_SYS_H

#include <stdbool.h>
#include <stddef.h>

/* Seconds of a clock that never goes back; only differences mean anything. */
double alm_sys_monotonic(void);

/* Seconds since 1970, UTC. */
double alm_sys_time(void);

void alm_sys_sleep(double seconds);

/* Catches SIGINT, SIGTERM and (but for nohup) SIGHUP from now on: each one only
 * counts, nothing is interrupted, but the fourth kills as if nobody had caught
 * it. SIGPIPE is ignored. */
void alm_sys_catch_signals(void);

/* How many of those signals came so far. */
int alm_sys_interrupts(void);

/* Whether standard input has ended. What can be read from it is dropped; never
 * waits. */
bool alm_sys_stdin_closed(void);

bool alm_sys_is_terminal(int fd);

/* Columns of the terminal behind `fd`, 80 when it has none to tell. */
int alm_sys_columns(int fd);

/* Login name and host name; "unknown" when the system does not say. The text
 * belongs to the function and is overwritten by the next call. */
const char *alm_sys_user(void);
const char *alm_sys_hostname(void);

/* Looks for what is installed with this code: `below` a folder, which is that
 * of the shared object which the code was loaded from, or else that of the
 * running program. `places` is a list of ways from such a folder that ends with
 * NULL ("/../share"). True: `path` (PATH_MAX bytes) is the place without links
 * and ways back, and what `below` names there can be read. */
bool alm_sys_find_installed(const char *const *places, const char *below,
                            char *path);

/* Keeps this process to itself, for the program at its start: no core dumps,
 * memory and environment unreadable for other processes of the user, and the
 * keys (ALMA_API_KEY, AWS_…) taken out of the environment, so that no child
 * inherits them. */
void alm_sys_keep_private(void);

/* A variable of the environment, also one that alm_sys_keep_private took out;
 * NULL when it is not set. */
const char *alm_sys_env(const char *name);

#endif
