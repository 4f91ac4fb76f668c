/* MARCspec, conditions and edits on one record. The input is three lines: an
 * expression, a condition, a value to set. */
#include <string.h>

#include "../../core/marc/marc_edit.h"
#include "../../core/marc/marc_where.h"
#include "../../core/base/text.h"
#include "records.h"

static const char RECORD[] =
    "00714cam a2200205 a 4500\n"
    "001 991234567890104146\n"
    "007 cr\n"
    "007 tu\n"
    "008 860506s1957    nyuabc   b    001 0 eng  \n"
    "020    $a 9780123456789 $q hardback\n"
    "100 1  $a Chabert, Jean Luc, $d 1945- $e author.\n"
    "245 10 $a Histoire d'alge\xcc\x80" "bres : $b du caillou \xc3\xa0 la puce / $c J. L. Chabert.\n"
    "650  0 $a Algorithms $x History. $x $a twice\n"
    "650  7 $a \xe6\x95\xb0\xe5\xad\xa6 $2 fast\n"
    "856 40 $u https://library.example/a.jpg $u https://library.example/b.tif $z Online\n"
    "949    $1 one $1 two $1 three\n\n";

static const alm_marc *record(void) {
  static const alm_marc *made;
  static alm_marc_reader *reader;
  alm_error err;
  if (made) return made;
  const alm_marc_options options = {.format = alm_marc_format_named("line")};
  reader = alm_marc_reader_open(NULL, RECORD, sizeof RECORD - 1, &options, &err);
  PROMISED(reader && alm_marc_reader_next(reader, &made, &err) == ALM_MARC_RECORD);
  PROMISED(made->field_count == 11);
  return made;
}

static void walk(alm_marcspec *spec) {
  alm_marc_values values;
  alm_slice first;
  PROMISED(alm_marcspec_begin(spec, record(), &values));
  size_t count = 0;
  for (; alm_marcspec_next(&values); count++)
    PROMISED(alm_text_valid(values.hit.text.text, values.hit.text.length));
  PROMISED(alm_marcspec_first(spec, record(), &first));
  PROMISED((first.text != NULL) == (count > 0));
}

static void edit(alm_marcspec *spec, alm_slice value) {
  alm_error err;
  size_t removed;
  alm_marc_builder *out = alm_marc_builder_new();
  alm_marc_clear(out, 0, 0);
  if (alm_marc_set(record(), spec, value.text, value.length, out, &err)) alm_marc_built(out);
  alm_marc_clear(out, 0, 0);
  if (alm_marc_remove(record(), spec, out, &removed, &err)) alm_marc_built(out);
  alm_marc_builder_free(out);
}

/* A field in the stead of each hit: its tag, indicators, code and value come from the input. */
static void splice(alm_marcspec *spec, alm_slice value) {
  alm_error err;
  alm_marc_values values;
  alm_marc_builder *out = alm_marc_builder_new();
  size_t third = value.length / 3, place;
  alm_slice pair[2] = {{value.text, third > 4 ? 1 : third}, value};
  alm_marc_new_field field = {.tag = {value.text, third}, .indicators = {value.text + third, third},
                              .subfields = pair, .subfield_count = 1};
  PROMISED(out && alm_marcspec_begin(spec, record(), &values));
  while (alm_marcspec_next(&values)) {
    if (!alm_marc_hit_place(record(), &values.hit, &place)) continue;
    size_t at = (size_t)(values.hit.field - record()->fields);
    if (alm_marc_splice(record(), at, place > 0, &field, out, &err))
      PROMISED(alm_marc_built(out)->field_count == 11 + (place == 0));
    if (alm_marc_splice(record(), at, true, NULL, out, &err))
      PROMISED(alm_marc_built(out)->field_count == 10);
  }
  alm_marc_builder_free(out);
}

static void test(alm_slice text) {
  alm_error err;
  bool passes;
  alm_marc_where *where = alm_marc_where_parse(text.text, text.length, &err);
  if (where) alm_marc_where_test(where, record(), &passes, &err);
  alm_marc_where_free(where);
}

static alm_slice line(const char **at, const char *end) {
  const char *from = *at, *to = from < end ? memchr(from, '\n', (size_t)(end - from)) : NULL;
  if (!to) to = end;
  *at = to < end ? to + 1 : end;
  return (alm_slice){from, (size_t)(to - from)};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  alm_error err;
  const char *at = (const char *)data, *end = at + size;
  alm_slice text = line(&at, end), condition = line(&at, end);
  alm_slice value = {at, (size_t)(end - at)};
  alm_marcspec *spec = alm_marcspec_parse(text.text, text.length, &err);
  if (spec) walk(spec);
  if (spec && alm_text_valid(value.text, value.length)) {
    edit(spec, value);
    splice(spec, value);
  }
  alm_marcspec_free(spec);
  test(condition);
  return 0;
}
