/* A reader: a source, the format of its content, and text made UTF-8. */
#include "marc_read.h"

#include <stdlib.h>
#include <string.h>

#include "marc_private.h"
#include "../base/ascii.h"

enum { HEAD = 4096 };

static const alm_marc_format *const formats[] = {
    &alm_marc_iso2709, &alm_marc_marcxml, &alm_marc_json, &alm_marc_line, &alm_marc_mrk,
};
enum { FORMATS = sizeof formats / sizeof *formats };

struct alm_marc_reader {
  alm_marc_reading reading;
  const alm_marc_format *format;
  alm_marc_converter converter;
  const alm_marc_format *given; /* NULL: found out for each file */
  const alm_marc_format *known; /* of the file that was opened last */
  bool opened, ended, named;    /* named: the source has a name of its own */
  bool pending;                 /* the first file of an archive was broken, which is not told yet */
  alm_error error;
  uint64_t before, passed;      /* records before this file; files of an archive without any */
};

/* ---- formats by name ---- */

const alm_marc_format *alm_marc_format_named(const char *name) {
  if (strcmp(name, "xml") == 0) name = "marcxml";
  if (strcmp(name, "marc") == 0) name = "iso2709";
  for (size_t i = 0; i < FORMATS; i++)
    if (strcmp(formats[i]->name, name) == 0) return formats[i];
  return NULL;
}

const alm_marc_format *alm_marc_format_at(size_t index) {
  return index < FORMATS ? formats[index] : NULL;
}

const char *alm_marc_format_names(void) { return "iso2709, marcxml, json, line, mrk"; }

/* ---- what is it? ---- */

static size_t count_blanks(const char *text, size_t length) {
  size_t count = 0;
  while (count < length && alm_ascii_is_white(text[count]))
    count++;
  return count;
}

