/* Leader, directory, fields. */
#include "marc_private.h"

#include <string.h>

#include "marc_iso2709_private.h"

enum { LENGTH_WIDTH = 4, START_WIDTH = 5, ENTRY = ISO_TAG + LENGTH_WIDTH + START_WIDTH };

typedef struct {
  const alm_marc *record;
  size_t indicators;
  size_t base, length;
} layout;

/* ---- fields ---- */

/* A data field's content from the first delimiter on. */
static alm_slice subfields(const alm_marc *record, const alm_marc_field *field) {
  alm_slice text = alm_marc_content(record, field);
  const char *end = text.text + text.length;
  const char *first = text.length ? memchr(text.text, ISO_SUBFIELD, text.length) : NULL;
  return (alm_slice){first ? first : end, first ? (size_t)(end - first) : 0};
}

static size_t field_length(const layout *plan, const alm_marc_field *field) {
  if (field->control) return field->length;
  return plan->indicators + subfields(plan->record, field).length;
}

static bool write_field(const layout *plan, const alm_marc_field *field, alm_buf *out) {
  alm_slice text = alm_marc_content(plan->record, field);
  if (field_length(plan, field) == text.length) return alm_buf_add(out, text.text, text.length);
  alm_slice rest = subfields(plan->record, field);
  for (size_t i = 0; i < plan->indicators; i++) {
    char indicator = alm_marc_indicator(plan->record, field, (int)i + 1);
    if (!alm_buf_add(out, &indicator, 1)) return false;
  }
  return alm_buf_add(out, rest.text, rest.length);
}

/* As many as the leader says, when a field with subfields has so many; as the first of
 * them has; two. */
static size_t count_indicators(const alm_marc *record) {
  long said = alm_marc_iso2709_number(record->leader + 10, 1), first = -1;
  for (size_t i = 0; i < record->field_count; i++) {
    const alm_marc_field *field = &record->fields[i];
    size_t rest = field->control ? 0 : subfields(record, field).length;
    long have = (long)(field->length - rest);
    if (rest && have == said) return (size_t)said;
    if (rest && first < 0 && have < 10) first = have;
  }
  return first >= 0 ? (size_t)first : 2;
}

/* ---- how long all of it gets ---- */

static bool measure(layout *plan, alm_error *err) {
  const alm_marc *record = plan->record;
  size_t data = 0;
  for (size_t i = 0; i < record->field_count; i++) {
    size_t length = field_length(plan, &record->fields[i]) + 1;
    if (length > ISO_LONGEST_FIELD)
      return alm_fail(err, ALM_LIMIT, "field %s has %zu bytes; ISO 2709 has room for %d",
                      record->fields[i].tag, length, ISO_LONGEST_FIELD);
    data += length;
  }
  plan->base = ALM_MARC_LEADER + record->field_count * ENTRY + 1;
  plan->length = plan->base + data + 1;
  return plan->length <= ISO_LONGEST ||
         alm_fail(err, ALM_LIMIT, "the record has %zu bytes; ISO 2709 has room for %d",
                  plan->length, ISO_LONGEST);
}

/* ---- writing it ---- */

static void put_number(char *at, size_t digits, size_t value) {
  for (; digits > 0; value /= 10) at[--digits] = (char)('0' + value % 10);
}

static bool write_leader(const layout *plan, alm_buf *out) {
  char leader[ALM_MARC_LEADER];
  memcpy(leader, plan->record->leader, sizeof leader);
  put_number(leader, 5, plan->length);
  put_number(leader + 12, 5, plan->base);
  put_number(leader + 10, 1, plan->indicators);
  return alm_buf_add(out, leader, sizeof leader);
}

static bool write_directory(const layout *plan, alm_buf *out) {
  size_t start = 0;
  char entry[ENTRY];
  for (size_t i = 0; i < plan->record->field_count; i++) {
    const alm_marc_field *field = &plan->record->fields[i];
    size_t length = field_length(plan, field) + 1;
    memcpy(entry, field->tag, ISO_TAG);
    put_number(entry + ISO_TAG, LENGTH_WIDTH, length);
    put_number(entry + ISO_TAG + LENGTH_WIDTH, START_WIDTH, start);
    if (!alm_buf_add(out, entry, sizeof entry)) return false;
    start += length;
  }
  return alm_buf_add(out, "\x1e", 1);
}

static bool write_fields(const layout *plan, alm_buf *out) {
  for (size_t i = 0; i < plan->record->field_count; i++) {
    if (!write_field(plan, &plan->record->fields[i], out) || !alm_buf_add(out, "\x1e", 1))
      return false;
  }
  return alm_buf_add(out, "\x1d", 1);
}

bool alm_marc_iso2709_write(const alm_marc *record, alm_buf *out, alm_error *err) {
  layout plan = {.record = record, .indicators = count_indicators(record)};
  if (!measure(&plan, err)) return false;
  if (write_leader(&plan, out) && write_directory(&plan, out) && write_fields(&plan, out))
    return true;
  return alm_fail(err, ALM_LIMIT, "can't write a record: out of memory");
}
