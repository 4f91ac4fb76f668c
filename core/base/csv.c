/* Lines are fed to libcsv one by one, so that there is one row at a time and
 * its first line is known. */
#include "csv.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (64 * 1024)
#define ROW_MAXIMUM (16 << 20)
#define FIELDS 10000

/* Two states of libcsv's parser that its header does not name. */
enum { ROW_NOT_BEGUN = 0, FIELD_MIGHT_HAVE_ENDED = 3 };

struct alm_csv {
  struct csv_parser parser;
  char *name;       /* for messages */
  int fd;           /* -1 when the text is in memory */
  const char *text; /* the part from `at` to `have` is still to be read */
  char *chunk;
  size_t at, have;
  bool begun, at_end, ready, failed;
  alm_buf row;      /* the fields one after the other */
  size_t *ends;     /* where they end in it */
  size_t count;
  int64_t line, start;
};

/* ---- reading ---- */

static bool fill(alm_csv *csv, alm_error *err) {
  if (csv->fd < 0) {
    csv->at_end = true;
    return true;
  }
  memmove(csv->chunk, csv->chunk + csv->at, csv->have - csv->at);
  csv->have -= csv->at;
  csv->at = 0;
  ssize_t got;
  do got = read(csv->fd, csv->chunk + csv->have, CHUNK - csv->have);
  while (got < 0 && errno == EINTR);
  if (got < 0) return alm_fail_errno(err, "can't read %s", csv->name);
  csv->at_end = got == 0;
  csv->have += (size_t)got;
  return true;
}

/* The length of the next line with its end, or of what there is of it; 0 at the
 * end. A CR as the last byte waits, since an LF may follow. */
static size_t next_piece(const alm_csv *csv) {
  const char *from = csv->text + csv->at;
  size_t left = csv->have - csv->at, length = 0;
  while (length < left && from[length] != '\n' && from[length] != '\r')
    length++;
  if (length == left) return left;
  if (from[length] == '\r' && length + 1 == left && !csv->at_end)
    return length;
  bool pair = from[length] == '\r' && length + 1 < left &&
              from[length + 1] == '\n';
  return length + (pair ? 2 : 1);
}

static bool begin(alm_csv *csv, alm_error *err) {
  csv->begun = true;
  while (!csv->at_end && csv->have < 3)
    if (!fill(csv, err)) return false;
  const char *text = csv->text;
  if (csv->have >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) csv->at = 3;
  if (csv->have >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
                         memcmp(text, "\xfe\xff", 2) == 0))
    return alm_fail(err, ALM_PARSE, "%s is UTF-16; save it as CSV UTF-8",
                    csv->name);
  return true;
}

/* ---- parsing ---- */

static void take_field(void *text, size_t length, void *userdata) {
  alm_csv *csv = userdata;
  if (csv->count == FIELDS || !alm_buf_add(&csv->row, text, length))
    csv->failed = true;
  else
    csv->ends[csv->count++] = csv->row.length;
}

static void take_row(int end, void *userdata) {
  (void)end;
  ((alm_csv *)userdata)->ready = true;
}

static size_t parse(alm_csv *csv, const char *text, size_t length) {
  return csv_parse(&csv->parser, text, length, take_field, take_row, csv);
}

/* libcsv parses strictly until it stops at a quote in a wrong place. That byte is
 * fed leniently, and the field goes on as one without quotes. Otherwise libcsv
 * would read on to the next quote, over commas and line ends. */
static bool feed(alm_csv *csv, const char *text, size_t length) {
  size_t at = 0;
  while ((at += parse(csv, text + at, length - at)) < length) {
    if (csv_error(&csv->parser) != CSV_EPARSE) return false;
    csv_set_opts(&csv->parser, 0);
    at += parse(csv, text + at, 1);
    csv->parser.quoted = 0;
    csv_set_opts(&csv->parser, CSV_STRICT);
  }
  return !csv->failed && csv->parser.entry_pos <= ROW_MAXIMUM;
}

static bool is_between_rows(const alm_csv *csv) {
  return csv->parser.pstate == ROW_NOT_BEGUN;
}

static bool fail_limit(const alm_csv *csv, alm_error *err) {
  return alm_fail(err, ALM_LIMIT, "%s line %lld: the row is too long",
                  csv->name, (long long)csv->start);
}

static bool step(alm_csv *csv, alm_error *err) {
  size_t length = next_piece(csv);
  if (length == 0) return fill(csv, err);
  const char *text = csv->text + csv->at;
  if (is_between_rows(csv)) csv->start = csv->line;
  csv->at += length;
  char last = text[length - 1];
  if (last == '\n' || last == '\r') csv->line++;
  return feed(csv, text, length) || fail_limit(csv, err);
}

static bool finish(alm_csv *csv, alm_error *err) {
  bool closed = csv->parser.pstate == FIELD_MIGHT_HAVE_ENDED;
  if (!is_between_rows(csv) && csv->parser.quoted && !closed)
    return alm_fail(err, ALM_PARSE, "%s line %lld: a quote is never closed",
                    csv->name, (long long)csv->start);
  csv_fini(&csv->parser, take_field, take_row, csv);
  return !csv->failed || fail_limit(csv, err);
}

