#include "parallel.h"

#include <signal.h>
#include <stdatomic.h>

#define THREADS 8
#define ENOUGH 8 /* things to do per thread, so that starting one pays */

bool alm_parallel_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = pthread_create(thread, NULL, run, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

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

void alm_parallel(size_t count, alm_parallel_work *work, void *context) {
  job shared = {.work = work, .context = context, .count = count};
  pthread_t threads[THREADS - 1];
  size_t worth = count / ENOUGH;
  int wanted = worth < THREADS ? (int)worth - 1 : THREADS - 1;
  int started = 0;
  while (started < wanted &&
         alm_parallel_thread(&threads[started], take_part, &shared))
    started++;
  take_part(&shared);
  while (started > 0) pthread_join(threads[--started], NULL);
}
