/* A process without rights in which the rules of a recipe run, seen from the
 * program that needs their answers. Its memory is its own (exec), it holds no
 * descriptor but the two pipes, and it locks itself in before it sees the
 * recipe: inside_lock.h. It can be ended whatever it is doing.
 *
 * Both sides talk in messages: bytes with their length in front. An empty one
 * is a sign of life and never reaches the caller. */
#ifndef ALM_GUARD_H
#define ALM_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"
#include "../base/error.h"

typedef struct alm_guard alm_guard;

typedef struct {
  const char *library; /* the folder that holds almanac/ */
  double seconds;      /* processor time that one call of a rule may take */
  double silence;      /* seconds without a sign of life that end the process */
} alm_guard_options;

/* Bytes of the longest message in either direction. */
#define ALM_GUARD_LONGEST ((size_t)64 << 20)

/* Starts the process. NULL when it can't be: missing, io. */
alm_guard *alm_guard_open(const alm_guard_options *options,
                              alm_error *err);

/* Sends one message. What arrives meanwhile is kept for the next receive, so
 * several may be sent before the first answer is taken. After a failure the
 * guard can only be closed: closed (the process ended), timeout (it was
 * silent for too long), cancelled (SIGINT or SIGTERM came), limit. */
bool alm_guard_send(alm_guard *guard, const void *data, size_t length,
                      alm_error *err);

/* Waits for the next message and puts it into `message`; fails as send does.
 * At most `signs` signs of life are taken for an answer that is on its way. */
bool alm_guard_receive(alm_guard *guard, long signs, alm_buf *message,
                         alm_error *err);

/* The process, 0 when it has ended. */
long alm_guard_pid(const alm_guard *guard);

/* Ends the process and waits for its end. NULL is fine. */
void alm_guard_close(alm_guard *guard);

#endif
