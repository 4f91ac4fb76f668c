/* The program: one host, one command line. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../include/almanac.h"
#include "base/standard.h"
#include "base/sys.h"

static void say(const char *words) { fprintf(stderr, "almanac: %s\n", words); }

/* However the program ends (a script may call os.exit), it tells success only when what it
 * printed has arrived. */
static void answer_for_output(int status, void *unused) {
  (void)unused;
  alm_error err;
  if (alm_standard_flush(&err) || status != 0) return;
  say(err.message);
  _exit(1);
}

int main(int argc, char **argv) {
  alm_error err;
  if (!alm_standard_take(&err)) {
    say(err.message);
    return 1;
  }
  on_exit(answer_for_output, NULL);
  alm_sys_keep_private();
  alm_host *host = alm_host_open(0);
  if (!host) {
    say("out of memory");
    return 1;
  }
  int status = alm_host_main(host, argc, argv);
  alm_host_close(host);
  return status;
}
