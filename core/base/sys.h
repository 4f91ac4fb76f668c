/* What a program asks its machine: clocks, who and where it is, whether a person
 * looks on, and whether somebody asked it to stop. */
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

/* Finds what is installed with this code. `below` is looked for in folders that are
 * reached from the shared object with this code, or else from the running program;
 * `places` lists the ways ("/../share") and ends with NULL. On success `path`
 * (PATH_MAX bytes) is the folder without links and "..", and what `below` names in it
 * can be read. */
bool alm_sys_find_installed(const char *const *places, const char *below,
                            char *path);

/* Keeps this process to itself; a program calls it at its start. There are no core
 * dumps, and other processes of the user can't read its memory and environment. The
 * keys (ALMA_API_KEY, AWS_…) are taken out of the environment, so that no child
 * inherits them. */
void alm_sys_keep_private(void);

/* A variable of the environment, also one that alm_sys_keep_private took out; NULL
 * when it is not set. */
const char *alm_sys_env(const char *name);

#endif
