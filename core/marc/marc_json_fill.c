/* The values of a JSON object into a record. */
#include <string.h>

#include "../base/text.h"
#include "marc_json_private.h"
#include "marc_private.h"

typedef alm_json_token token;

typedef struct {
  alm_marc_builder *builder;
  char tag[4];      /* of the field */
} filling;

#define NOTE(f, kind, ...) alm_marc_note((f)->builder, kind, 0, __VA_ARGS__)

/* ---- values ---- */

/* Steps through what is in an array, or the keys of an object:
 *   for (const token *one = first(list); one; one = next_item(list, one)) … */
static const token *inside(const token *around, const token *at) {
  return at < around + around->size ? at : NULL;
}

static const token *first(const token *list) { return inside(list, list + 1); }

static const token *next_item(const token *list, const token *item) {
  return inside(list, item + item->size);
}

static const token *next_key(const token *object, const token *key) {
  do key += 1 + key[1].size;
  while (inside(object, key) && key->kind == ALM_JSON_REPEATED);
  return inside(object, key);
}

static bool is(const token *value, alm_json_kind kind) { return value && value->kind == kind; }

/* NULL when it is not there. */
static const token *get(const token *object, const char *name) {
  if (!is(object, ALM_JSON_OBJECT)) return NULL;
  for (const token *key = first(object); key; key = next_key(object, key))
    if (key->text.length == strlen(name) && memcmp(key->text.text, name, key->text.length) == 0)
      return key + key->size;
  return NULL;
}

/* The value of the first of the keys that is there. */
static const token *either(const token *object, const char *key, const char *other) {
  const token *value = get(object, key);
  return value ? value : get(object, other);
}

static const token *item_at(const token *list, size_t index) {
  const token *item = is(list, ALM_JSON_ARRAY) ? first(list) : NULL;
  while (item && index-- > 0) item = next_item(list, item);
  return item;
}

/* Length 0 when it is no string. */
static alm_slice slice(const token *value) {
  return is(value, ALM_JSON_STRING) ? value->text : (alm_slice){"", 0};
}

static void add_text(filling *f, const token *value) {
  if (!is(value, ALM_JSON_STRING))
    NOTE(f, ALM_MARC_STRUCTURE, "field %s has a value that is no string", f->tag);
  if (value && value->kind != ALM_JSON_NULL)
    alm_marc_add_text(f->builder, value->text.text, value->text.length);
}

/* ---- fields ---- */

static void set_tag(filling *f, alm_slice text) {
  if (!alm_marc_repair_tag(text, f->tag))
    NOTE(f, ALM_MARC_TAG, "the tag \"%.*s\" is not three letters or digits",
         (int)(text.length < 20 ? text.length : 20), text.text);
}

static void add_control(filling *f, const token *value) {
  if (alm_marc_open_control(f->builder, f->tag)) add_text(f, value);
}

static char indicator(filling *f, alm_slice text, int which) {
  char c;
  if (!alm_marc_repair_indicator(text, &c))
    NOTE(f, ALM_MARC_INDICATOR, "indicator %d of field %s is not one character of ASCII", which,
         f->tag);
  return c;
}

static bool open_data(filling *f, alm_slice first, alm_slice second) {
  char one = indicator(f, first, 1), two = indicator(f, second, 2);
  return alm_marc_open_data(f->builder, f->tag, one, two);
}

static void add_subfield(filling *f, alm_slice code, const token *value) {
  if (!alm_marc_repair_code(&code))
    NOTE(f, ALM_MARC_SUBFIELD, "field %s: a subfield's code is not one character", f->tag);
  if (alm_marc_open_subfield(f->builder, code.text, code.length)) add_text(f, value);
}

/* {"a": text} or {"a": [text, text]} */
static void add_subfields(filling *f, const token *object) {
  for (const token *key = first(object); key; key = next_key(object, key)) {
    const token *value = key + key->size, *one = is(value, ALM_JSON_ARRAY) ? first(value) : NULL;
    if (!is(value, ALM_JSON_ARRAY)) add_subfield(f, key->text, value);
    for (; one; one = next_item(value, one)) add_subfield(f, key->text, one);
  }
}

static void add_listed(filling *f, const token *subfield) {
  const token *code = get(subfield, "code");
  if (is(subfield, ALM_JSON_ARRAY))
    add_subfield(f, slice(item_at(subfield, 0)), item_at(subfield, 1));
  else if (is(code, ALM_JSON_STRING)) add_subfield(f, code->text, either(subfield, "data", "value"));
  else if (is(subfield, ALM_JSON_OBJECT)) add_subfields(f, subfield);
  else NOTE(f, ALM_MARC_STRUCTURE, "field %s has a subfield that is no object", f->tag);
}

