/* Hangs up by shutting the socket down: libmicrohttpd sees its end and closes the connection
 * as if the client had gone. */
#include "serve_visit.h"

#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../base/sys.h"

enum {
  HEAD_SECONDS = 60,    /* a head may take so long, also on a kept connection */
  BODY_SECONDS = 60,    /* a body may take so long, and the time that SLOWEST gives */
  READ_SECONDS = 120,
  SLOWEST = 4096,       /* bytes a second at which a body must come or go */
  LOOKS = 500           /* milliseconds between two looks */
};

/* Seconds for which anybody may keep a place that others wait for. */
static const double GRACE = 2;

struct alm_visit {
  struct MHD_Connection *connection;
  alm_visit *newer, *older;
  alm_visit_phase phase;
  double since, until;
  bool hung_up;
};

static void set_timer(alm_visits *visits) {
  long pause = visits->count > 0 ? LOOKS * 1000000L : 0;
  struct itimerspec when = {.it_interval = {.tv_nsec = pause},
                            .it_value = {.tv_nsec = pause}};
  timerfd_settime(visits->timer_fd, 0, &when, NULL);
}

bool alm_visits_open(alm_visits *visits, unsigned most) {
  *visits = (alm_visits){.most = most};
  visits->timer_fd =
      timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return visits->timer_fd >= 0;
}

void alm_visits_close(alm_visits *visits) {
  if (visits->timer_fd >= 0) close(visits->timer_fd);
}

static void come(alm_visits *visits, struct MHD_Connection *connection,
                 void **context) {
  alm_visit *visit = calloc(1, sizeof *visit);
  *context = visit;
  if (!visit) return;
  visit->connection = connection;
  visit->since = alm_sys_monotonic();
  visit->until = visit->since + HEAD_SECONDS;
  visit->older = visits->newest;
  if (visit->older) visit->older->newer = visit;
  visits->newest = visit;
  if (++visits->count == 1) set_timer(visits);
}

static void go(alm_visits *visits, alm_visit *visit) {
  *(visit->newer ? &visit->newer->older : &visits->newest) = visit->older;
  if (visit->older) visit->older->newer = visit->newer;
  free(visit);
  if (--visits->count == 0) set_timer(visits);
}

void alm_visits_notify(void *visits, struct MHD_Connection *connection,
                       void **context,
                       enum MHD_ConnectionNotificationCode code) {
  if (code == MHD_CONNECTION_NOTIFY_STARTED)
    come(visits, connection, context);
  else if (*context)
    go(visits, *context);
}

static double time_for(alm_visit_phase phase) {
  switch (phase) {
    case ALM_VISIT_HEAD: return HEAD_SECONDS;
    case ALM_VISIT_BODY: return BODY_SECONDS;
    case ALM_VISIT_READS: return READ_SECONDS;
    default: return INFINITY;
  }
}

void alm_visit_turn(struct MHD_Connection *connection, alm_visit_phase phase,
                    int64_t bytes) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  alm_visit *visit = info ? info->socket_context : NULL;
  if (!visit) return;
  if (phase != visit->phase) {
    visit->phase = phase;
    visit->since = alm_sys_monotonic();
    visit->until = visit->since + time_for(phase);
  }
  visit->until += (double)bytes / SLOWEST;
}

static void hang_up(alm_visit *visit) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(
      visit->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  visit->hung_up = true;
  if (info) shutdown(info->connect_fd, SHUT_RDWR);
}

/* True when a connection must make room for others that wait: its grace is over, and it
 * owes us a head or the rest of a body, or does nothing on a kept connection. A body that
 * comes at a fair rate may stay. */
static bool is_in_the_way(const alm_visit *visit, double now) {
  if (now < visit->since + GRACE) return false;
  return visit->phase == ALM_VISIT_HEAD ||
         (visit->phase == ALM_VISIT_BODY && visit->until < now + BODY_SECONDS);
}

void alm_visits_look(alm_visits *visits) {
  uint64_t expired;
  double now = alm_sys_monotonic();
  bool full = visits->count >= visits->most;
  if (read(visits->timer_fd, &expired, sizeof expired) < 0 && !full) return;
  for (alm_visit *visit = visits->newest; visit; visit = visit->older)
    if (!visit->hung_up &&
        (now > visit->until || (full && is_in_the_way(visit, now))))
      hang_up(visit);
}
