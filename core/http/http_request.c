/* Sets a transfer up: the options and callbacks of its curl handle. The callbacks only
 * move bytes and note what went wrong. */
#include "http_transfer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../include/almanac.h"

/* The buffers are so large that a small file is one read and one send. */
enum { SEND_BUFFER = 512 * 1024, RECEIVE_BUFFER = 64 * 1024 };

/* Callbacks ************************************************************/

static size_t broke(alm_transfer *t, size_t value) {
  t->broken = true;
  return value;
}

static size_t on_read(char *data, size_t one, size_t size, void *context) {
  alm_transfer *t = context;
  ssize_t n = alm_source_read(&t->source, data, one * size, &t->error);
  return n < 0 ? broke(t, CURL_READFUNC_ABORT) : (size_t)n;
}

static int on_seek(void *context, curl_off_t offset, int origin) {
  alm_transfer *t = context;
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  t->source.position = offset;
  return CURL_SEEKFUNC_OK;
}

static size_t on_part_read(char *data, size_t one, size_t size, void *context) {
  struct alm_part *part = context;
  alm_transfer *t = part->transfer;
  ssize_t n = alm_source_read(&part->source, data, one * size, &t->error);
  return n < 0 ? broke(t, CURL_READFUNC_ABORT) : (size_t)n;
}

static int on_part_seek(void *context, curl_off_t offset, int origin) {
  struct alm_part *part = context;
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  part->source.position = offset;
  return CURL_SEEKFUNC_OK;
}

static size_t on_body(char *data, size_t one, size_t size, void *context) {
  alm_transfer *t = context;
  bool to_file = alm_transfer_status(t) / 100 == 2;
  if (alm_sink_write(&t->sink, to_file, data, one * size, &t->error))
    return one * size;
  return broke(t, 0);
}

static size_t trimmed(const char *text, size_t length) {
  while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
  return length;
}

static bool add_header(alm_headers *head, const char *line, size_t length) {
  const char *colon = memchr(line, ':', length);
  if (!colon || colon == line) return true; /* the blank line at the end */
  const char *value = colon + 1, *end = line + length;
  while (value < end && isspace((unsigned char)*value)) value++;
  return alm_headers_add(head, line, trimmed(line, (size_t)(colon - line)),
                         value, trimmed(value, (size_t)(end - value)));
}

static size_t on_header(char *line, size_t one, size_t size, void *context) {
  alm_transfer *t = context;
  size_t length = one * size;
  if (length > 5 && memcmp(line, "HTTP/", 5) == 0) {
    alm_headers_clear(&t->head); /* another answer begins: behind a redirect or a 100 */
    return length;
  }
  if (add_header(&t->head, line, length)) return length;
  alm_fail(&t->error, ALM_LIMIT, "the answer has too many headers");
  return broke(t, 0);
}

/* Called each time curl is about to send the request on a connection. */
static int on_request(void *context, char *to, char *from, int to_port,
                      int from_port) {
  (void)to, (void)from, (void)to_port, (void)from_port;
  alm_transfer *t = context;
  if (t->once && t->result.sent > 0) return CURL_PREREQFUNC_ABORT;
  t->result.sent++;
  return CURL_PREREQFUNC_OK;
}

/* Setting up ***********************************************************/

#define SET(option, value) curl_easy_setopt(t->easy, CURLOPT_##option, value)

static bool append(alm_transfer *t, const char *line) {
  struct curl_slist *list = curl_slist_append(t->headers, line);
  if (list) t->headers = list;
  return list != NULL;
}

/* curl takes "Name;" for an empty value, and "Name:" for no header at all. */
static bool append_header(alm_transfer *t, const alm_http_header *header) {
  char *line = NULL;
  const char *form = *header->value ? "%s: %s" : "%s;%s";
  int n = asprintf(&line, form, header->name, header->value);
  if (n < 0) return false;
  bool done = append(t, line);
  free(line);
  return done;
}

static bool has_header(const alm_http_request *request, const char *name) {
  for (size_t i = 0; i < request->header_count; i++)
    if (strcasecmp(request->headers[i].name, name) == 0) return true;
  return false;
}

static bool set_headers(alm_transfer *t, const alm_http_request *request) {
  bool done = has_header(request, "Expect") || append(t, "Expect:");
  if (!request->part_count && !has_header(request, "Content-Type"))
    done = done && append(t, "Content-Type:"); /* else curl would guess one */
  for (size_t i = 0; i < request->header_count && done; i++)
    done = append_header(t, &request->headers[i]);
  SET(HTTPHEADER, t->headers);
  return done;
}

static bool set_part(alm_transfer *t, struct alm_part *part,
                     const alm_http_part *from, alm_error *err) {
  part->transfer = t;
  bool ready = from->path
                   ? alm_source_file(&part->source, from->path, 0, -1, err)
                   : alm_source_memory(&part->source, from->value,
                                       from->value_length, err);
  if (!ready) return false;
  curl_mimepart *mime = curl_mime_addpart(t->mime);
  curl_mime_name(mime, from->name);
  if (from->filename) curl_mime_filename(mime, from->filename);
  if (from->type) curl_mime_type(mime, from->type);
  curl_mime_data_cb(mime, part->source.length, on_part_read, on_part_seek, NULL,
                    part);
  return true;
}

