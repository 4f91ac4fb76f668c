/* One transfer: its life, and what its end means. */
#include "http_transfer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The end **************************************************************/

/* Of a request by https only a redirect can name another protocol. */
static bool leads_out(const alm_transfer *t, CURLcode code) {
  return t->https && code == CURLE_UNSUPPORTED_PROTOCOL;
}

static alm_code code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return ALM_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED:
      return ALM_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return ALM_TLS;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return ALM_PARSE;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_OUT_OF_MEMORY:
      return ALM_LIMIT;
    case CURLE_READ_ERROR:
    case CURLE_WRITE_ERROR:
    case CURLE_FILE_COULDNT_READ_FILE:
      return ALM_IO; /* a file here, never a connection */
    default:
      return ALM_CLOSED;
  }
}

/* Host and port only: a path or query may hold a secret. */
static void host_of(const char *url, char *host, size_t size) {
  char *name = NULL, *port = NULL;
  CURLU *parts = curl_url();
  snprintf(host, size, "this address");
  if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
      !curl_url_get(parts, CURLUPART_HOST, &name, 0)) {
    bool given = !curl_url_get(parts, CURLUPART_PORT, &port, 0);
    snprintf(host, size, "%s%s%s", name, given ? ":" : "", given ? port : "");
  }
  curl_free(name);
  curl_free(port);
  curl_url_cleanup(parts);
}

static const char *words_of(const alm_transfer *t, CURLcode code) {
  if (code == CURLE_ABORTED_BY_CALLBACK)
    return "the connection was closed without an answer; the request was not "
           "sent again";
  if (leads_out(t, code))
    return "leads away from https, to where anybody on the way could change "
           "what comes";
  return *t->words ? t->words : curl_easy_strerror(code);
}

static void explain(alm_transfer *t, CURLcode code) {
  if (t->broken) {
    t->result.error = t->error;
    return;
  }
  char host[256], words[CURL_ERROR_SIZE];
  host_of(t->result.url ? t->result.url : "", host, sizeof host);
  snprintf(words, sizeof words, "%s", words_of(t, code));
  if (islower((unsigned char)words[1])) words[0] = (char)tolower(words[0]);
  words[strcspn(words, "\r\n")] = '\0';
  alm_fail(&t->result.error, leads_out(t, code) ? ALM_TLS : code_of(code),
           "%s: %s", host, words);
}

long alm_transfer_status(alm_transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

void alm_transfer_end(alm_transfer *t, CURLcode code) {
  alm_http_result *result = &t->result;
  char *url = NULL;
  curl_off_t microseconds = 0;
  result->status = alm_transfer_status(t);
  curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
  curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &microseconds);
  result->url = url;
  result->seconds = (double)microseconds / 1e6;
  result->headers = &t->head;
  result->size = t->sink.size;
  curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &result->connects);
  bool in_file = t->sink.path && result->status / 100 == 2;
  if (!in_file) result->body = alm_buf_text(&t->sink.text);
  result->body_length = t->sink.text.length;
  if (code == CURLE_OK && in_file && !alm_sink_finish(&t->sink, &t->error))
    t->broken = true;
  result->failed = t->broken || code != CURLE_OK;
  result->unsent = result->failed && t->result.sent == 0;
  if (result->failed) explain(t, code);
}

void alm_transfer_fail(alm_transfer *t, const alm_error *err) {
  t->result.failed = true;
  t->result.unsent = t->result.sent == 0;
  t->result.error = *err;
  t->result.headers = &t->head;
}

/* Life *****************************************************************/

alm_transfer *alm_transfer_new(void) {
  alm_transfer *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->source.fd = t->sink.fd = -1;
  alm_headers_init(&t->head);
  t->easy = curl_easy_init();
  if (t->easy) return t;
  free(t);
  return NULL;
}

void alm_transfer_clear(alm_transfer *t) {
  curl_easy_reset(t->easy);
  curl_mime_free(t->mime);
  curl_slist_free_all(t->headers);
  for (size_t i = 0; i < t->part_count; i++)
    alm_source_free(&t->parts[i].source);
  free(t->parts);
  alm_source_free(&t->source);
  alm_sink_free(&t->sink);
  alm_headers_clear(&t->head);
  t->headers = NULL;
  t->mime = NULL;
  t->parts = NULL;
  t->part_count = 0;
  t->broken = t->once = false;
  t->words[0] = '\0';
  t->result = (alm_http_result){0};
}

void alm_transfer_free(alm_transfer *t) {
  alm_transfer_clear(t);
  alm_headers_free(&t->head);
  curl_easy_cleanup(t->easy);
  free(t);
}
