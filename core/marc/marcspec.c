/* Walking the values of a MARCspec: the fields that its tag, index and tests
 * allow, in each the subfields, indicator or text that its parts take. */
#include "marcspec.h"

#include <stdlib.h>
#include <string.h>

#include "marcspec_private.h"

enum { SEPARATOR = 0x1f, KEPT = 1 << 20, STEPS = 20000000 };

/* ---- places in a row ---- */

static bool span_has(const alm_span *span, size_t place, size_t total) {
  if (span->backward) place = total - 1 - place;
  return place >= span->first && place <= span->last;
}

/* A byte that is not the first of its character. */
static bool goes_on(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

static size_t skip_forward(alm_slice text, size_t at, size_t count) {
  for (; count > 0 && at < text.length; count--) {
    at++;
    while (at < text.length && goes_on(text.text[at])) at++;
  }
  return at;
}

static size_t skip_backward(alm_slice text, size_t at, size_t count) {
  for (; count > 0 && at > 0; count--) {
    at--;
    while (at > 0 && goes_on(text.text[at])) at--;
  }
  return at;
}

alm_slice alm_marcspec_cut(const alm_part *part, alm_slice text) {
  const alm_span *span = &part->characters;
  size_t from, to, count = (size_t)span->last - span->first + 1;
  if (!part->cut) return text;
  if (span->backward) {
    to = skip_backward(text, text.length, span->first);
    from = skip_backward(text, to, count);
  } else {
    from = skip_forward(text, 0, span->first);
    to = span->last == UINT32_MAX ? text.length : skip_forward(text, from, count);
  }
  return from < to ? (alm_slice){text.text + from, to - from} : (alm_slice){NULL, 0};
}

/* ---- an end to it ---- */

bool alm_marcspec_gave_up(const alm_marcspec *spec) { return spec->steps > STEPS; }

/* False: enough. */
static bool spend(alm_marcspec *spec, size_t steps) {
  spec->steps += steps;
  return spec->steps <= STEPS;
}

/* ---- fields ---- */

static bool is_tag(const alm_path *path, const char *tag) {
  if (!path->wild) return memcmp(path->tag, tag, 4) == 0 && (!tag[3] || strcmp(path->tag, tag) == 0);
  for (int i = 0; i < 3; i++)
    if (path->tag[i] != '.' && path->tag[i] != tag[i]) return false;
  return !tag[3] && tag[2];
}

static const alm_marc_field *find(const alm_path *path, const alm_marc *record,
                                  const alm_marc_field *after) {
  const alm_marc_field *end = record->fields + record->field_count;
  const alm_marc_field *field = after ? after + 1 : record->fields;
  while (field < end && !is_tag(path, field->tag)) field++;
  return field < end ? field : NULL;
}

static size_t count_fields(const alm_path *path, const alm_marc *record) {
  size_t count = 0;
  if (path->leader) return 1;
  for (const alm_marc_field *field = NULL; (field = find(path, record, field));) count++;
  return count;
}

void alm_marcspec_values_begin(alm_marc_values *values, alm_marcspec *spec, const alm_marc *record,
                               const alm_path *path, char *room) {
  values->hit.field = NULL;
  values->spec = spec;
  values->record = record;
  values->path = path;
  values->room = room;
  values->one_field = path->leader;
  values->inside = false;
  values->seen = 0;
  values->total = path->indexed && path->index.backward ? count_fields(path, record) : 0;
}

/* The leader, or a term's field, is the one field. */
static bool step_field(alm_marc_values *values) {
  const alm_marc_field *before = values->hit.field ? values->hit.field : values->record->fields;
  if (values->one_field) return values->seen++ == 0;
  values->hit.field = find(values->path, values->record, values->hit.field);
  values->seen++;
  return values->hit.field && spend(values->spec, (size_t)(values->hit.field - before) + 1);
}

bool alm_marcspec_values_next_field(alm_marc_values *values) {
  const alm_path *path = values->path;
  while (step_field(values)) {
    if (path->indexed && !span_has(&path->index, values->seen - 1, values->total)) continue;
    if (path == &values->spec->path) alm_marcspec_tests_forget(values->spec, ALM_TERM_FIELD);
    if (path->tests.count == 0 || alm_marcspec_tests_hold(values, path->tests)) return true;
  }
  return false;
}

/* ---- the field as a whole, its indicator ---- */

static alm_slice join_subfields(alm_marc_values *values) {
  alm_subfield subfield = {0};
  char *to = values->room;
  for (bool first = true; alm_marc_next_subfield(values->record, values->hit.field, &subfield);
       first = false) {
    if (!first) *to++ = ' ';
    if (subfield.value.length) memcpy(to, subfield.value.text, subfield.value.length);
    to += subfield.value.length;
  }
  spend(values->spec, (size_t)(to - values->room) / 8);
  return (alm_slice){values->room, (size_t)(to - values->room)};
}

static alm_slice whole_field(alm_marc_values *values) {
  const alm_marc_field *field = values->hit.field;
  if (!field) return (alm_slice){values->record->leader, ALM_MARC_LEADER};
  return field->control ? alm_marc_content(values->record, field) : join_subfields(values);
}

static bool take_one(alm_marc_values *values) {
  const alm_part *part = values->path->parts;
  alm_marc_hit *hit = &values->hit;
  hit->part = part;
  if (part->kind == ALM_PART_WHOLE) {
    hit->whole = whole_field(values);
  } else {
    if (!hit->field || hit->field->control) return false;
    values->indicator = alm_marc_indicator(values->record, hit->field, part->indicator);
    hit->whole = (alm_slice){&values->indicator, 1};
  }
  hit->text = alm_marcspec_cut(part, hit->whole);
  return hit->text.text != NULL;
}

/* ---- subfields ---- */

static size_t code_of(const alm_subfield *subfield) {
  unsigned char c = subfield->code.length == 1 ? (unsigned char)*subfield->code.text : 0;
  return c < ALM_SUBFIELD_CODES ? c : 0;
}

static bool counts_subfields(const alm_path *path) {
  for (size_t i = 0; i < path->part_count; i++)
    if (path->parts[i].indexed) return true;
  return false;
}

static void count_subfields(alm_marc_values *values) {
  alm_subfield subfield = {0};
  memset(values->codes_seen, 0, sizeof values->codes_seen);
  memset(values->codes_total, 0, sizeof values->codes_total);
  while (alm_marc_next_subfield(values->record, values->hit.field, &subfield))
    values->codes_total[code_of(&subfield)]++;
}

static bool enter_field(alm_marc_values *values) {
  if (!values->hit.field || values->hit.field->control) return false;
  values->hit.subfield = (alm_subfield){0};
  if (counts_subfields(values->path)) count_subfields(values);
  return true;
}

static bool is_named(const alm_part *part, alm_slice code) {
  return code.length == strlen(part->name) && memcmp(part->name, code.text, code.length) == 0;
}

static bool part_takes(alm_marc_values *values, const alm_part *part, size_t code, size_t place) {
  alm_marc_hit *hit = &values->hit;
  if (*part->name ? !is_named(part, hit->subfield.code)
                  : code < (size_t)part->low || code > (size_t)part->high)
    return false;
  if (part->indexed && !span_has(&part->index, place, values->codes_total[code])) return false;
  hit->part = part;
  hit->whole = hit->subfield.value;
  hit->text = alm_marcspec_cut(part, hit->whole);
  return hit->text.text && (part->tests.count == 0 || alm_marcspec_tests_hold(values, part->tests));
}

/* Every subfield once, by the first part that takes it. */
static bool next_subfield(alm_marc_values *values) {
  const alm_path *path = values->path;
  bool counts = counts_subfields(path);
  while (spend(values->spec, 1) &&
         alm_marc_next_subfield(values->record, values->hit.field, &values->hit.subfield)) {
    size_t code = code_of(&values->hit.subfield);
    size_t place = counts ? values->codes_seen[code]++ : 0;
    for (size_t i = 0; i < path->part_count; i++)
      if (part_takes(values, &path->parts[i], code, place)) return true;
  }
  return false;
}

/* ---- values ---- */

/* Room for the texts of the longest field, three times; no more than needed is
 * kept behind a giant record. */
static bool make_room(alm_marcspec *spec, size_t needed) {
  if (needed <= spec->room_each && spec->room_each - needed <= KEPT) return true;
  char *room = malloc(3 * needed);
  if (!room) return false;
  free(spec->room);
  spec->room = room;
  spec->room_each = needed;
  return true;
}

bool alm_marcspec_begin(alm_marcspec *spec, const alm_marc *record, alm_marc_values *values) {
  spec->steps = 0;
  if (spec->joins && !make_room(spec, record->length + 1)) return false;
  alm_marcspec_tests_forget(spec, ALM_TERM_RECORD);
  alm_marcspec_values_begin(values, spec, record, &spec->path, spec->room);
  return true;
}

bool alm_marcspec_next(alm_marc_values *values) {
  bool subfields = values->path->parts->kind == ALM_PART_SUBFIELD;
  if (values->inside && next_subfield(values)) return true;
  values->inside = false;
  while (alm_marcspec_values_next_field(values)) {
    if (!subfields && take_one(values)) return true;
    values->inside = subfields && enter_field(values);
    if (values->inside && next_subfield(values)) return true;
  }
  values->inside = false;
  return false;
}

/* ---- the first value, without the machinery when it is plain ---- */

static alm_slice first_subfield(const alm_marc *record, const alm_marc_field *field, char code) {
  const char *at = record->bytes + field->start, *end = at + field->length;
  while (at < end && (at = memchr(at, SEPARATOR, (size_t)(end - at)))) {
    if (++at == end || *at != code) continue;
    at++;
    const char *to = memchr(at, SEPARATOR, (size_t)(end - at));
    return (alm_slice){at, (size_t)((to ? to : end) - at)};
  }
  return (alm_slice){NULL, 0};
}

static alm_slice plain_subfield(const alm_marcspec *spec, const alm_marc *record) {
  alm_slice value = {NULL, 0};
  for (const alm_marc_field *field = NULL; (field = find(&spec->path, record, field));) {
    if (!field->control) value = first_subfield(record, field, spec->path.parts->low);
    if (value.text) break;
  }
  return value;
}

bool alm_marcspec_first(alm_marcspec *spec, const alm_marc *record, alm_slice *value) {
  alm_marc_values values;
  const alm_marc_field *field;
  *value = (alm_slice){NULL, 0};
  if (spec->plain == ALM_PLAIN_SUBFIELD) {
    *value = plain_subfield(spec, record);
    return true;
  }
  if (spec->plain == ALM_PLAIN_FIELD) {
    field = find(&spec->path, record, NULL);
    if (!field) return true;
    if (field->control) *value = alm_marc_content(record, field);
    if (value->text) return true;
  }
  if (!alm_marcspec_begin(spec, record, &values)) return false;
  if (alm_marcspec_next(&values)) *value = values.hit.text;
  return !alm_marcspec_gave_up(spec);
}