static bool read_row(alm_csv *csv, alm_error *err) {
  csv->ready = false;
  csv->count = 0;
  alm_buf_clear(&csv->row);
  if (!csv->begun && !begin(csv, err)) return false;
  while (!csv->ready && !(csv->at_end && csv->at == csv->have))
    if (!step(csv, err)) return false;
  return csv->ready || finish(csv, err);
}

alm_csv_result alm_csv_next(alm_csv *csv, alm_error *err) {
  if (csv->failed) return ALM_CSV_END;
  csv->failed = !read_row(csv, err);
  if (csv->failed) return ALM_CSV_FAILED;
  return csv->ready ? ALM_CSV_ROW : ALM_CSV_END;
}

size_t alm_csv_count(const alm_csv *csv) { return csv->count; }
int64_t alm_csv_line(const alm_csv *csv) { return csv->start; }

/* The signs that begin a formula, also in the wide forms that East Asian
 * spreadsheets take for them, and tab, CR and LF, which some pass over. */
static bool is_formula_sign(const char *text, size_t length) {
  static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                     "\xef\xbc\xa0", NULL};
  if (length == 0 || *text == 0) return false;
  for (int i = 0; length >= 3 && wide[i]; i++)
    if (memcmp(text, wide[i], 3) == 0) return true;
  return strchr("=+-@\t\r\n", *text) != NULL;
}

/* A spreadsheet takes a cell that begins so, perhaps behind blanks, for a
 * formula, which may run programs or send cells away; an apostrophe before it
 * keeps it text. A text that looks guarded already gets one more, so that
 * reading gives it back. */
static bool begins_formula(const char *text, size_t length) {
  size_t at = 0;
  while (at < length && text[at] == '\'') at++;
  for (;;) {
    size_t blank = at < length && text[at] == ' ' ? 1 : 0;
    if (at + 2 <= length && memcmp(text + at, "\xc2\xa0", 2) == 0) blank = 2;
    if (!blank) return is_formula_sign(text + at, length - at);
    at += blank;
  }
}

const char *alm_csv_field(const alm_csv *csv, size_t index, size_t *length) {
  size_t start = index ? csv->ends[index - 1] : 0;
  *length = csv->ends[index] - start;
  const char *text = alm_buf_text(&csv->row) + start;
  if (!*length || *text != '\'' || !begins_formula(text, *length)) return text;
  (*length)--;
  return text + 1;
}

/* ---- opening and closing ---- */

static alm_csv *new_csv(const char *name, char delimiter, alm_error *err) {
  alm_csv *csv = calloc(1, sizeof *csv);
  if (csv && csv_init(&csv->parser, CSV_STRICT) == 0) {
    csv_set_delim(&csv->parser, (unsigned char)delimiter);
    csv_set_blk_size(&csv->parser, CHUNK); /* the parser's memory grows in such steps */
    alm_buf_init(&csv->row, ROW_MAXIMUM);
    csv->fd = -1;
    csv->line = csv->start = 1;
    csv->name = strdup(name);
    csv->ends = malloc(FIELDS * sizeof *csv->ends);
    csv->chunk = malloc(CHUNK);
    if (csv->name && csv->ends && csv->chunk) return csv;
  }
  alm_csv_close(csv);
  alm_fail(err, ALM_IO, "can't read %s: out of memory", name);
  return NULL;
}

alm_csv *alm_csv_open(const char *path, char delimiter, alm_error *err) {
  alm_csv *csv = new_csv(path, delimiter, err);
  if (!csv) return NULL;
  csv->text = csv->chunk;
  csv->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (csv->fd >= 0) return csv;
  alm_fail_errno(err, "can't open %s", path);
  alm_csv_close(csv);
  return NULL;
}

alm_csv *alm_csv_parse(const char *text, size_t length, char delimiter,
                       alm_error *err) {
  alm_csv *csv = new_csv("CSV", delimiter, err);
  if (!csv) return NULL;
  csv->text = text;
  csv->have = length;
  return csv;
}

void alm_csv_close(alm_csv *csv) {
  if (!csv) return;
  csv_free(&csv->parser);
  if (csv->fd >= 0) close(csv->fd);
  alm_buf_free(&csv->row);
  free(csv->name);
  free(csv->ends);
  free(csv->chunk);
  free(csv);
}

/* ---- writing ---- */

static bool needs_quotes(const char *text, size_t length) {
  if (length == 0) return false;
  if (strchr(" \t", text[0]) || strchr(" \t", text[length - 1])) return true;
  for (size_t i = 0; i < length; i++)
    if (text[i] == '"' || text[i] == ',' || text[i] == '\n' || text[i] == '\r')
      return true;
  return false;
}

static bool add_quoted(const char *text, size_t length, alm_buf *out) {
  bool done = true;
  for (size_t i = 0; done && i < length; i++)
    done = (text[i] != '"' || alm_buf_adds(out, "\"")) &&
           alm_buf_add(out, text + i, 1);
  return done;
}

bool alm_csv_write(const char *text, size_t length, alm_buf *out) {
  const char *quote = needs_quotes(text, length) ? "\"" : "";
  const char *guard = begins_formula(text, length) ? "'" : "";
  return alm_buf_adds(out, quote) && alm_buf_adds(out, guard) &&
         add_quoted(text, length, out) && alm_buf_adds(out, quote);
}
