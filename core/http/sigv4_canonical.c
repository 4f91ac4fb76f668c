/* The canonical request: headers, query and path in the one form that client
 * and server both arrive at. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sigv4_private.h"

typedef alm_sigv4_list list;
typedef alm_sigv4_work work;

static bool is_s3(const alm_sigv4_request *request) {
  return strcmp(request->service, "s3") == 0;
}

static bool fail_long(alm_error *err) {
  return alm_fail(err, ALM_LIMIT, "the request is too long to be signed");
}

/* ---- encoding ---- */

static bool is_unreserved(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

bool alm_sigv4_encode(const char *text, size_t length, bool keep_slash,
                      alm_buf *out) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    char code[4] = {(char)c, '\0'};
    if (!is_unreserved(c) && !(keep_slash && c == '/'))
      snprintf(code, sizeof code, "%%%02X", (unsigned)c);
    if (!alm_buf_adds(out, code)) return false;
  }
  return true;
}

/* ---- lists ---- */

static const char *name_at(const list *items, size_t i) {
  return items->text.data + items->names[items->order[i]];
}

static const char *value_at(const list *items, size_t i) {
  return items->text.data + items->values[items->order[i]];
}

static bool begin_item(list *items, size_t limit) {
  if (items->count == limit) return false;
  items->order[items->count] = items->count;
  items->names[items->count] = items->text.length;
  return true;
}

static bool end_name(list *items) {
  if (!alm_buf_add(&items->text, "", 1)) return false;
  items->values[items->count] = items->text.length;
  return true;
}

static bool end_item(list *items) {
  items->count++;
  return alm_buf_add(&items->text, "", 1);
}

static bool add_query(list *items, const char *name, const char *value) {
  if (!begin_item(items, ALM_SIGV4_ITEMS)) return false;
  items->bare[items->count] = value == NULL;
  if (!value) value = "";
  return alm_sigv4_encode(name, strlen(name), false, &items->text) &&
         end_name(items) &&
         alm_sigv4_encode(value, strlen(value), false, &items->text) &&
         end_item(items);
}

/* Blanks around a value go, several in a row become one. */
static bool add_trimmed(alm_buf *out, const char *value) {
  bool gap = false, done = true, begun = false;
  for (; done && *value; value++) {
    if (*value == ' ' || *value == '\t') {
      gap = begun;
      continue;
    }
    done = (!gap || alm_buf_add(out, " ", 1)) && alm_buf_add(out, value, 1);
    gap = false;
    begun = true;
  }
  return done;
}

static bool add_header(list *items, const char *name, const char *value) {
  if (!begin_item(items, ALM_SIGV4_HEADERS)) return false;
  for (; *name; name++) {
    char low = (char)tolower((unsigned char)*name);
    if (!alm_buf_add(&items->text, &low, 1)) return false;
  }
  return end_name(items) && add_trimmed(&items->text, value) &&
         end_item(items);
}

static int compare(const void *a, const void *b, void *userdata) {
  const list *items = userdata;
  size_t left = *(const size_t *)a, right = *(const size_t *)b;
  const char *text = items->text.data;
  int order = strcmp(text + items->names[left], text + items->names[right]);
  if (order) return order;
  return strcmp(text + items->values[left], text + items->values[right]);
}

static void sort(list *items) {
  if (items->count > 1)
    qsort_r(items->order, items->count, sizeof *items->order, compare, items);
}

/* ---- headers ---- */

const char *alm_sigv4_given(const alm_sigv4_request *request,
                            const char *name) {
  for (size_t i = 0; i < request->header_count; i++)
    if (strcasecmp(request->headers[i].name, name) == 0)
      return request->headers[i].value;
  return NULL;
}

static bool is_sound(const alm_pair *header) {
  return *header->name && !strpbrk(header->name, "\r\n: ") &&
         !strpbrk(header->value, "\r\n");
}

static bool add_absent(work *w, const char *name, const char *value) {
  if (!value || alm_sigv4_given(w->request, name)) return true;
  return add_header(&w->headers, name, value);
}

static bool check_headers(const alm_sigv4_request *request, alm_error *err) {
  for (size_t i = 0; i < request->header_count; i++)
    if (!is_sound(&request->headers[i]))
      return alm_fail(err, ALM_PARSE, "a header has a bad name or a line break");
  if (alm_sigv4_given(request, "host")) return true;
  return alm_fail(err, ALM_PARSE, "the header host is missing");
}

static bool check_twice(const list *headers, alm_error *err) {
  for (size_t i = 1; i < headers->count; i++)
    if (strcmp(name_at(headers, i - 1), name_at(headers, i)) == 0)
      return alm_fail(err, ALM_PARSE, "the header %s is given twice",
                      name_at(headers, i));
  return true;
}

