/* Connections and how long we wait for them. A client that sends or reads too slowly is
 * hung up on. When all places are taken, the slowest make room, so that nobody can keep
 * the others out. Only the files of serve use this. */
#ifndef ALM_SERVE_VISIT_H
#define ALM_SERVE_VISIT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct alm_visit alm_visit;

/* What a connection is busy with. */
typedef enum {
  ALM_VISIT_HEAD,   /* it owes the head of a request */
  ALM_VISIT_BODY,   /* it owes the rest of a body */
  ALM_VISIT_ANSWER, /* it is owed an answer */
  ALM_VISIT_READS   /* it reads its answer */
} alm_visit_phase;

typedef struct {
  alm_visit *newest;
  unsigned count, most;
  int timer_fd;            /* readable when a look is due; -1: none */
} alm_visits;

bool alm_visits_open(alm_visits *visits, unsigned most);
void alm_visits_close(alm_visits *visits);

/* For MHD_OPTION_NOTIFY_CONNECTION, with the visits as its context. */
void alm_visits_notify(void *visits, struct MHD_Connection *connection,
                       void **context,
                       enum MHD_ConnectionNotificationCode code);

/* Begins a phase; the `bytes` that the client sends or reads in it give it more time. */
void alm_visit_turn(struct MHD_Connection *connection, alm_visit_phase phase,
                    int64_t bytes);

/* Hangs up on connections whose time is over. */
void alm_visits_look(alm_visits *visits);

#endif
