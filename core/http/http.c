/* The multi handle: transfers go from `running` to `ended` to `spare`. */
#include "http.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/almanac.h"
#include "http_transfer.h"
#include "../base/sys.h"

enum { SPARE_MOST = 64, CONNECTIONS_KEPT = 256 };

typedef struct {
  alm_transfer *first, *last;
  size_t count;
} list;

struct alm_http {
  CURLM *multi;
  alm_http_options options;
  char *user_agent, *ca_file, *ca_folder, *no_proxy;
  list running, ended, spare;
  alm_transfer *given; /* the caller looks at its result now */
  int64_t last_id;
};

static void push(list *to, alm_transfer *t) {
  t->next = NULL;
  t->previous = to->last;
  *(to->last ? &to->last->next : &to->first) = t;
  to->last = t;
  to->count++;
}

static alm_transfer *take(list *from, alm_transfer *t) {
  if (!t) return NULL;
  *(t->previous ? &t->previous->next : &from->first) = t->next;
  *(t->next ? &t->next->previous : &from->last) = t->previous;
  from->count--;
  return t;
}

/* Opening and closing **************************************************/

/* curl allocates and frees its buffers for each transfer. Left alone, malloc gives them
 * back to the kernel each time, and half of an upload's CPU time goes into getting
 * zeroed pages again. */
static void keep_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 32 * 1024 * 1024);
}

static const char *environment(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

/* The first value that is set: the option, else one of two variables; NULL when none is. */
static const char *first_of(const char *option, const char *one, const char *two) {
  if (option) return option;
  const char *value = environment(one);
  return value || !two ? value : environment(two);
}

/* "*" is understood only when it stands alone, and then it covers this machine already. */
static char *with_this_machine(const char *hosts) {
  char *all = NULL;
  if (hosts && strcmp(hosts, "*") == 0) return strdup(hosts);
  int length = asprintf(&all, "localhost,127.0.0.0/8,::1%s%s", hosts ? "," : "",
                        hosts ? hosts : "");
  return length < 0 ? NULL : all;
}

static bool keep(char **copy, const char *text) {
  if (text) *copy = strdup(text);
  return !text || *copy;
}

static bool keep_options(alm_http *http, const alm_http_options *options) {
  const char *agent = options->user_agent;
  http->no_proxy = with_this_machine(first_of(options->no_proxy, "no_proxy", "NO_PROXY"));
  bool kept = http->no_proxy &&
    keep(&http->user_agent, agent ? agent : "almanac/" ALMANAC_VERSION) &&
    keep(&http->ca_file, first_of(options->ca_file, "CURL_CA_BUNDLE", "SSL_CERT_FILE")) &&
    keep(&http->ca_folder, first_of(options->ca_folder, "SSL_CERT_DIR", NULL));
  http->options = *options;
  http->options.user_agent = http->user_agent;
  http->options.ca_file = http->ca_file;
  http->options.ca_folder = http->ca_folder;
  http->options.no_proxy = http->no_proxy;
  return kept;
}

alm_http *alm_http_open(const alm_http_options *options, alm_error *err) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  keep_memory();
  alm_http *http = calloc(1, sizeof *http);
  if (http) http->multi = curl_multi_init();
  if (!http || !http->multi || !keep_options(http, options)) {
    if (http) alm_http_close(http);
    alm_fail(err, ALM_LIMIT, "no memory for transfers");
    return NULL;
  }
  CURLM *multi = http->multi;
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, options->max_total);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, options->max_per_host);
  return http;
}

static void stop(alm_http *http, alm_transfer *t) {
  take(&http->running, t);
  curl_multi_remove_handle(http->multi, t->easy);
}

static void free_all(list *of) {
  while (of->first) alm_transfer_free(take(of, of->first));
}

void alm_http_close(alm_http *http) {
  while (http->running.first) {
    alm_transfer *t = http->running.first;
    stop(http, t);
    alm_transfer_free(t);
  }
  free_all(&http->ended);
  free_all(&http->spare);
  if (http->given) alm_transfer_free(http->given);
  if (http->multi) curl_multi_cleanup(http->multi);
  free(http->user_agent);
  free(http->ca_file);
  free(http->ca_folder);
  free(http->no_proxy);
  free(http);
}

