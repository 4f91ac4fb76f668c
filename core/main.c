/* The program: one host, one command line. */
#include <stdio.h>

#include "../include/almanac.h"

int main(int argc, char **argv) {
  alm_host *host = alm_host_open(0);
  if (!host) {
    fputs("almanac: out of memory\n", stderr);
    return 1;
  }
  int status = alm_host_main(host, argc, argv);
  alm_host_close(host);
  return status;
}
