/* A process without rights in which the rules of a recipe run, seen from the
 * program that needs their answers. Its memory is its own (exec), it holds no
 * descriptor but the two pipes, and it locks itself in before it sees the
 * recipe: sandbox_lock.h. It can be ended whatever it is doing.
 *
 * Both sides talk in messages: bytes with their length in front. An empty one
 * is a sign of life and never reaches the caller. */
#ifndef ALM_SANDBOX_H
#define ALM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"
#include "../base/error.h"

typedef struct alm_sandbox alm_sandbox;

typedef struct {
  const char *library; /* the folder that holds almanac/ */
  double seconds;      /* processor time that one call of a rule may take */
  double silence;      /* seconds without a sign of life that end the process */
} alm_sandbox_options;

/* Bytes of the longest message in either direction. */
#define ALM_SANDBOX_LONGEST ((size_t)64 << 20)

/* Starts the process. NULL when it can't be: missing, io. */
alm_sandbox *alm_sandbox_open(const alm_sandbox_options *options,
                              alm_error *err);

/* Sends one message. What arrives meanwhile is kept for the next receive, so
 * several may be sent before the first answer is taken. After a failure the
 * sandbox can only be closed: closed (the process ended), timeout (it was
 * silent for too long), cancelled (SIGINT or SIGTERM came), limit. */
bool alm_sandbox_send(alm_sandbox *sandbox, const void *data, size_t length,
                      alm_error *err);

/* Waits for the next message and puts it into `message`; fails as send does.
 * At most `signs` signs of life are taken for an answer that is on its way. */
bool alm_sandbox_receive(alm_sandbox *sandbox, long signs, alm_buf *message,
                         alm_error *err);

/* The process, 0 when it has ended. */
long alm_sandbox_pid(const alm_sandbox *sandbox);

/* Ends the process and waits for its end. NULL is fine. */
void alm_sandbox_close(alm_sandbox *sandbox);

#endif
