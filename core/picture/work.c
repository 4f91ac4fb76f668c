/* The program `picture`: looks at pictures, decodes them, makes derivatives.
 *   picture BYTES
 * BYTES is the most memory it may take. It gives its rights away and answers the requests
 * that come over the socket at descriptor 0 (pictures.h) until that ends. */
#include "work.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vips/vector.h>

#include "../base/standard.h"
#include "pictures.h"

#ifdef __SANITIZE_ADDRESS__
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "detect_leaks=0:allocator_may_return_null=1"; /* libvips and GLib keep much until the end */
}
#endif

/* ---- requests and answers ---- */

const char *alm_work_text(const alm_work *work, const char *name, const char *fallback) {
  size_t n = strlen(name);
  for (char *line = work->lines; *line; line += strlen(line) + 1)
    if (strncmp(line, name, n) == 0 && line[n] == ' ') return line + n + 1;
  return fallback;
}

double alm_work_number(const alm_work *work, const char *name, double fallback) {
  const char *text = alm_work_text(work, name, NULL);
  return text ? strtod(text, NULL) : fallback;
}

void alm_work_say(alm_buf *answer, const char *name, const char *value) {
  alm_buf_adds(answer, name);
  ALM_BUF_PUT(answer, " ");
  for (const char *c = value; *c; c++) alm_buf_add(answer, (unsigned char)*c < ' ' ? " " : c, 1);
  ALM_BUF_PUT(answer, "\n");
}

void alm_work_say_number(alm_buf *answer, const char *name, double value) {
  char text[64];
  snprintf(text, sizeof text, "%.10g", value);
  alm_work_say(answer, name, text);
}

static void answer_with(const void *data, size_t length) {
  if (send(STDIN_FILENO, data, length, MSG_NOSIGNAL) < 0) _exit(1);
}

/* ---- signs of life ---- */

static void sign(VipsImage *image, VipsProgress *progress, double *last) {
  (void)image;
  if (progress->run - *last < 1 && progress->run >= *last) return;
  *last = progress->run;
  answer_with("", 1);
}

void alm_work_signs(VipsImage *image) {
  double *last = VIPS_NEW(VIPS_OBJECT(image), double);
  *last = 0;
  vips_image_set_progress(image, TRUE);
  g_signal_connect(image, "eval", G_CALLBACK(sign), last);
}

/* ---- one request ---- */

/* Cuts the text at its line ends; the list ends with an empty line. */
static void cut(char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] == '\n') text[i] = '\0';
}

static bool carry_out(const alm_work *work, alm_buf *answer) {
  if (strcmp(work->verb, "look") == 0) return alm_work_look(work, answer);
  if (strcmp(work->verb, "check") == 0) return alm_work_check(work, answer);
  if (strcmp(work->verb, "derive") == 0) return alm_work_derive(work, answer);
  vips_error("picture", "no picture is asked to '%s'", work->verb);
  return false;
}

static void answer_request(const alm_work *work) {
  static alm_buf answer;
  alm_buf_init(&answer, ALM_PICTURES_LONGEST);
  vips_error_clear();
  bool ok = carry_out(work, &answer);
  alm_work_say(&answer, ok ? "done" : "refused", ok ? "" : vips_error_buffer());
  answer_with(answer.data, answer.length);
  alm_buf_free(&answer);
}

static int descriptors_of(struct msghdr *message, int *fds) {
  int n = 0;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    n = (int)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(part), (size_t)n * sizeof(int));
  }
  return n;
}

/* False when there is no other side any more. */
static bool serve_one(char *text, size_t size) {
  int fds[ALM_PICTURES_FILES] = {-1, -1, -1};
  union { char data[CMSG_SPACE(sizeof fds)]; struct cmsghdr align; } room;
  struct iovec vector = {text, size - 2};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = room.data,
                           .msg_controllen = sizeof room.data};
  ssize_t length = recvmsg(STDIN_FILENO, &message, 0);
  if (length <= 0) return false;
  int n = descriptors_of(&message, fds);
  text[length] = text[length + 1] = '\0';
  cut(text, (size_t)length);
  alm_work work = {text, text + strlen(text) + 1, fds[0], fds[1], fds[2]};
  answer_request(&work);
  for (int i = 0; i < n; i++) close(fds[i]);
  return true;
}

/* ---- the library ---- */

/* What decoders remark goes nowhere: the way to a terminal or a journal is closed. */
static GLogWriterOutput drop(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data) {
  (void)level, (void)fields, (void)n, (void)data;
  return G_LOG_WRITER_HANDLED;
}

/* What a library does only once (tables, profiles, threads' names) is done before the locks. */
static void warm_up(void) {
  VipsImage *black = NULL, *colours = NULL;
  if (vips_black(&black, 8, 8, "bands", 3, NULL) == 0 && vips_icc_transform(black, &colours, "srgb", "input_profile", "srgb", NULL) == 0) {
    size_t length;
    g_free(vips_image_write_to_memory(colours, &length));
  }
  VIPS_UNREF(black);
  VIPS_UNREF(colours);
  vips_error_clear();
}

int main(int argc, char **argv) {
  static char text[ALM_PICTURES_LONGEST];
  bool filtered = false;
  alm_error err;
  if (argc != 2 || !alm_standard_take(&err)) return 1;
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  g_log_set_writer_func(drop, NULL, NULL);
  if (VIPS_INIT(argv[0])) return 1;
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  vips_vector_set_enabled(FALSE); /* it would write machine code into memory that can be executed */
  warm_up();
  if (!alm_work_lock(strtod(argv[1], NULL), &filtered)) return 1;
  while (serve_one(text, sizeof text)) continue;
  return 0;
}
