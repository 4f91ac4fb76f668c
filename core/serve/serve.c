/* The server: libmicrohttpd over an epoll descriptor that the caller polls.
 * A complete request suspends its connection and joins the queue. */
#include "serve.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve_request.h"
#include "../base/sys.h"

enum {
  IDLE_SECONDS = 120,           /* a kept connection is closed after this */
  CONNECTION_MEMORY = 64 * 1024,
  ROUNDS = 256                  /* before the caller gets a turn */
};

/* Callbacks ************************************************************/

static void *on_target(void *context, const char *target,
                       struct MHD_Connection *connection) {
  alm_serve *server = context;
  alm_incoming *r = alm_incoming_new(server, target, connection);
  if (!r) return NULL;
  r->older = server->newest;
  if (r->older) r->older->newer = r;
  server->newest = r;
  return r;
}

static enum MHD_Result arrive(alm_serve *server, alm_incoming *r) {
  r->waiting = true;
  alm_visit_turn(r->connection, ALM_VISIT_ANSWER, 0);
  MHD_suspend_connection(r->connection);
  *(server->last ? &server->last->next : &server->first) = r;
  server->last = r;
  return MHD_YES;
}

static enum MHD_Result begin(alm_serve *server, alm_incoming *r,
                             const char *method) {
  alm_incoming_begin(r, method);
  alm_visit_turn(r->connection, ALM_VISIT_BODY, 0);
  if (r->refused) return alm_incoming_answer(r);
  r->view.is_head = server->options.heads && alm_incoming_is_large(r);
  return r->view.is_head ? arrive(server, r) : MHD_YES;
}

/* A sender that does not ask first reads no answer before it has sent everything. */
static enum MHD_Result after_head(alm_incoming *r) {
  r->view.is_head = false;
  bool answered = r->response || r->refused;
  if (r->dropped || (answered && alm_incoming_asks_first(r)))
    return alm_incoming_answer(r);
  return MHD_YES;
}

/* Called with the headers, with each piece of the body, at its end, and again
 * when the suspended connection goes on. */
static enum MHD_Result on_request(void *context,
                                  struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *size, void **mine) {
  (void)url, (void)version;
  alm_incoming *r = *mine;
  if (!r) return MHD_NO;
  if (!r->begun) return begin(context, r, method);
  if (r->view.is_head) return after_head(r);
  if (*size > 0) {
    alm_incoming_take(r, data, *size);
    alm_visit_turn(connection, ALM_VISIT_BODY, (int64_t)*size);
    *size = 0;
    return r->dropped ? alm_incoming_answer(r) : MHD_YES;
  }
  if (r->response || r->refused || r->dropped) return alm_incoming_answer(r);
  alm_incoming_complete(r);
  return arrive(context, r);
}

static void unlink_incoming(alm_serve *server, alm_incoming *r) {
  *(r->newer ? &r->newer->older : &server->newest) = r->older;
  if (r->older) r->older->newer = r->newer;
  r->newer = r->older = NULL;
}

static void on_completed(void *context, struct MHD_Connection *connection,
                         void **mine, enum MHD_RequestTerminationCode code) {
  (void)code;
  alm_incoming *r = *mine;
  alm_visit_turn(connection, ALM_VISIT_HEAD, 0);
  if (!r) return;
  unlink_incoming(context, r);
  r->connection = NULL;
  r->waiting = false;
  if (!r->taken) alm_incoming_free(r);
  *mine = NULL;
}

/* Opening **************************************************************/

static bool bind_to(int fd, const struct addrinfo *address, int *port) {
  int on = 1;
  struct sockaddr_storage bound;
  socklen_t length = sizeof bound;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, address->ai_addr, address->ai_addrlen) != 0) return false;
  if (listen(fd, SOMAXCONN) != 0) return false;
  if (getsockname(fd, (struct sockaddr *)&bound, &length) != 0) return false;
  char text[16];
  if (getnameinfo((struct sockaddr *)&bound, length, NULL, 0, text, sizeof text,
                  NI_NUMERICSERV) != 0)
    return false;
  *port = atoi(text);
  return true;
}

static int listen_on(const alm_serve_options *options, int *port,
                     alm_error *err) {
  char service[16];
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                           .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  struct addrinfo *address = NULL;
  snprintf(service, sizeof service, "%d", options->port);
  int failed = getaddrinfo(options->host, service, &hints, &address);
  if (failed) {
    alm_fail(err, ALM_CONNECT, "can't listen on %s: %s", options->host,
             gai_strerror(failed));
    return -1;
  }
  int fd = socket(address->ai_family,
                  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || !bind_to(fd, address, port)) {
    bool taken = errno == EADDRINUSE;
    alm_fail_errno(err, "can't listen on %s port %d", options->host,
                   options->port);
    if (taken) err->code = ALM_CONFLICT;
    if (fd >= 0) close(fd);
    fd = -1;
  }
  freeaddrinfo(address);
  return fd;
}

