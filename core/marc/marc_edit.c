/* Editing: the record is copied field by field, with the change on the way. */
#include "marc_edit.h"

#include <string.h>

#include "marcspec_private.h"
#include "../base/text.h"
#include "../base/ascii.h"

enum { SEPARATOR = 0x1f };

/* ---- what may be written ---- */

static bool check_value(const char *text, size_t length, alm_error *err) {
  if (!alm_text_valid(text, length)) return alm_fail(err, ALM_PARSE, "the value is not UTF-8");
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
      return alm_fail(err, ALM_PARSE, "the value holds the control character 0x%02x", c);
  }
  return true;
}

static bool check_tag(alm_slice tag, alm_error *err) {
  bool fine = tag.length == 3;
  for (size_t i = 0; fine && i < 3; i++) fine = alm_ascii_is_alphanumeric(tag.text[i]);
  return fine || alm_fail(err, ALM_PARSE, "a tag is three digits or letters");
}

static bool check_indicator(char c, alm_error *err) {
  return c == ' ' || alm_ascii_is_alphanumeric(c) ||
         alm_fail(err, ALM_PARSE, "an indicator is a blank, a digit or a letter");
}

static bool check_subfield(const alm_slice *pair, alm_error *err) {
  bool fine = pair[0].length == 1 && *pair[0].text > ' ' && *pair[0].text < 0x7f;
  if (!fine) return alm_fail(err, ALM_PARSE, "a subfield code is one visible ASCII character");
  return check_value(pair[1].text, pair[1].length, err);
}

static bool is_control(alm_slice tag) { return tag.length > 2 && memcmp(tag.text, "00", 2) == 0; }

/* The field that a new one takes the place of: a damaged one may have what no
 * new one may. */
typedef struct {
  const alm_marc *record;
  const alm_marc_field *field; /* NULL: none */
} old_field;

