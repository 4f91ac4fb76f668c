/* Answers: turns a reply into a libmicrohttpd response, which is kept until the connection
 * has gone on. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve_request.h"

/* The body of an answer that is cut, or that is only announced. */
typedef struct {
  char *data;
  int fd;
  int64_t offset, cut;
} piece;

static ssize_t read_piece(void *context, uint64_t position, char *data,
                          size_t size) {
  piece *p = context;
  int64_t rest = p->cut - (int64_t)position;
  if (rest <= 0) return MHD_CONTENT_READER_END_WITH_ERROR;
  if ((int64_t)size > rest) size = (size_t)rest;
  if (p->data) {
    memcpy(data, p->data + position, size);
    return (ssize_t)size;
  }
  ssize_t n = pread(p->fd, data, size, (off_t)(p->offset + (int64_t)position));
  return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_piece(void *context) {
  piece *p = context;
  if (p->fd >= 0) close(p->fd);
  free(p->data);
  free(p);
}

static struct MHD_Response *from_piece(const alm_reply *reply, int fd,
                                       int64_t length) {
  piece *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  *p = (piece){.fd = fd, .offset = reply->offset, .cut = reply->cut};
  if (p->cut > length) p->cut = length;
  if (reply->body && (p->data = malloc((size_t)length + 1)))
    memcpy(p->data, reply->body, (size_t)length);
  if (reply->body && !p->data) {
    free(p);
    return NULL;
  }
  struct MHD_Response *response = MHD_create_response_from_callback(
      (uint64_t)length, 64 * 1024, read_piece, p, free_piece);
  if (!response) free_piece(p);
  return response;
}

static int open_file(const alm_reply *reply, int64_t *length, alm_error *err) {
  struct stat st;
  int fd = open(reply->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) != 0) {
    alm_fail_errno(err, "can't read %s", reply->path);
    if (fd >= 0) close(fd);
    return -1;
  }
  int64_t rest = (int64_t)st.st_size - reply->offset;
  *length = reply->length < 0 ? rest : reply->length;
  if (S_ISREG(st.st_mode) && rest >= 0 && *length <= rest) return fd;
  alm_fail(err, ALM_IO, "%s does not hold the bytes to be sent", reply->path);
  close(fd);
  return -1;
}

static struct MHD_Response *from_file(const alm_reply *reply, alm_error *err) {
  int64_t length;
  int fd = open_file(reply, &length, err);
  if (fd < 0) return NULL;
  struct MHD_Response *response =
      reply->cut >= 0
          ? from_piece(reply, fd, length)
          : MHD_create_response_from_fd_at_offset64(
                (uint64_t)length, fd, (uint64_t)reply->offset);
  if (!response) alm_fail(err, ALM_LIMIT, "no memory for an answer");
  if (!response && reply->cut < 0) close(fd);
  return response;
}

static struct MHD_Response *from_memory(const alm_reply *reply,
                                        alm_error *err) {
  bool announced = !reply->body && reply->length > 0;
  int64_t length = announced ? reply->length : (int64_t)reply->body_length;
  struct MHD_Response *response =
      announced || (reply->cut >= 0 && reply->body)
          ? from_piece(reply, -1, length)
          : MHD_create_response_from_buffer(reply->body_length,
                                            (void *)(uintptr_t)reply->body,
                                            MHD_RESPMEM_MUST_COPY);
  if (!response) alm_fail(err, ALM_LIMIT, "no memory for an answer");
  return response;
}

static bool add_headers(struct MHD_Response *response, const alm_reply *reply,
                        alm_error *err) {
  for (size_t i = 0; i < reply->header_count; i++) {
    const char *name = reply->headers[2 * i], *value = reply->headers[2 * i + 1];
    if (!alm_headers_good(name, value) ||
        !MHD_add_response_header(response, name, value))
      return alm_fail(err, ALM_PARSE, "bad header '%.80s'", name);
  }
  return true;
}

static bool ready(alm_incoming *r, alm_error *err) {
  if (r->response || r->dropped)
    return alm_fail(err, ALM_CONFLICT, "the request was answered already");
  if (!r->connection)
    return alm_fail(err, ALM_CLOSED, "the connection is closed");
  return true;
}

static bool check(const alm_incoming *r, const alm_reply *reply,
                  alm_error *err) {
  if (reply->status < 200 || reply->status > 599)
    return alm_fail(err, ALM_PARSE, "bad status %u", reply->status);
  if (reply->body && reply->path)
    return alm_fail(err, ALM_PARSE, "more than one of body and path");
  if (!reply->path && reply->length > 0 &&
      (reply->body || strcmp(r->view.method, "HEAD") != 0))
    return alm_fail(err, ALM_PARSE, "length without a path");
  return true;
}

static void go_on(alm_incoming *r, int64_t bytes) {
  r->waiting = false;
  alm_visit_turn(r->connection, ALM_VISIT_READS, bytes);
  MHD_resume_connection(r->connection);
  alm_serve_wake(r->server);
}

/* For a whole file: as many bytes as the largest object can have. */
static int64_t sent_bytes(const alm_reply *reply) {
  if (!reply->path) return (int64_t)reply->body_length;
  return reply->length >= 0 ? reply->length : INT64_C(5) << 30;
}

bool alm_request_reply(alm_request *request, const alm_reply *reply,
                       alm_error *err) {
  alm_incoming *r = (alm_incoming *)request;
  if (!ready(r, err) || !check(r, reply, err)) return false;
  struct MHD_Response *response =
      reply->path ? from_file(reply, err) : from_memory(reply, err);
  if (!response) return false;
  if (!add_headers(response, reply, err)) {
    MHD_destroy_response(response);
    return false;
  }
  r->response = response;
  r->status = reply->status;
  go_on(r, sent_bytes(reply));
  return true;
}

void alm_request_accept(alm_request *request) {
  alm_incoming *r = (alm_incoming *)request;
  r->taken = false;
  if (!r->connection) {
    alm_incoming_free(r);
    return;
  }
  r->waiting = false;
  alm_visit_turn(r->connection, ALM_VISIT_BODY, 0);
  MHD_resume_connection(r->connection);
  alm_serve_wake(r->server);
}

bool alm_request_drop(alm_request *request, alm_error *err) {
  alm_incoming *r = (alm_incoming *)request;
  if (!ready(r, err)) return false;
  r->dropped = true;
  go_on(r, 0);
  return true;
}

/* Linux sends RST at once when a TCP socket is connected to nothing. libmicrohttpd closes
 * the descriptor afterwards. */
static void reset(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  struct sockaddr nothing = {.sa_family = AF_UNSPEC};
  if (info) connect(info->connect_fd, &nothing, sizeof nothing);
}

static enum MHD_Result refuse(alm_incoming *r) {
  struct MHD_Response *response =
      MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
  if (!response) return MHD_NO;
  enum MHD_Result done =
      MHD_queue_response(r->connection, r->refused, response);
  MHD_destroy_response(response);
  return done;
}

enum MHD_Result alm_incoming_answer(alm_incoming *r) {
  if (r->dropped) {
    reset(r->connection);
    return MHD_NO;
  }
  if (r->refused) return refuse(r);
  return MHD_queue_response(r->connection, r->status, r->response);
}

void alm_request_release(alm_request *request) {
  alm_incoming *r = (alm_incoming *)request;
  r->taken = false;
  if (!r->connection) {
    alm_incoming_free(r);
  } else if (r->waiting) {
    r->refused = MHD_HTTP_INTERNAL_SERVER_ERROR;
    go_on(r, 0);
  }
}
