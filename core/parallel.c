#include "parallel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define THREADS 8
#define ENOUGH 8 /* for a thread to be worth starting */

typedef struct {
  alm_parallel_work *work;
  void *context;
  size_t count;
  atomic_size_t next;
} job;

static void *take_part(void *argument) {
  job *shared = argument;
  size_t index;
  while ((index = atomic_fetch_add(&shared->next, 1)) < shared->count)
    shared->work(shared->context, index);
  return NULL;
}

/* Signals stay with the thread that is here already. */
static int start(pthread_t *threads, int wanted, job *shared) {
  int started = 0;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (started < wanted &&
         pthread_create(&threads[started], NULL, take_part, shared) == 0)
    started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

void alm_parallel(size_t count, alm_parallel_work *work, void *context) {
  job shared = {.work = work, .context = context, .count = count};
  pthread_t threads[THREADS - 1];
  size_t worth = count / ENOUGH;
  int wanted = worth < THREADS ? (int)worth - 1 : THREADS - 1;
  int started = wanted > 0 ? start(threads, wanted, &shared) : 0;
  take_part(&shared);
  while (started > 0) pthread_join(threads[--started], NULL);
}