static bool same(alm_slice a, alm_slice b) {
  return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static bool check_indicators(alm_slice given, old_field old, alm_error *err) {
  if (given.length != 2) return alm_fail(err, ALM_PARSE, "indicators are two characters");
  for (int i = 0; i < 2; i++) {
    char c = given.text[i];
    bool had = old.field && alm_marc_indicator(old.record, old.field, i + 1) == c;
    if (!had && !check_indicator(c, err)) return false;
  }
  return true;
}

static bool had_subfield(old_field old, const alm_slice *pair) {
  alm_subfield subfield = {0};
  while (old.field && alm_marc_next_subfield(old.record, old.field, &subfield))
    if (same(subfield.code, pair[0]) && same(subfield.value, pair[1])) return true;
  return false;
}

static bool check_data(const alm_marc_new_field *field, old_field old, alm_error *err) {
  if (!check_indicators(field->indicators, old, err)) return false;
  if (field->subfield_count == 0) return alm_fail(err, ALM_PARSE, "a field needs a subfield");
  const alm_slice *pair = field->subfields, *end = pair + 2 * field->subfield_count;
  for (; pair < end; pair += 2)
    if (!check_subfield(pair, err) && !had_subfield(old, pair)) return false;
  return true;
}

static bool check_field(const alm_marc_new_field *field, old_field old, alm_error *err) {
  if (field->copied) return true;
  bool same_tag = old.field && same(field->tag, (alm_slice){old.field->tag, strlen(old.field->tag)});
  bool control = same_tag ? old.field->control : is_control(field->tag);
  if (!same_tag && !check_tag(field->tag, err)) return false;
  if (control != (field->text.text != NULL))
    return alm_fail(err, ALM_PARSE,
                    "field %.3s: tags 00x have a text, others indicators and subfields",
                    field->tag.text);
  return control ? check_value(field->text.text, field->text.length, err)
                 : check_data(field, old, err);
}

/* ---- copying ---- */

static bool add_slice(alm_marc_builder *out, alm_slice text) {
  return alm_marc_add_text(out, text.text, text.length);
}

static bool add_subfield(alm_marc_builder *out, alm_slice code, alm_slice value) {
  return alm_marc_open_subfield(out, code.text, code.length) && add_slice(out, value);
}

/* What a damaged field has before its first subfield. */
static alm_slice before_subfields(const alm_marc *record, const alm_marc_field *field) {
  alm_slice content = alm_marc_content(record, field);
  const char *end = memchr(content.text, SEPARATOR, content.length);
  size_t before = end ? (size_t)(end - content.text) : content.length;
  return before > 2 ? (alm_slice){content.text + 2, before - 2} : (alm_slice){content.text, 0};
}

static bool open_data(const alm_marc *record, const alm_marc_field *field,
                      const char indicators[2], alm_marc_builder *out) {
  return alm_marc_open_data(out, field->tag, indicators[0], indicators[1]) &&
         add_slice(out, before_subfields(record, field));
}

static bool open_field(const alm_marc *record, const alm_marc_field *field,
                       const char indicators[2], alm_marc_builder *out) {
  bool fine = field->control ? alm_marc_open_control(out, field->tag)
                             : open_data(record, field, indicators, out);
  if (fine) alm_marc_keep_id(out, field);
  return fine;
}

static bool open_copy(const alm_marc *record, const alm_marc_field *field, alm_marc_builder *out) {
  char indicators[2] = {alm_marc_indicator(record, field, 1),
                        alm_marc_indicator(record, field, 2)};
  return open_field(record, field, indicators, out);
}

static bool done(bool fine, alm_error *err) {
  return fine || alm_fail(err, ALM_LIMIT, "the record gets longer than %d bytes", ALM_MARC_MAXIMUM);
}

/* ---- adding ---- */

static bool open_new(const alm_marc_new_field *field, alm_marc_builder *out) {
  char tag[ALM_MARC_TAG_ROOM] = {0};
  memcpy(tag, field->tag.text, field->tag.length < sizeof tag ? field->tag.length : sizeof tag - 1);
  return field->text.text ? alm_marc_open_control(out, tag)
                          : alm_marc_open_data(out, tag, field->indicators.text[0],
                                               field->indicators.text[1]);
}

/* The field that takes another one's place has its id, and what stood before
 * its subfields. */
static bool open_instead(const alm_marc_new_field *field, old_field old, alm_marc_builder *out) {
  if (!open_new(field, out)) return false;
  if (!old.field) return true;
  alm_marc_keep_id(out, old.field);
  return field->text.text || old.field->control ||
         add_slice(out, before_subfields(old.record, old.field));
}

static bool add_copy(const alm_marc_new_field *field, alm_marc_builder *out) {
  static const alm_marc_field nameless = {0};
  if (!alm_marc_copy_field(out, field->record, field->copied)) return false;
  alm_marc_keep_id(out, &nameless);
  return true;
}

static bool add_new(const alm_marc_new_field *field, old_field old, alm_marc_builder *out) {
  if (field->copied) return add_copy(field, out);
  bool fine = open_instead(field, old, out);
  if (field->text.text) return fine && add_slice(out, field->text);
  const alm_slice *pair = field->subfields, *end = pair + 2 * field->subfield_count;
  for (; fine && pair < end; pair += 2) fine = add_subfield(out, pair[0], pair[1]);
  return fine;
}

size_t alm_marc_place(const alm_marc *record, const char tag[3]) {
  size_t place = record->field_count;
  while (place > 0 && memcmp(record->fields[place - 1].tag, tag, 3) > 0) place--;
  return place;
}

bool alm_marc_splice(const alm_marc *record, size_t at, bool dropped,
                     const alm_marc_new_field *field, alm_marc_builder *out, alm_error *err) {
  old_field old = {record, dropped ? &record->fields[at] : NULL};
  if (field && !check_field(field, old, err)) return false;
  bool fine = true;
  alm_marc_copy_head(out, record);
  for (size_t i = 0; fine && i < at; i++)
    fine = alm_marc_copy_field(out, record, &record->fields[i]);
  if (field) fine = fine && add_new(field, old, out);
  for (size_t i = at + dropped; fine && i < record->field_count; i++)
    fine = alm_marc_copy_field(out, record, &record->fields[i]);
  return done(fine, err);
}

/* ---- setting ---- */

static size_t characters(alm_slice text) {
  size_t count = 0;
  for (size_t i = 0; i < text.length; i++) count += ((unsigned char)text.text[i] & 0xc0) != 0x80;
  return count;
}

static bool check_length(const alm_marc_hit *hit, alm_slice value, alm_error *err) {
  size_t wanted = characters(hit->text), given = characters(value);
  bool fixed = !hit->field || (hit->field->control && hit->part->cut);
  if (!fixed || wanted == given) return true;
  return alm_fail(err, ALM_PARSE, "%zu characters are to be replaced, the value has %zu", wanted, given);
}

static bool check_set(const alm_marc_hit *hit, alm_slice value, alm_error *err) {
  if (hit->part->kind == ALM_PART_INDICATOR)
    return value.length == 1 ? check_indicator(*value.text, err)
                             : alm_fail(err, ALM_PARSE, "an indicator is one character");
  if (hit->part->kind == ALM_PART_WHOLE && hit->field && !hit->field->control)
    return alm_fail(err, ALM_PARSE, "field %s has subfields: name one with $", hit->field->tag);
  if (!hit->field && characters(value) != value.length)
    return alm_fail(err, ALM_PARSE, "the leader is ASCII");
  return check_length(hit, value, err);
}

/* The text around the value, with the new one in it. */
static bool add_changed(const alm_marc_hit *hit, alm_slice value, alm_marc_builder *out) {
  size_t before = (size_t)(hit->text.text - hit->whole.text), after = before + hit->text.length;
  return alm_marc_add_text(out, hit->whole.text, before) && add_slice(out, value) &&
         alm_marc_add_text(out, hit->whole.text + after, hit->whole.length - after);
}

static void set_leader(const alm_marc_hit *hit, alm_slice value, alm_marc_builder *out) {
  char leader[ALM_MARC_LEADER];
  memcpy(leader, hit->whole.text, ALM_MARC_LEADER);
  memcpy(leader + (hit->text.text - hit->whole.text), value.text, value.length);
  alm_marc_set_leader(out, leader, ALM_MARC_LEADER);
}

static bool open_changed(const alm_marc *record, const alm_marc_hit *hit, alm_slice value,
                         alm_marc_builder *out) {
  char indicators[2] = {alm_marc_indicator(record, hit->field, 1),
                        alm_marc_indicator(record, hit->field, 2)};
  if (hit->part->kind == ALM_PART_INDICATOR)
    indicators[hit->part->indicator - 1] = *value.text;
  return open_field(record, hit->field, indicators, out);
}

static bool copy_changed(const alm_marc *record, const alm_marc_hit *hit, alm_slice value,
                         alm_marc_builder *out) {
  alm_subfield subfield = {0};
  bool fine = open_changed(record, hit, value, out);
  if (hit->field->control) return fine && add_changed(hit, value, out);
  while (fine && alm_marc_next_subfield(record, hit->field, &subfield)) {
    bool this_one = hit->part->kind == ALM_PART_SUBFIELD &&
                    subfield.code.text == hit->subfield.code.text;
    fine = alm_marc_open_subfield(out, subfield.code.text, subfield.code.length) &&
           (this_one ? add_changed(hit, value, out) : add_slice(out, subfield.value));
  }
  return fine;
}

static bool set_found(const alm_marc *record, const alm_marc_hit *hit, alm_slice value,
                      alm_marc_builder *out, alm_error *err) {
  bool fine = true;
  if (!check_set(hit, value, err)) return false;
  alm_marc_copy_head(out, record);
  if (!hit->field) set_leader(hit, value, out);
  for (size_t i = 0; fine && i < record->field_count; i++) {
    const alm_marc_field *field = &record->fields[i];
    fine = field == hit->field ? copy_changed(record, hit, value, out)
                               : alm_marc_copy_field(out, record, field);
  }
  return done(fine, err);
}

/* ---- setting what is not there ---- */

static bool add_to_field(const alm_marc *record, const alm_marc_field *target, alm_slice code,
                         alm_slice value, alm_marc_builder *out, alm_error *err) {
  bool fine = true;
  alm_marc_copy_head(out, record);
  for (size_t i = 0; fine && i < record->field_count; i++) {
    fine = alm_marc_copy_field(out, record, &record->fields[i]);
    if (&record->fields[i] == target) fine = fine && add_subfield(out, code, value);
  }
  return done(fine, err);
}

/* The first data field that a subfield could be added to. */
static const alm_marc_field *first_field(const alm_marc *record, alm_marcspec *spec) {
  alm_marc_values values;
  const alm_part *part = spec->path.parts;
  bool one = spec->path.part_count == 1 && part->kind == ALM_PART_SUBFIELD &&
             part->low == part->high && !*part->name && !part->indexed && !part->cut && part->tests.count == 0;
  if (!one || !alm_marcspec_begin(spec, record, &values)) return NULL;
  while (alm_marcspec_values_next_field(&values))
    if (values.hit.field && !values.hit.field->control) return values.hit.field;
  return NULL;
}

static bool make_missing(const alm_marc *record, alm_marcspec *spec, alm_slice value,
                         alm_marc_builder *out, alm_error *err) {
  const alm_path *path = &spec->path;
  const alm_marc_field *field = first_field(record, spec);
  alm_slice pair[2] = {{&path->parts->low, 1}, value};
  alm_marc_new_field new = {.tag = {path->tag, strlen(path->tag)}, .indicators = {"  ", 2}};
  if (field) return add_to_field(record, field, pair[0], value, out, err);
  if (spec->plain == ALM_INTRICATE)
    return alm_fail(err, ALM_MISSING,
                    "there is nothing to set; when missing, only 00x and TAG$x are made");
  if (spec->plain == ALM_PLAIN_FIELD) {
    if (!is_control(new.tag))
      return alm_fail(err, ALM_PARSE, "field %s has subfields: name one with $", path->tag);
    new.text = value;
  } else {
    new.subfields = pair;
    new.subfield_count = 1;
  }
  return alm_marc_splice(record, alm_marc_place(record, path->tag), false, &new, out, err);
}

bool alm_marc_set(const alm_marc *record, alm_marcspec *spec, const char *value, size_t length,
                  alm_marc_builder *out, alm_error *err) {
  alm_marc_values values;
  alm_slice text = {value, length};
  if (!check_value(value, length, err)) return false;
  if (!alm_marcspec_begin(spec, record, &values))
    return alm_fail(err, ALM_LIMIT, "out of memory");
  bool found = alm_marcspec_next(&values);
  if (alm_marcspec_gave_up(spec)) return alm_fail(err, ALM_LIMIT, ALM_MARCSPEC_GAVE_UP);
  return found ? set_found(record, &values.hit, text, out, err)
               : make_missing(record, spec, text, out, err);
}

/* ---- places ---- */

bool alm_marc_hit_place(const alm_marc *record, const alm_marc_hit *hit, size_t *number) {
  alm_subfield subfield = {0};
  *number = 0;
  if (!hit->field || hit->part->cut || hit->part->kind == ALM_PART_INDICATOR) return false;
  if (hit->part->kind == ALM_PART_WHOLE) return true;
  while (alm_marc_next_subfield(record, hit->field, &subfield)) {
    ++*number;
    if (subfield.code.text == hit->subfield.code.text) break;
  }
  return true;
}

/* ---- removing ---- */

/* The walk stands at a hit in this field, and stands at the next one after. */
static bool copy_without(const alm_marc *record, alm_marc_values *values, bool *more,
                         alm_marc_builder *out, size_t *removed) {
  const alm_marc_field *field = values->hit.field;
  alm_subfield subfield = {0};
  bool opened = false, fine = true;
  while (fine && alm_marc_next_subfield(record, field, &subfield)) {
    if (*more && values->hit.field == field &&
        values->hit.subfield.code.text == subfield.code.text) {
      ++*removed;
      *more = alm_marcspec_next(values);
      continue;
    }
    fine = (opened || open_copy(record, field, out)) &&
           add_subfield(out, subfield.code, subfield.value);
    opened = true;
  }
  return fine;
}

static bool copy_remaining(const alm_marc *record, alm_marc_values *values, alm_marc_builder *out,
                           size_t *removed) {
  bool fine = true, more = alm_marcspec_next(values);
  for (size_t i = 0; fine && i < record->field_count; i++) {
    const alm_marc_field *field = &record->fields[i];
    if (!more || values->hit.field != field) {
      fine = alm_marc_copy_field(out, record, field);
    } else if (values->hit.part->kind == ALM_PART_SUBFIELD) {
      fine = copy_without(record, values, &more, out, removed);
    } else {
      ++*removed;
      more = alm_marcspec_next(values);
    }
  }
  return fine;
}

bool alm_marc_remove(const alm_marc *record, alm_marcspec *spec, alm_marc_builder *out,
                     size_t *removed, alm_error *err) {
  alm_marc_values values;
  const alm_path *path = &spec->path;
  *removed = 0;
  for (size_t i = 0; i < path->part_count; i++)
    if (path->leader || path->parts[i].cut || path->parts[i].kind == ALM_PART_INDICATOR)
      return alm_fail(err, ALM_PARSE, "only fields and subfields can be removed");
  if (!alm_marcspec_begin(spec, record, &values))
    return alm_fail(err, ALM_LIMIT, "out of memory");
  alm_marc_copy_head(out, record);
  if (!done(copy_remaining(record, &values, out, removed), err)) return false;
  return !alm_marcspec_gave_up(spec) || alm_fail(err, ALM_LIMIT, ALM_MARCSPEC_GAVE_UP);
}
