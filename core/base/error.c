/* Errors of the engine: a code and a line of words. */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_message(alm_error *err, alm_code code, const char *format,
                        va_list args) {
  err->code = code;
  vsnprintf(err->message, sizeof err->message, format, args);
}

bool alm_fail(alm_error *err, alm_code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  set_message(err, code, format, args);
  va_end(args);
  return false;
}

bool alm_fail_errno(alm_error *err, const char *format, ...) {
  int reason = errno;
  va_list args;
  va_start(args, format);
  set_message(err, reason == ENOENT ? ALM_MISSING : ALM_IO, format, args);
  va_end(args);
  size_t used = strlen(err->message);
  snprintf(err->message + used, sizeof err->message - used, ": %s",
           strerror(reason));
  return false;
}

const char *alm_code_name(alm_code code) {
  static const char *const names[] = {
      [ALM_TIMEOUT] = "timeout", [ALM_CONNECT] = "connect",
      [ALM_TLS] = "tls",         [ALM_STATUS] = "status",
      [ALM_PARSE] = "parse",     [ALM_LIMIT] = "limit",
      [ALM_IO] = "io",           [ALM_AUTH] = "auth",
      [ALM_MISSING] = "missing", [ALM_CONFLICT] = "conflict",
      [ALM_QUOTA] = "quota",     [ALM_CLOSED] = "closed",
      [ALM_CANCELLED] = "cancelled",
  };
  return names[code];
}
