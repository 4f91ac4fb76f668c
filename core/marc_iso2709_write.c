/* Leader, directory, fields. */
#include "marc_iso2709_write.h"

#include <string.h>

#include "marc_iso2709_private.h"

typedef struct {
  const alm_marc *record;
  size_t length_width, start_width;
  size_t base, length;
} layout;

/* ---- how long all of it gets ---- */

static size_t power_of_ten(size_t digits) { return digits ? 10 * power_of_ten(digits - 1) : 1; }

static size_t width(const alm_marc *record, size_t at, size_t usual) {
  long value = alm_iso2709_number(record->leader + at, 1);
  return value > 0 ? (size_t)value : usual;
}

static bool measure(layout *plan, alm_error *err) {
  const alm_marc *record = plan->record;
  size_t longest = power_of_ten(plan->length_width) - 1, data = 0;
  for (size_t i = 0; i < record->field_count; i++) {
    size_t length = record->fields[i].length + 1;
    if (length > longest)
      return alm_fail(err, ALM_LIMIT, "field %s has %zu bytes; ISO 2709 has room for %zu",
                      record->fields[i].tag, length, longest);
    data += length;
  }
  size_t entry = ISO_TAG + plan->length_width + plan->start_width;
  plan->base = ALM_MARC_LEADER + record->field_count * entry + 1;
  plan->length = plan->base + data + 1;
  return plan->length <= ISO_LONGEST ||
         alm_fail(err, ALM_LIMIT, "the record has %zu bytes; ISO 2709 has room for %d",
                  plan->length, ISO_LONGEST);
}

/* ---- writing it ---- */

static void put_number(char *at, size_t digits, size_t value) {
  for (; digits > 0; value /= 10) at[--digits] = (char)('0' + value % 10);
}

/* The number of indicators that the first field with subfields has. */
static char indicators(const alm_marc *record) {
  for (size_t i = 0; i < record->field_count; i++) {
    alm_slice text = alm_marc_content(record, &record->fields[i]);
    const char *first = record->fields[i].control || !text.length
                            ? NULL
                            : memchr(text.text, ISO_SUBFIELD, text.length);
    if (first && first - text.text < 10) return (char)('0' + (first - text.text));
  }
  return record->leader[10] >= '0' && record->leader[10] <= '9' ? record->leader[10] : '2';
}

static bool write_leader(const layout *plan, alm_buf *out) {
  char leader[ALM_MARC_LEADER];
  memcpy(leader, plan->record->leader, sizeof leader);
  put_number(leader, 5, plan->length);
  put_number(leader + 12, 5, plan->base);
  leader[10] = indicators(plan->record);
  if (leader[11] < '0' || leader[11] > '9') leader[11] = '2';
  put_number(leader + 20, 1, plan->length_width);
  put_number(leader + 21, 1, plan->start_width);
  if (leader[22] < '0' || leader[22] > '9') leader[22] = '0';
  return alm_buf_add(out, leader, sizeof leader);
}

static bool write_directory(const layout *plan, alm_buf *out) {
  size_t start = 0, length_width = plan->length_width;
  char entry[ISO_TAG + 9 + 9];
  for (size_t i = 0; i < plan->record->field_count; i++) {
    const alm_marc_field *field = &plan->record->fields[i];
    memcpy(entry, field->tag, ISO_TAG);
    put_number(entry + ISO_TAG, length_width, field->length + 1);
    put_number(entry + ISO_TAG + length_width, plan->start_width, start);
    if (!alm_buf_add(out, entry, ISO_TAG + length_width + plan->start_width)) return false;
    start += field->length + 1;
  }
  return alm_buf_add(out, "\x1e", 1);
}

static bool write_fields(const layout *plan, alm_buf *out) {
  for (size_t i = 0; i < plan->record->field_count; i++) {
    alm_slice text = alm_marc_content(plan->record, &plan->record->fields[i]);
    if (!alm_buf_add(out, text.text, text.length) || !alm_buf_add(out, "\x1e", 1)) return false;
  }
  return alm_buf_add(out, "\x1d", 1);
}

bool alm_iso2709_write(const alm_marc *record, alm_buf *out, alm_error *err) {
  layout plan = {.record = record, .length_width = width(record, 20, 4),
                 .start_width = width(record, 21, 5)};
  if (plan.start_width < 5) plan.start_width = 5;
  if (!measure(&plan, err)) return false;
  if (write_leader(&plan, out) && write_directory(&plan, out) && write_fields(&plan, out))
    return true;
  return alm_fail(err, ALM_LIMIT, "can't write a record: out of memory");
}
