/* How an engine function says that the world said no.
 *
 * Functions that can fail take an alm_error last and return false, NULL or -1
 * after filling it. The message is one line, lower case, says what and where,
 * and never holds a secret. The code is from the closed list below, which is
 * what Lua gets as its third value. */
#ifndef ALM_ERROR_H
#define ALM_ERROR_H

#include <stdbool.h>

typedef enum {
  ALM_TIMEOUT, ALM_CONNECT, ALM_TLS, ALM_STATUS, ALM_PARSE, ALM_LIMIT, ALM_IO,
  ALM_AUTH, ALM_MISSING, ALM_CONFLICT, ALM_QUOTA, ALM_CLOSED, ALM_CANCELLED
} alm_code;

typedef struct {
  alm_code code;
  char message[512];
} alm_error;

/* Fills `err` and returns false, so that `return alm_fail(…)` reads well. */
bool alm_fail(alm_error *err, alm_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": reason of errno" behind the message. ENOENT is missing,
 * the rest is io. */
bool alm_fail_errno(alm_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "timeout", "connect", … */
const char *alm_code_name(alm_code code);

#endif
