/* Does the same small work for many things with a few threads. This pays for work
 * that mostly waits, as for a disk or a share on the network. */
#ifndef ALM_PARALLEL_H
#define ALM_PARALLEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Starts a thread that gets no signals, so that the threads that were here before
 * get them. False when no thread can be had. */
bool alm_parallel_thread(pthread_t *thread, void *(*run)(void *), void *argument);

/* Is called from several threads, once for each index. */
typedef void alm_parallel_work(void *context, size_t index);

/* Returns when the work is done for all of 0 … count - 1, in any order. Where
 * no thread can be had, the caller's does it all. */
void alm_parallel(size_t count, alm_parallel_work *work, void *context);

#endif
