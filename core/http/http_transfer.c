/* The life and the end of one transfer. */
#include "http_transfer.h"

#include <stdlib.h>

/* The end **************************************************************/

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
  if (code == CURLE_OK && in_file && !alm_sink_finish(&t->sink, &t->digests, &t->error))
    t->broken = true;
  result->sha256 = t->digests.sha256;
  result->md5 = t->digests.md5;
  bool stopped = alm_transfer_is_stopped_by_proxy(t);
  result->failed = t->broken || code != CURLE_OK || stopped;
  result->unsent = result->failed && (t->result.sent == 0 || stopped);
  if (result->failed) alm_transfer_explain(t, code);
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
  t->digests = (alm_digests){0};
  t->result = (alm_http_result){0};
}

void alm_transfer_free(alm_transfer *t) {
  alm_transfer_clear(t);
  alm_headers_free(&t->head);
  curl_easy_cleanup(t->easy);
  free(t);
}
