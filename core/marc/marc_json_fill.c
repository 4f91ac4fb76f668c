/* jansson's values into a record. */
#include "marc_json_fill.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "marc_repair.h"
#include "../base/text.h"

typedef struct {
  alm_marc_builder *builder;
  char tag[4];      /* of the field */
} filling;

#define NOTE(f, kind, ...) alm_marc_note((f)->builder, kind, 0, __VA_ARGS__)

/* ---- texts ---- */

/* Length 0 when it is no string. */
static alm_slice slice(const json_t *value) {
  if (!json_is_string(value)) return (alm_slice){"", 0};
  return (alm_slice){json_string_value(value), json_string_length(value)};
}

/* The value of the first of the keys that is there. */
static json_t *either(const json_t *object, const char *key, const char *other) {
  json_t *value = json_object_get(object, key);
  return value ? value : json_object_get(object, other);
}

static void add_text(filling *f, const json_t *value) {
  if (json_is_string(value)) {
    alm_marc_add_text(f->builder, json_string_value(value), json_string_length(value));
    return;
  }
  NOTE(f, ALM_MARC_STRUCTURE, "field %s has a value that is no string", f->tag);
  char *text = json_is_null(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
  if (text) alm_marc_add_text(f->builder, text, strlen(text));
  free(text);
}

/* ---- fields ---- */

static void set_tag(filling *f, alm_slice text) {
  if (!alm_marc_repair_tag(text, f->tag))
    NOTE(f, ALM_MARC_TAG, "the tag \"%.*s\" is not three letters or digits",
         (int)(text.length < 20 ? text.length : 20), text.text);
}

static void add_control(filling *f, const json_t *value) {
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

static void add_subfield(filling *f, alm_slice code, const json_t *value) {
  if (!alm_marc_repair_code(&code))
    NOTE(f, ALM_MARC_SUBFIELD, "field %s: a subfield's code is not one character", f->tag);
  if (alm_marc_open_subfield(f->builder, code.text, code.length)) add_text(f, value);
}

/* {"a": text} or {"a": [text, text]} */
static void add_subfields(filling *f, json_t *object) {
  const char *code;
  json_t *value, *one;
  size_t i;
  json_object_foreach(object, code, value) {
    alm_slice given = {code, strlen(code)};
    if (!json_is_array(value)) add_subfield(f, given, value);
    else json_array_foreach(value, i, one) add_subfield(f, given, one);
  }
}

static void add_subfield_list(filling *f, json_t *list) {
  json_t *subfield;
  size_t i;
  if (json_is_object(list)) add_subfields(f, list);
  else if (list && !json_is_array(list))
    NOTE(f, ALM_MARC_STRUCTURE, "field %s: the subfields are no list", f->tag);
  json_array_foreach(list, i, subfield) {
    const json_t *code = json_object_get(subfield, "code");
    if (json_is_array(subfield))
      add_subfield(f, slice(json_array_get(subfield, 0)), json_array_get(subfield, 1));
    else if (json_is_string(code)) add_subfield(f, slice(code), either(subfield, "data", "value"));
    else if (json_is_object(subfield)) add_subfields(f, subfield);
    else NOTE(f, ALM_MARC_STRUCTURE, "field %s has a subfield that is no object", f->tag);
  }
}

static void add_data(filling *f, const json_t *object) {
  alm_slice both = slice(json_object_get(object, "ind"));
  alm_slice first = slice(json_object_get(object, "ind1")),
            second = slice(json_object_get(object, "ind2"));
  if (both.length == 2) {
    first = (alm_slice){both.text, 1};
    second = (alm_slice){both.text + 1, 1};
  }
  if (open_data(f, first, second)) add_subfield_list(f, either(object, "subfields", "subfield"));
}

/* ---- the three shapes ---- */

static void add_object(filling *f, json_t *object) {
  const char *tag;
  json_t *value;
  json_object_foreach(object, tag, value) {
    set_tag(f, (alm_slice){tag, strlen(tag)});
    if (json_is_object(value)) add_data(f, value);
    else add_control(f, value);
  }
}

static void add_array(filling *f, const json_t *array) {
  set_tag(f, slice(json_array_get(array, 0)));
  if (json_array_size(array) <= 2) {
    add_control(f, json_array_get(array, 1));
  } else if (open_data(f, slice(json_array_get(array, 1)), slice(json_array_get(array, 2)))) {
    add_subfield_list(f, json_array_get(array, 3));
  }
}

static void add_fields(filling *f, const json_t *fields) {
  json_t *field;
  size_t i;
  if (!json_is_array(fields)) NOTE(f, ALM_MARC_STRUCTURE, "\"fields\" is no list");
  json_array_foreach(fields, i, field) {
    if (json_is_object(field)) add_object(f, field);
    else if (json_is_array(field)) add_array(f, field);
    else NOTE(f, ALM_MARC_STRUCTURE, "field %zu of the list is no object", i + 1);
  }
}

static void add_tagged(filling *f, const json_t *fields, bool control) {
  json_t *field;
  size_t i;
  json_array_foreach(fields, i, field) {
    set_tag(f, slice(json_object_get(field, "tag")));
    if (control) add_control(f, either(field, "data", "value"));
    else add_data(f, field);
  }
}

static void add_record(filling *f, const json_t *root) {
  const json_t *leader = json_object_get(root, "leader"), *fields = json_object_get(root, "fields");
  const json_t *control = json_object_get(root, "controlfield"),
               *data = json_object_get(root, "datafield");
  if (json_is_string(leader))
    alm_marc_set_leader(f->builder, json_string_value(leader), json_string_length(leader));
  else if (fields || control || data)
    NOTE(f, ALM_MARC_LEADER_WRONG, "the record has no leader");
  else
    NOTE(f, ALM_MARC_STRUCTURE, "the object is no MARC record: it has neither leader nor fields");
  if (fields) add_fields(f, fields);
  add_tagged(f, control, true);
  add_tagged(f, data, false);
}

/* ---- parsing ---- */

/* jansson refuses bytes that are not UTF-8; they become U+FFFD. */
static json_t *load_repaired(alm_marc_builder *builder, const char *text, size_t length,
                             json_error_t *why) {
  alm_buf buf;
  json_t *root = NULL;
  alm_buf_init(&buf, 3 * length + 1);
  for (size_t at = 0; at < length;) {
    size_t good = alm_text_valid_prefix(text + at, length - at);
    alm_buf_add(&buf, text + at, good);
    if ((at += good) == length) break;
    alm_marc_note(builder, ALM_MARC_CHARACTER, at, "0x%02x is no UTF-8 character",
                  (unsigned char)text[at]);
    ALM_BUF_PUT(&buf, "\xef\xbf\xbd");
    at++;
  }
  root = json_loadb(alm_buf_text(&buf), buf.length, JSON_ALLOW_NUL, why);
  alm_buf_free(&buf);
  return root;
}

void alm_json_fill(alm_marc_builder *builder, const char *text, size_t length) {
  json_error_t why;
  filling f = {.builder = builder};
  json_t *root = json_loadb(text, length, JSON_ALLOW_NUL, &why);
  if (!root && !alm_text_valid(text, length)) root = load_repaired(builder, text, length, &why);
  if (root) add_record(&f, root);
  else alm_marc_note(builder, ALM_MARC_STRUCTURE, why.position > 0 ? (size_t)why.position : 0,
                     "not JSON: %.*s", (int)strcspn(why.text, "\n\r"), why.text);
  json_decref(root);
}