static struct MHD_Daemon *start_daemon(alm_serve *server, int listener) {
  return MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
      server, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK,
      on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
      MHD_OPTION_NOTIFY_CONNECTION, alm_visits_notify, &server->visits,
      MHD_OPTION_CONNECTION_LIMIT, server->options.max_connections,
      MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
      MHD_OPTION_END);
}

/* Makes the one descriptor to poll. It covers libmicrohttpd's own, and one that we write
 * to for work that no socket reports, such as an answer that was given. */
static bool make_poll_fd(alm_serve *server) {
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  struct epoll_event event = {.events = EPOLLIN};
  server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  server->poll_fd = epoll_create1(EPOLL_CLOEXEC);
  return info && server->wake_fd >= 0 && server->poll_fd >= 0 &&
         epoll_ctl(server->poll_fd, EPOLL_CTL_ADD, info->epoll_fd, &event) == 0 &&
         epoll_ctl(server->poll_fd, EPOLL_CTL_ADD, server->wake_fd, &event) == 0 &&
         epoll_ctl(server->poll_fd, EPOLL_CTL_ADD, server->visits.timer_fd,
                   &event) == 0;
}

static bool start(alm_serve *server, alm_error *err) {
  const char *folder = server->options.spool_dir;
  if (!folder) folder = getenv("TMPDIR");
  server->spool_dir = strdup(folder && *folder ? folder : "/tmp");
  if (server->options.wide_path)
    server->wide_path = strdup(server->options.wide_path);
  if (!alm_visits_open(&server->visits, server->options.max_connections))
    return alm_fail(err, ALM_LIMIT, "no memory for a server");
  int listener = listen_on(&server->options, &server->port, err);
  if (listener < 0) return false;
  server->daemon = start_daemon(server, listener);
  if (!server->daemon) close(listener);
  if (server->spool_dir && server->daemon && make_poll_fd(server)) return true;
  return alm_fail(err, ALM_LIMIT, "no memory for a server");
}

alm_serve *alm_serve_open(const alm_serve_options *options, alm_error *err) {
  alm_serve *server = calloc(1, sizeof *server);
  if (!server) {
    alm_fail(err, ALM_LIMIT, "no memory for a server");
    return NULL;
  }
  server->options = *options;
  server->poll_fd = server->wake_fd = server->visits.timer_fd = -1;
  if (start(server, err)) return server;
  alm_serve_close(server);
  return NULL;
}

int alm_serve_port(const alm_serve *server) { return server->port; }

int alm_serve_fd(const alm_serve *server) { return server->poll_fd; }

/* libmicrohttpd panics when it is stopped with suspended connections. */
void alm_serve_close(alm_serve *server) {
  for (alm_incoming *r = server->newest; r; r = r->older)
    if (r->waiting) MHD_resume_connection(r->connection);
  if (server->daemon) MHD_stop_daemon(server->daemon);
  if (server->poll_fd >= 0) close(server->poll_fd);
  if (server->wake_fd >= 0) close(server->wake_fd);
  alm_visits_close(&server->visits);
  free(server->spool_dir);
  free(server->wide_path);
  free(server);
}

/* Driving **************************************************************/

/* Milliseconds until libmicrohttpd wants a turn; -1: no such time. */
static int due(alm_serve *server) {
  MHD_UNSIGNED_LONG_LONG milliseconds;
  if (MHD_get_timeout(server->daemon, &milliseconds) != MHD_YES) return -1;
  return milliseconds > 1000000 ? 1000000 : (int)milliseconds;
}

void alm_serve_wake(alm_serve *server) {
  if (!server->woken) eventfd_write(server->wake_fd, 1);
  server->woken = true;
}

static void drive(alm_serve *server) {
  eventfd_t count;
  if (server->woken) eventfd_read(server->wake_fd, &count);
  server->woken = false;
  alm_visits_look(&server->visits);
  int rounds = 0;
  do
    MHD_run(server->daemon);
  while (due(server) == 0 && ++rounds < ROUNDS);
  if (rounds == ROUNDS) alm_serve_wake(server);
}

/* Polls once; false when a signal came. */
static bool poll_once(alm_serve *server, double seconds) {
  struct pollfd one = {.fd = server->poll_fd, .events = POLLIN};
  int milliseconds = (int)((seconds < 1e6 ? seconds : 1e6) * 1000) + 1;
  int other = due(server);
  if (other >= 0 && other < milliseconds) milliseconds = other;
  return poll(&one, 1, milliseconds) >= 0;
}

void alm_serve_wait(alm_serve *server, double seconds) {
  double end = alm_sys_monotonic() + seconds;
  drive(server);
  while (!server->first) {
    double rest = end - alm_sys_monotonic();
    if (!(rest > 0) || !poll_once(server, rest)) return;
    drive(server);
  }
}

bool alm_serve_pending(const alm_serve *server) {
  return server->first != NULL;
}

alm_request *alm_serve_next(alm_serve *server) {
  alm_incoming *r = server->first;
  if (!r) return NULL;
  server->first = r->next;
  if (!server->first) server->last = NULL;
  r->next = NULL;
  r->taken = true;
  return &r->view;
}
