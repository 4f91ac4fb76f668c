/* Rows of values. */
#include "rows.h"

#include "../base/csv.h"

bool alm_rows_column(alm_rows *rows, const char *text, size_t length, alm_error *err) {
  if (rows->count == ALM_ROWS_COLUMNS)
    return alm_fail(err, ALM_LIMIT, "more than %d columns", ALM_ROWS_COLUMNS);
  alm_marcspec *spec = alm_marcspec_parse(text, length, err);
  if (spec) rows->columns[rows->count++] = spec;
  return spec;
}

void alm_rows_free(alm_rows *rows) {
  for (size_t i = 0; i < rows->count; i++) alm_marcspec_free(rows->columns[i]);
  rows->count = 0;
}

/* ---- one value ---- */

static bool breaks_lines(char c) { return c == '\t' || c == '\n' || c == '\r'; }

/* The value stays in its line and column: a run of such characters is a blank. */
static bool add_plain(alm_slice value, alm_buf *out) {
  const char *at = value.text, *end = at + value.length;
  while (at < end) {
    const char *from = at;
    while (at < end && !breaks_lines(*at)) at++;
    if (!alm_buf_add(out, from, (size_t)(at - from))) return false;
    if (at < end && !alm_buf_add(out, " ", 1)) return false;
    while (at < end && breaks_lines(*at)) at++;
  }
  return true;
}

static bool add_raw(alm_slice value, alm_buf *out) {
  return alm_buf_add(out, value.text, value.length);
}

/* ---- one column ---- */

static bool add_column(alm_marcspec *spec, const alm_marc *record,
                       bool (*add)(alm_slice value, alm_buf *out), alm_buf *out) {
  alm_marc_values values;
  if (!alm_marcspec_begin(spec, record, &values)) return false;
  for (bool first = true; alm_marcspec_next(&values); first = false) {
    if (!first && !alm_buf_adds(out, ALM_ROWS_BETWEEN)) return false;
    if (!add(values.hit.text, out)) return false;
  }
  return !alm_marcspec_gave_up(spec);
}

/* ---- rows of a record ---- */

static bool add_columns(const alm_rows *rows, size_t count, const alm_marc *record,
                        alm_buf *out) {
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && !alm_buf_add(out, "\t", 1)) return false;
    if (!add_column(rows->columns[i], record, add_plain, out)) return false;
  }
  return true;
}

static bool add_line(const alm_rows *rows, const alm_marc *record, alm_buf *out) {
  size_t before = out->length;
  if (!add_columns(rows, rows->count, record, out)) return false;
  if (out->length > before + rows->count - 1) return alm_buf_add(out, "\n", 1);
  out->length = before; /* nothing but tabs */
  return true;
}

static bool add_values(const alm_rows *rows, const alm_marc *record, alm_buf *out) {
  alm_marc_values values;
  size_t last = rows->count - 1;
  alm_marcspec *spec = rows->columns[last];
  if (!alm_marcspec_begin(spec, record, &values)) return false;
  while (alm_marcspec_next(&values)) {
    if (last > 0 && !(add_columns(rows, last, record, out) && alm_buf_add(out, "\t", 1)))
      return false;
    if (!add_plain(values.hit.text, out) || !alm_buf_add(out, "\n", 1)) return false;
  }
  return !alm_marcspec_gave_up(spec);
}

static bool add_csv(const alm_rows *rows, const alm_marc *record, alm_buf *out) {
  alm_buf value;
  bool done = true;
  size_t before = out->length;
  alm_buf_init(&value, out->maximum);
  for (size_t i = 0; done && i < rows->count; i++) {
    alm_buf_clear(&value);
    done = (i == 0 || alm_buf_add(out, ",", 1)) &&
           add_column(rows->columns[i], record, add_raw, &value) &&
           alm_csv_write(alm_buf_text(&value), value.length, out);
  }
  alm_buf_free(&value);
  if (done && out->length == before) done = alm_buf_adds(out, "\"\"");
  return done && alm_buf_add(out, "\n", 1);
}

static bool add_rows(const alm_rows *rows, const alm_marc *record, alm_buf *out) {
  if (rows->style == ALM_ROWS_CSV) return add_csv(rows, record, out);
  return rows->style == ALM_ROWS_VALUES ? add_values(rows, record, out)
                                        : add_line(rows, record, out);
}

static const char *why_not(const alm_rows *rows) {
  for (size_t i = 0; i < rows->count; i++)
    if (alm_marcspec_gave_up(rows->columns[i])) return ALM_MARCSPEC_GAVE_UP;
  return "its values are too long for a row";
}

alm_marc_result alm_rows_read(alm_rows *rows, alm_pass *pass, alm_marc_reader *reader,
                              alm_buf *out, alm_error *err) {
  const alm_marc *record;
  for (int i = 0; i < ALM_PASS_PAUSE && out->length < ALM_ROWS_BLOCK; i++) {
    size_t before = out->length;
    alm_marc_result result = alm_pass_next(pass, reader, &record, err);
    if (result != ALM_MARC_RECORD || !record) return result;
    if (add_rows(rows, record, out)) continue;
    out->length = before;
    alm_fail(err, ALM_LIMIT, "record %llu: %s", (unsigned long long)record->number,
             why_not(rows));
    return ALM_MARC_FAILED;
  }
  return ALM_MARC_RECORD;
}
