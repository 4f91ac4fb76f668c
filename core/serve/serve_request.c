/* Collects a request. Its body goes into limited memory, or, when it is large, into a file
 * and through SHA-256 on the way. */
#include "serve_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../base/sys.h"

/* So much of a body over the maximum is read and thrown away, so that the sender gets to
 * read the answer. */
static const int64_t PATIENCE = 256 * 1024 * 1024;

static int64_t most_of(const alm_serve *server, const char *path) {
  const char *wide = server->wide_path;
  bool is_wide = wide && strncmp(path, wide, strlen(wide)) == 0;
  return is_wide ? server->options.wide_body : server->options.max_body;
}

alm_incoming *alm_incoming_new(alm_serve *server, const char *target,
                               struct MHD_Connection *connection) {
  alm_incoming *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->server = server;
  r->connection = connection;
  r->spool_fd = -1;
  alm_headers_init(&r->view.headers);
  alm_buf_init(&r->body, (size_t)server->options.spool_above);
  r->target = strdup(target);
  if (!r->target) {
    free(r);
    return NULL;
  }
  char *query = strchr(r->target, '?');
  if (query) *query = '\0';
  r->view.path = r->target;
  r->most = most_of(server, r->target);
  r->view.query = query ? query + 1 : "";
  r->view.arrived = alm_sys_monotonic();
  return r;
}

void alm_incoming_free(alm_incoming *r) {
  if (r->spool_fd >= 0) close(r->spool_fd);
  if (r->spool) unlink(r->spool);
  if (r->response) MHD_destroy_response(r->response);
  EVP_MD_CTX_free(r->digest);
  alm_headers_free(&r->view.headers);
  alm_buf_free(&r->body);
  free(r->spool);
  free(r->target);
  free(r->method);
  free(r);
}

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind,
                                  const char *name, const char *value) {
  (void)kind;
  alm_incoming *r = context;
  if (!value) value = "";
  if (alm_headers_add(&r->view.headers, name, strlen(name), value,
                      strlen(value)))
    return MHD_YES;
  r->refused = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
  return MHD_NO;
}

bool alm_incoming_asks_first(const alm_incoming *r) {
  const char *expect = alm_headers_get(&r->view.headers, "expect");
  return expect && strcasecmp(expect, "100-continue") == 0;
}

void alm_incoming_begin(alm_incoming *r, const char *method) {
  r->begun = true;
  r->method = strdup(method);
  r->view.method = r->method ? r->method : "";
  MHD_get_connection_values(r->connection, MHD_HEADER_KIND, add_header, r);
  const char *length = alm_headers_get(&r->view.headers, "content-length");
  r->announced = length ? strtoll(length, NULL, 10) : 0;
  if (r->announced > r->most && alm_incoming_asks_first(r))
    r->refused = MHD_HTTP_CONTENT_TOO_LARGE;
}

/* A body in chunks may have any size. A body over the maximum is never kept. */
bool alm_incoming_is_large(const alm_incoming *r) {
  return r->announced <= r->most &&
         (r->announced > r->server->options.spool_above ||
          alm_headers_get(&r->view.headers, "transfer-encoding"));
}

/* No name comes twice. Otherwise a file that the caller renamed away could be removed as
 * another request's. */
static bool open_spool(alm_incoming *r) {
  alm_serve *server = r->server;
  if (asprintf(&r->spool, "%s/almanac-%ld-%lu-XXXXXX", server->spool_dir,
               (long)getpid(), ++server->spooled) < 0)
    r->spool = NULL;
  if (!r->spool) return false;
  r->spool_fd = mkostemp(r->spool, O_CLOEXEC);
  r->digest = EVP_MD_CTX_new();
  return r->spool_fd >= 0 && r->digest &&
         EVP_DigestInit_ex(r->digest, EVP_sha256(), NULL);
}

static bool spool(alm_incoming *r, const char *data, size_t size) {
  EVP_DigestUpdate(r->digest, data, size);
  while (size > 0) {
    ssize_t n = write(r->spool_fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    data += n;
    size -= (size_t)n;
  }
  return true;
}

static bool keep(alm_incoming *r, const char *data, size_t size) {
  if (!r->spool && alm_buf_add(&r->body, data, size)) return true;
  if (!r->spool) {
    if (!open_spool(r)) return false;
    if (!spool(r, r->body.data, r->body.length)) return false;
    alm_buf_free(&r->body);
  }
  return spool(r, data, size);
}

void alm_incoming_take(alm_incoming *r, const char *data, size_t size) {
  r->view.body_size += (int64_t)size;
  int64_t kept = r->response ? 0 : r->most;
  if (r->view.body_size - kept > PATIENCE) r->dropped = true;
  if (r->response) return;
  if (!r->refused && (r->view.body_size > r->most || r->announced > r->most))
    r->refused = MHD_HTTP_CONTENT_TOO_LARGE;
  if (!r->refused && !keep(r, data, size))
    r->refused = MHD_HTTP_INSUFFICIENT_STORAGE;
}

void alm_incoming_complete(alm_incoming *r) {
  if (r->spool) {
    r->view.body_path = r->spool;
    r->hashed = EVP_DigestFinal_ex(r->digest, r->sha256, NULL);
    close(r->spool_fd);
    r->spool_fd = -1;
  } else {
    r->view.body = alm_buf_text(&r->body);
  }
}

void alm_request_sha256(alm_request *request, char *hex) {
  alm_incoming *r = (alm_incoming *)request;
  if (!r->hashed && r->view.body)
    r->hashed = EVP_Digest(r->view.body, (size_t)r->view.body_size, r->sha256,
                           NULL, EVP_sha256(), NULL);
  for (int i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", r->sha256[i]);
}