static void add_subfield_list(filling *f, const token *list) {
  if (is(list, ALM_JSON_OBJECT)) add_subfields(f, list);
  else if (list && list->kind != ALM_JSON_ARRAY)
    NOTE(f, ALM_MARC_STRUCTURE, "field %s: the subfields are no list", f->tag);
  for (const token *one = item_at(list, 0); one; one = next_item(list, one)) add_listed(f, one);
}

static void add_data(filling *f, const token *object) {
  alm_slice both = slice(get(object, "ind"));
  alm_slice first = slice(get(object, "ind1")),
            second = slice(get(object, "ind2"));
  if (both.length == 2) {
    first = (alm_slice){both.text, 1};
    second = (alm_slice){both.text + 1, 1};
  }
  if (open_data(f, first, second)) add_subfield_list(f, either(object, "subfields", "subfield"));
}

/* ---- the three shapes ---- */

static void add_object(filling *f, const token *object) {
  for (const token *key = first(object); key; key = next_key(object, key)) {
    const token *value = key + key->size;
    set_tag(f, key->text);
    if (is(value, ALM_JSON_OBJECT)) add_data(f, value);
    else add_control(f, value);
  }
}

static void add_array(filling *f, const token *array) {
  set_tag(f, slice(item_at(array, 0)));
  if (!item_at(array, 2)) {
    add_control(f, item_at(array, 1));
  } else if (open_data(f, slice(item_at(array, 1)), slice(item_at(array, 2)))) {
    add_subfield_list(f, item_at(array, 3));
  }
}

static void add_fields(filling *f, const token *fields) {
  size_t number = 0;
  if (!is(fields, ALM_JSON_ARRAY)) NOTE(f, ALM_MARC_STRUCTURE, "\"fields\" is no list");
  for (const token *field = item_at(fields, 0); field; field = next_item(fields, field)) {
    number++;
    if (is(field, ALM_JSON_OBJECT)) add_object(f, field);
    else if (is(field, ALM_JSON_ARRAY)) add_array(f, field);
    else NOTE(f, ALM_MARC_STRUCTURE, "field %zu of the list is no object", number);
  }
}

static void add_tagged(filling *f, const token *fields, bool control) {
  for (const token *field = item_at(fields, 0); field; field = next_item(fields, field)) {
    set_tag(f, slice(get(field, "tag")));
    if (control) add_control(f, either(field, "data", "value"));
    else add_data(f, field);
  }
}

void alm_json_fill(alm_marc_builder *builder, const token *root) {
  filling *f = &(filling){.builder = builder};
  const token *leader = get(root, "leader"), *fields = get(root, "fields");
  const token *control = get(root, "controlfield"),
               *data = get(root, "datafield");
  if (is(leader, ALM_JSON_STRING))
    alm_marc_set_leader(f->builder, leader->text.text, leader->text.length);
  else if (fields || control || data)
    NOTE(f, ALM_MARC_LEADER_WRONG, "the record has no leader");
  else
    NOTE(f, ALM_MARC_STRUCTURE, "the object is no MARC record: it has neither leader nor fields");
  if (fields) add_fields(f, fields);
  add_tagged(f, control, true);
  add_tagged(f, data, false);
}

/* ---- parsing ---- */

/* Bytes that are not UTF-8 become U+FFFD. */
static void repair(alm_marc_builder *builder, const char *text, size_t length, alm_buf *out) {
  for (size_t at = 0; at < length;) {
    size_t good = alm_text_valid_prefix(text + at, length - at);
    alm_buf_add(out, text + at, good);
    if ((at += good) == length) break;
    alm_marc_note(builder, ALM_MARC_CHARACTER, at, "0x%02x is no UTF-8 character",
                  (unsigned char)text[at]);
    ALM_BUF_PUT(out, "\xef\xbf\xbd");
    at++;
  }
}

void alm_json_fill_text(alm_marc_builder *builder, alm_json *json, const char *text, size_t length) {
  alm_buf repaired;
  alm_buf_init(&repaired, 3 * length + 1);
  if (!alm_text_valid(text, length)) {
    repair(builder, text, length, &repaired);
    text = alm_buf_text(&repaired);
    length = repaired.length;
  }
  bool parsed = alm_json_parse(json, text, length);
  if (parsed && json->at == length) alm_json_fill(builder, json->tokens);
  else alm_marc_note(builder, ALM_MARC_STRUCTURE, json->at, "not JSON: expected %s",
                     parsed ? "nothing more" : json->wrong);
  alm_buf_free(&repaired);
}
