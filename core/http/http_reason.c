/* Says what the end of a transfer means: a code, and words that say what to do. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "http_transfer.h"

/* Codes ***************************************************************/

/* When the request was for https, only a redirect can have named another protocol. */
static bool leads_out(const alm_transfer *t, CURLcode code) {
  return t->https && code == CURLE_UNSUPPORTED_PROTOCOL;
}

/* True when the connection broke while TLS was agreed on. That is a broken connection,
 * not a refused certificate. */
static bool is_broken(const alm_transfer *t) {
  return strstr(t->words, "SSL_ERROR_SYSCALL") || strstr(t->words, "reset by peer") ||
         strstr(t->words, "unexpected eof");
}

static alm_code code_of(const alm_transfer *t, CURLcode code) {
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
      return is_broken(t) ? ALM_CONNECT : ALM_TLS;
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
      return ALM_IO; /* it is a file here, never a connection */
    default:
      return ALM_CLOSED;
  }
}

/* Only host and port are named: a path or query may hold a secret. */
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

/* The proxy ***********************************************************/

enum { LOGIN_WANTED = 407 };

/* The status that a proxy answered in the server's place; 0 when none did. Only a proxy
 * may ask for a login with 407. */
static long proxy_answer(alm_transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
  if (status / 100 == 2) status = 0;
  return alm_transfer_status(t) == LOGIN_WANTED ? LOGIN_WANTED : status;
}

bool alm_transfer_is_stopped_by_proxy(alm_transfer *t) {
  return proxy_answer(t) != 0;
}

static bool fail_at_proxy(alm_transfer *t, const char *host, alm_error *err) {
  long status = proxy_answer(t), port = 0;
  const char *address = NULL;
  curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_PORT, &port);
  if (!address) address = "";
  if (status == LOGIN_WANTED)
    return alm_fail(err, ALM_TLS,
                    "%s: the proxy at %s:%ld wants a user and password (407): "
                    "set https_proxy=http://USER:PASSWORD@HOST:PORT "
                    "(http_proxy for an http address)",
                    host, address, port);
  if (status >= 500)
    return alm_fail(err, ALM_CONNECT, "%s: the proxy at %s:%ld can't reach it (%ld)",
                    host, address, port, status);
  return alm_fail(err, ALM_TLS,
                  "%s: the proxy at %s:%ld does not let it through (%ld): ask "
                  "for it, or set no_proxy when there is a way without",
                  host, address, port, status);
}

/* Certificates ********************************************************/

#define TRUST "ca_file in almanac.conf.lua, SSL_CERT_FILE or CURL_CA_BUNDLE"

/* These are X509_V_ERR_… of OpenSSL, whose header is needed for nothing else. */
static bool is_unknown_issuer(alm_transfer *t) {
  long result = 0;
  curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &result);
  return result >= 18 && result <= 21;
}

static const char *certificate_advice(alm_transfer *t, CURLcode code) {
  if (code == CURLE_SSL_CACERT_BADFILE)
    return "; the certificates to trust are named by " TRUST;
  if (code == CURLE_PEER_FAILED_VERIFICATION && is_unknown_issuer(t))
    return "; where a proxy or filter signs what it lets through, its "
           "certificate is to be trusted: " TRUST;
  return "";
}

/* In words ************************************************************/

static const char *words_of(const alm_transfer *t, CURLcode code) {
  if (code == CURLE_ABORTED_BY_CALLBACK)
    return "the connection was closed without an answer; the request was not "
           "sent again";
  if (leads_out(t, code))
    return "leads away from https, to where anybody on the way could change "
           "what comes";
  return *t->words ? t->words : curl_easy_strerror(code);
}

void alm_transfer_explain(alm_transfer *t, CURLcode code) {
  if (t->broken) {
    t->result.error = t->error;
    return;
  }
  char host[256], words[CURL_ERROR_SIZE];
  host_of(t->result.url ? t->result.url : "", host, sizeof host);
  if (alm_transfer_is_stopped_by_proxy(t)) {
    fail_at_proxy(t, host, &t->result.error);
    return;
  }
  snprintf(words, sizeof words, "%s", words_of(t, code));
  if (islower((unsigned char)words[1])) words[0] = (char)tolower(words[0]);
  words[strcspn(words, "\r\n")] = '\0';
  alm_fail(&t->result.error, leads_out(t, code) ? ALM_TLS : code_of(t, code),
           "%s: %s%s", host, words, certificate_advice(t, code));
}