static bool set_form(alm_transfer *t, const alm_http_request *request,
                     alm_error *err) {
  t->parts = calloc(request->part_count, sizeof *t->parts);
  t->mime = curl_mime_init(t->easy);
  if (!t->parts || !t->mime) return alm_fail(err, ALM_LIMIT, "no memory");
  for (; t->part_count < request->part_count; t->part_count++)
    if (!set_part(t, &t->parts[t->part_count],
                  &request->parts[t->part_count], err))
      return false;
  SET(MIMEPOST, t->mime);
  return true;
}

static void set_reader(alm_transfer *t) {
  SET(READFUNCTION, on_read);
  SET(READDATA, t);
  SET(SEEKFUNCTION, on_seek);
  SET(SEEKDATA, t);
  if (t->source.length > 64 * 1024) SET(UPLOAD_BUFFERSIZE, (long)SEND_BUFFER);
}

static void set_post(alm_transfer *t) {
  SET(POST, 1L);
  SET(POSTFIELDSIZE_LARGE, (curl_off_t)t->source.length);
  if (t->source.data)
    SET(POSTFIELDS, t->source.data);
  else
    set_reader(t);
}

static void set_upload(alm_transfer *t) {
  SET(UPLOAD, 1L);
  SET(INFILESIZE_LARGE, (curl_off_t)t->source.length);
  set_reader(t);
}

/* curl has options of their own for POST and PUT, and with them it does the right thing
 * behind a redirect. */
static void set_method(alm_transfer *t, const alm_http_request *request) {
  const char *method = request->method;
  bool body = request->body || request->file;
  if (strcmp(method, "HEAD") == 0)
    SET(NOBODY, 1L);
  else if (strcmp(method, "PUT") == 0)
    set_upload(t);
  else if (strcmp(method, "POST") == 0)
    set_post(t);
  else if (strcmp(method, "GET") != 0 || body) {
    if (body) set_post(t);
    SET(CUSTOMREQUEST, method);
    SET(FOLLOWLOCATION, 0L);
  }
}

static bool set_body(alm_transfer *t, const alm_http_request *request,
                     alm_error *err) {
  if (request->part_count) return set_form(t, request, err);
  bool ready = request->file
                   ? alm_source_file(&t->source, request->file, request->offset,
                                     request->length, err)
                   : alm_source_memory(&t->source, request->body,
                                       request->body_length, err);
  if (ready) set_method(t, request);
  return ready;
}

static void set_callbacks(alm_transfer *t) {
  SET(PRIVATE, t);
  SET(ERRORBUFFER, t->words);
  SET(WRITEFUNCTION, on_body);
  SET(WRITEDATA, t);
  SET(HEADERFUNCTION, on_header);
  SET(HEADERDATA, t);
  SET(PREREQFUNCTION, on_request);
  SET(PREREQDATA, t);
}

static void set_limits(alm_transfer *t, const alm_http_request *request) {
  /* 0 would mean curl's default of 300 s, so no limit is a very long one. */
  double connect = request->connect_timeout > 0 ? request->connect_timeout : 1e6;
  SET(CONNECTTIMEOUT_MS, (long)(connect * 1000));
  SET(TIMEOUT_MS, (long)(request->timeout * 1000));
  if (request->stall_timeout > 0) {
    SET(LOW_SPEED_LIMIT, 1L);
    SET(LOW_SPEED_TIME, (long)(request->stall_timeout + 0.999));
  }
  SET(FOLLOWLOCATION, request->redirects > 0 && !request->once ? 1L : 0L);
  SET(MAXREDIRS, request->redirects);
  SET(PROTOCOLS_STR, "http,https");
  SET(REDIR_PROTOCOLS_STR, t->https ? "https" : "http,https");
}

static void set_connection(alm_transfer *t, const alm_http_options *options,
                           const alm_http_request *request) {
  SET(NOSIGNAL, 1L);
  SET(TCP_KEEPALIVE, 1L);
  SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  SET(SUPPRESS_CONNECT_HEADERS, 1L);
  SET(BUFFERSIZE, (long)RECEIVE_BUFFER);
  SET(USERAGENT, options->user_agent);
  if (options->ca_file) {
    SET(CAINFO, options->ca_file);
    SET(PROXY_CAINFO, options->ca_file);
  }
  if (options->ca_folder) SET(CAPATH, options->ca_folder);
  SET(NOPROXY, options->no_proxy);
  if (!request->to && strcmp(request->method, "HEAD") != 0 &&
      !has_header(request, "Accept-Encoding"))
    SET(ACCEPT_ENCODING, "gzip");
}

static bool set_all(alm_transfer *t, const alm_http_options *options,
                    const alm_http_request *request, alm_error *err) {
  t->once = request->once;
  t->https = curl_strnequal(request->url, "https:", 6);
  if (!alm_sink_open(&t->sink, request->to, request->max_body, err) ||
      (request->digests && !alm_sink_hash(&t->sink, err)))
    return false;
  t->sink.unsynced = request->unsynced;
  set_callbacks(t);
  set_connection(t, options, request);
  set_limits(t, request);
  if (!set_headers(t, request) ||
      SET(URL, request->url) != CURLE_OK)
    return alm_fail(err, ALM_LIMIT, "no memory for a request");
  return set_body(t, request, err);
}

bool alm_transfer_set(alm_transfer *t, const alm_http_options *options,
                      const alm_http_request *request, alm_error *err) {
  t->source.fd = t->sink.fd = -1;
  return set_all(t, options, request, err);
}
