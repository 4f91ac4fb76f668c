/* Keeps API keys and AWS keys inside the process. */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "sys.h"

/* LeakSanitizer reads its own process's memory as a debugger does, which must stay allowed. */
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static struct {
  const char *name;
  char *value;
} keys[] = {
    {"ALMA_API_KEY", NULL},
    {"AWS_ACCESS_KEY_ID", NULL},
    {"AWS_SECRET_ACCESS_KEY", NULL},
    {"AWS_SESSION_TOKEN", NULL},
    {"AWS_SECURITY_TOKEN", NULL},
};

enum { KEYS = sizeof keys / sizeof *keys };

/* The kernel shows the environment's first bytes in /proc/PID/environ, and unsetting a
 * variable does not change them. So they are overwritten as well. */
static void take_out(size_t i) {
  char *value = getenv(keys[i].name);
  if (!value || !(keys[i].value = strdup(value))) return;
  memset(value, 0, strlen(value));
  unsetenv(keys[i].name);
}

void alm_sys_keep_private(void) {
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  if (!SANITIZED) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  for (size_t i = 0; i < KEYS; i++) take_out(i);
}

const char *alm_sys_env(const char *name) {
  for (size_t i = 0; i < KEYS; i++)
    if (keys[i].value && strcmp(name, keys[i].name) == 0) return keys[i].value;
  return getenv(name);
}