static bool collect_headers(work *w, alm_error *err) {
  const alm_sigv4_request *request = w->request;
  bool done = true;
  if (!check_headers(request, err)) return false;
  for (size_t i = 0; done && i < request->header_count; i++)
    done = add_header(&w->headers, request->headers[i].name,
                      request->headers[i].value);
  if (done && !request->expires)
    done = add_absent(w, "x-amz-date", w->out->date) &&
           add_absent(w, "x-amz-security-token", request->session_token) &&
           (!is_s3(request) ||
            add_absent(w, "x-amz-content-sha256", w->out->payload));
  if (!done) return fail_long(err);
  sort(&w->headers);
  if (!check_twice(&w->headers, err)) return false;
  for (size_t i = 0; done && i < w->headers.count; i++)
    done = (i == 0 || alm_buf_adds(&w->signed_headers, ";")) &&
           alm_buf_adds(&w->signed_headers, name_at(&w->headers, i));
  return done || fail_long(err);
}

/* ---- query ---- */

static bool collect_presign(work *w) {
  const alm_sigv4_request *request = w->request;
  char expires[16];
  alm_buf credential;
  if (!request->expires) return true;
  snprintf(expires, sizeof expires, "%d", request->expires);
  alm_buf_init(&credential, ALM_SIGV4_MAXIMUM);
  bool done =
      alm_buf_adds(&credential, request->access_key) &&
      alm_buf_adds(&credential, "/") && alm_buf_adds(&credential, w->scope) &&
      add_query(&w->query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256") &&
      add_query(&w->query, "X-Amz-Credential", alm_buf_text(&credential)) &&
      add_query(&w->query, "X-Amz-Date", w->out->date) &&
      add_query(&w->query, "X-Amz-Expires", expires) &&
      add_query(&w->query, "X-Amz-SignedHeaders",
                alm_buf_text(&w->signed_headers)) &&
      (!request->session_token ||
       add_query(&w->query, "X-Amz-Security-Token", request->session_token));
  alm_buf_free(&credential);
  return done;
}

static bool collect_query(work *w, alm_error *err) {
  bool done = true;
  for (size_t i = 0; done && i < w->request->query_count; i++)
    done = add_query(&w->query, w->request->query[i].name,
                     w->request->query[i].value);
  if (!done || !collect_presign(w)) return fail_long(err);
  sort(&w->query);
  return true;
}

/* As it is signed every name has its "="; as it is sent a bare one has not. */
static bool write_query(const list *query, bool sent, alm_buf *out) {
  bool done = true;
  for (size_t i = 0; done && i < query->count; i++)
    done = (i == 0 || alm_buf_adds(out, "&")) &&
           alm_buf_adds(out, name_at(query, i)) &&
           ((sent && query->bare[query->order[i]]) || alm_buf_adds(out, "=")) &&
           alm_buf_adds(out, value_at(query, i));
  return done;
}

/* ---- path ---- */

/* Without empty and "." segments; ".." takes the segment before away. */
static bool normalise(const char *path, alm_buf *out) {
  bool done = true, slash = false;
  while (done && *path) {
    size_t length = strcspn(path, "/");
    if (length == 2 && memcmp(path, "..", 2) == 0) {
      while (out->length > 0 && out->data[--out->length] != '/') continue;
    } else if (length > 0 && !(length == 1 && *path == '.')) {
      done = alm_buf_adds(out, "/") && alm_buf_add(out, path, length);
    }
    slash = path[length] == '/';
    path += length + slash;
  }
  return done && (!(slash || out->length == 0) || alm_buf_adds(out, "/"));
}

static bool write_signed_path(const alm_sigv4_request *request, alm_buf *out) {
  const char *path = *request->path ? request->path : "/";
  if (is_s3(request)) return alm_sigv4_encode(path, strlen(path), true, out);
  alm_buf normal;
  alm_buf_init(&normal, ALM_SIGV4_MAXIMUM);
  bool done = normalise(path, &normal) &&
              alm_sigv4_encode(alm_buf_text(&normal), normal.length, true, out);
  alm_buf_free(&normal);
  return done;
}

/* ---- all together ---- */

bool alm_sigv4_address(alm_sigv4_work *w, alm_buf *out, alm_error *err) {
  const char *path = *w->request->path ? w->request->path : "/";
  bool done = (is_s3(w->request) ? write_signed_path(w->request, out)
                                 : alm_buf_adds(out, path)) &&
              (w->query.count == 0 || alm_buf_adds(out, "?")) &&
              write_query(&w->query, true, out);
  return done || fail_long(err);
}

static bool write_headers(const list *headers, alm_buf *out) {
  bool done = true;
  for (size_t i = 0; done && i < headers->count; i++)
    done = alm_buf_adds(out, name_at(headers, i)) && alm_buf_adds(out, ":") &&
           alm_buf_adds(out, value_at(headers, i)) && alm_buf_adds(out, "\n");
  return done;
}

bool alm_sigv4_canonical(alm_sigv4_work *w, alm_error *err) {
  alm_buf *out = &w->out->canonical_request;
  if (!collect_headers(w, err) || !collect_query(w, err)) return false;
  bool done = alm_buf_adds(out, w->request->method) &&
              alm_buf_adds(out, "\n") && write_signed_path(w->request, out) &&
              alm_buf_adds(out, "\n") && write_query(&w->query, false, out) &&
              alm_buf_adds(out, "\n") && write_headers(&w->headers, out) &&
              alm_buf_adds(out, "\n") &&
              alm_buf_adds(out, alm_buf_text(&w->signed_headers)) &&
              alm_buf_adds(out, "\n") && alm_buf_adds(out, w->out->payload);
  return done || fail_long(err);
}