/* Adding ***************************************************************/

static bool check(const alm_http_request *request, alm_error *err) {
  if (!alm_headers_token(request->method))
    return alm_fail(err, ALM_PARSE, "bad method");
  for (size_t i = 0; i < request->header_count; i++) {
    const alm_http_header *header = &request->headers[i];
    if (!alm_headers_good(header->name, header->value))
      return alm_fail(err, ALM_PARSE, "bad header '%.80s'", header->name);
  }
  if (!!request->body + !!request->file + !!request->part_count > 1)
    return alm_fail(err, ALM_PARSE, "more than one of body, file and form");
  if (request->part_count && strcmp(request->method, "POST") != 0)
    return alm_fail(err, ALM_PARSE, "a form is sent by POST");
  return true;
}

static void start(alm_http *http, alm_transfer *t,
                  const alm_http_request *request) {
  alm_error err;
  bool ready = alm_transfer_set(t, &http->options, request, &err);
  if (ready && curl_multi_add_handle(http->multi, t->easy) != CURLM_OK)
    ready = alm_fail(&err, ALM_LIMIT, "no memory for a transfer");
  push(ready ? &http->running : &http->ended, t);
  if (!ready) alm_transfer_fail(t, &err);
}

/* Driving **************************************************************/

static void collect(alm_http *http) {
  int left = 0;
  for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode code = message->data.result;
    char *private = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    alm_transfer *t = (alm_transfer *)private;
    stop(http, t);
    alm_transfer_end(t, code);
    push(&http->ended, t);
  }
}

static void drive(alm_http *http) {
  int running = 0;
  curl_multi_perform(http->multi, &running);
  collect(http);
}

int64_t alm_http_add(alm_http *http, const alm_http_request *request,
                     alm_error *err) {
  if (!check(request, err)) return 0;
  alm_transfer *t = take(&http->spare, http->spare.last);
  if (!t) t = alm_transfer_new();
  if (!t) return alm_fail(err, ALM_LIMIT, "no memory for a transfer");
  t->result.id = ++http->last_id;
  int64_t id = t->result.id;
  start(http, t, request);
  drive(http); /* it leaves now, since callers that pace themselves count from here */
  return id;
}

static bool poll_once(alm_http *http, double seconds, int fd) {
  struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};
  int milliseconds = (int)((seconds < 1e6 ? seconds : 1e6) * 1000) + 1;
  int ready = 0;
  CURLMcode code = curl_multi_poll(http->multi, fd < 0 ? NULL : &extra,
                                   fd < 0 ? 0 : 1, milliseconds, &ready);
  return code == CURLM_OK && !extra.revents;
}

void alm_http_wait(alm_http *http, double seconds, int fd) {
  double end = alm_sys_monotonic() + seconds;
  int interrupts = alm_sys_interrupts();
  drive(http);
  while (!http->ended.first) {
    double rest = end - alm_sys_monotonic();
    if (!(rest > 0) || alm_sys_interrupts() != interrupts) return;
    bool on = poll_once(http, rest, fd);
    drive(http);
    if (!on) return;
  }
}

static void set_aside(alm_http *http, alm_transfer *t) {
  if (!t) return;
  if (http->spare.count == SPARE_MOST) {
    alm_transfer_free(t);
    return;
  }
  alm_transfer_clear(t);
  push(&http->spare, t);
}

const alm_http_result *alm_http_next(alm_http *http) {
  set_aside(http, http->given);
  http->given = take(&http->ended, http->ended.first);
  return http->given ? &http->given->result : NULL;
}

bool alm_http_cancel(alm_http *http, int64_t id) {
  alm_transfer *t = http->running.first;
  while (t && t->result.id != id) t = t->next;
  if (!t) return false;
  alm_error err;
  alm_fail(&err, ALM_CANCELLED, "cancelled");
  stop(http, t);
  alm_transfer_fail(t, &err);
  push(&http->ended, t);
  return true;
}

size_t alm_http_active(const alm_http *http) {
  return http->running.count + http->ended.count;
}