static bool is_utf16(const char *text, size_t length) {
  return length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

/* Only XML says how its 16 bit characters are to be read. */
static bool pass_mark(alm_marc_reader *reader, alm_error *err) {
  alm_marc_source *source = reader->reading.source;
  const alm_window *head = alm_marc_source_fill(source, HEAD, err);
  if (!head) return false;
  if (is_utf16(head->data, head->length)) {
    reader->format = &alm_marc_marcxml;
    return alm_marc_marcxml.looks(head->data, head->length) ||
           alm_fail(err, ALM_PARSE, "%s is UTF-16; save it as UTF-8", alm_marc_source_name(source));
  }
  if (head->length >= 3 && memcmp(head->data, "\xef\xbb\xbf", 3) == 0)
    alm_marc_source_use(source, 3);
  return true;
}

static const alm_window *pass_blanks(alm_marc_reading *reading, alm_error *err) {
  alm_marc_source *source = reading->source;
  for (;;) {
    const alm_window *head = alm_marc_source_fill(source, HEAD, err);
    if (!head) return NULL;
    size_t blanks = count_blanks(head->data, head->length);
    for (size_t i = 0; i < blanks; i++) reading->lines += head->data[i] == '\n';
    alm_marc_source_use(source, blanks);
    if (blanks == 0 || (head->length == 0 && head->at_end)) return head;
  }
}

static bool recognise(alm_marc_reader *reader, const alm_window *head, alm_error *err) {
  size_t length = head->length < HEAD ? head->length : HEAD;
  for (size_t i = 0; i < FORMATS && !reader->format; i++)
    if (formats[i]->looks(head->data, length)) reader->format = formats[i];
  return reader->format ||
         alm_fail(err, ALM_PARSE, "%s holds no MARC records (known are %s)",
                  alm_marc_source_name(reader->reading.source), alm_marc_format_names());
}

/* False with ALM_PARSE also when the file holds no records. */
static bool begin(alm_marc_reader *reader, alm_error *err) {
  reader->format = reader->given;
  reader->reading.lines = 0;
  reader->before = reader->reading.number;
  if (!pass_mark(reader, err)) return false;
  const alm_window *head = pass_blanks(&reader->reading, err);
  if (!head) return false;
  if (head->length == 0) return true;
  if (!reader->format && !recognise(reader, head, err)) return false;
  reader->opened = !reader->format->open || reader->format->open(&reader->reading, err);
  if (reader->opened) reader->known = reader->format;
  return reader->opened;
}

/* ---- the files of an archive ---- */

static bool goes_on(const alm_marc_reader *reader) { return alm_marc_source_goes_on(reader->reading.source); }

static void leave(alm_marc_reader *reader) {
  if (reader->reading.number == reader->before) reader->passed++;
  if (reader->opened && reader->format->close) reader->format->close(&reader->reading);
  reader->opened = false;
}

/* To the next file with what may be records. What is none in an archive is passed over. */
static alm_marc_result enter(alm_marc_reader *reader, alm_error *err) {
  alm_marc_source *source = reader->reading.source;
  for (bool there = true; there;) {
    if (!alm_marc_source_next(source, &there, err)) return goes_on(reader) ? ALM_MARC_BROKEN : ALM_MARC_FAILED;
    if (!there || begin(reader, err)) {
      if (reader->opened) return ALM_MARC_RECORD;
    } else {
      bool failed = alm_marc_source_failed(source, err);
      if (!goes_on(reader)) return ALM_MARC_FAILED;
      if (failed) return ALM_MARC_BROKEN;
      leave(reader);
    }
  }
  return ALM_MARC_END;
}

/* ---- records ---- */

/* Messages about a file name it. */
static void name_source(const alm_marc_reader *reader, alm_error *err) {
  const char *name = alm_marc_source_name(reader->reading.source);
  char words[sizeof err->message];
  memcpy(words, err->message, sizeof words);
  if (reader->named && !strstr(words, name)) alm_fail(err, err->code, "%s: %s", name, words);
}

/* A format stops where the bytes end; the source knows whether they broke off. */
static alm_marc_result end(alm_marc_reader *reader, alm_error *err) {
  return alm_marc_source_fill(reader->reading.source, 1, err) ? ALM_MARC_END : ALM_MARC_FAILED;
}

static alm_marc_result next(alm_marc_reader *reader, const alm_marc **record, alm_error *err) {
  alm_marc_reading *reading = &reader->reading;
  reading->number++;
  reading->text = ALM_TEXT_UNKNOWN;
  alm_marc_result result = reader->format->next(reading, err);
  if (result == ALM_MARC_END) return end(reader, err);
  if (result != ALM_MARC_RECORD) return name_source(reader, err), result;
  *record = reading->record;
  if (reader->format->any_bytes)
    *record = alm_marc_to_utf8(&reader->converter, reading->record, reading->text, err);
  return *record ? ALM_MARC_RECORD : ALM_MARC_FAILED;
}

static alm_marc_result go_on(alm_marc_reader *reader, const alm_marc **record, alm_error *err) {
  alm_marc_result result = next(reader, record, err);
  if (result == ALM_MARC_END) reader->reading.number--;
  bool over = result == ALM_MARC_END || result == ALM_MARC_FAILED;
  if (!over || !goes_on(reader)) return result;
  leave(reader);
  return result == ALM_MARC_FAILED ? ALM_MARC_BROKEN : ALM_MARC_RECORD;
}

alm_marc_result alm_marc_reader_next(alm_marc_reader *reader, const alm_marc **record,
                                     alm_error *err) {
  alm_marc_result result = ALM_MARC_RECORD;
  *record = NULL;
  if (reader->pending) {
    reader->pending = false;
    *err = reader->error;
    return ALM_MARC_BROKEN;
  }
  while (!reader->ended && !*record && result == ALM_MARC_RECORD) {
    result = reader->opened ? go_on(reader, record, err) : enter(reader, err);
    reader->ended = result == ALM_MARC_END || result == ALM_MARC_FAILED;
  }
  return *record || result != ALM_MARC_RECORD ? result : ALM_MARC_END;
}

/* ---- opening and closing ---- */

static alm_marc_reader *new_reader(const alm_marc_options *options, alm_error *err) {
  alm_marc_reader *reader = calloc(1, sizeof *reader);
  if (reader) {
    reader->given = options ? options->format : NULL;
    reader->converter.builder = alm_marc_builder_new();
    reader->reading.builder = alm_marc_builder_new();
    if (reader->reading.builder && reader->converter.builder) return reader;
  }
  alm_marc_reader_close(reader);
  alm_fail(err, ALM_LIMIT, "can't read MARC: out of memory");
  return NULL;
}

static bool open_first(alm_marc_reader *reader, alm_error *err) {
  alm_marc_result result = enter(reader, err);
  reader->ended = result == ALM_MARC_END;
  reader->pending = result == ALM_MARC_BROKEN;
  if (reader->pending) reader->error = *err;
  if (reader->ended && reader->passed)
    return alm_fail(err, ALM_PARSE, "%s holds no MARC records (known are %s)",
                    alm_marc_source_name(reader->reading.source), alm_marc_format_names());
  return result != ALM_MARC_FAILED;
}

alm_marc_reader *alm_marc_reader_open(const char *path, const char *text, size_t length,
                                      const alm_marc_options *options, alm_error *err) {
  alm_marc_reader *reader = new_reader(options, err);
  if (!reader) return NULL;
  reader->named = path;
  if (alm_marc_converter_open(&reader->converter, options ? options->charset : NULL, err))
    reader->reading.source =
        path ? alm_marc_source_open(path, err) : alm_marc_source_text(text, length, err);
  if (reader->reading.source && open_first(reader, err)) return reader;
  alm_marc_reader_close(reader);
  return NULL;
}

void alm_marc_reader_close(alm_marc_reader *reader) {
  if (!reader) return;
  if (reader->opened && reader->format->close) reader->format->close(&reader->reading);
  alm_marc_source_close(reader->reading.source);
  alm_marc_builder_free(reader->reading.builder);
  alm_marc_converter_free(&reader->converter);
  free(reader);
}

const alm_marc_format *alm_marc_reader_format(const alm_marc_reader *reader) {
  return reader->known;
}

uint64_t alm_marc_reader_passed(const alm_marc_reader *reader) { return reader->passed; }

const alm_marc_source *alm_marc_reader_source(const alm_marc_reader *reader) {
  return reader->reading.source;
}
