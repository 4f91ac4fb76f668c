/* A JSON object into a record. */
#include <string.h>

#include "marc_json_private.h"
#include "marc_private.h"

typedef struct {
  alm_json *json;
  alm_marc_builder *builder;
  char tag[ALM_MARC_TAG_ROOM];      /* of the field */
  bool leader;      /* there is one */
  bool marc;        /* something in it is MARC beyond doubt */
} filling;

#define NOTE(f, kind, ...) \
  alm_marc_note((f)->builder, kind, (size_t)((f)->json->at - (f)->json->text), __VA_ARGS__)
#define IS(slice, name) is(slice, name, sizeof(name) - 1)

static bool is(alm_slice text, const char *name, size_t length) {
  return text.length == length && memcmp(text.text, name, length) == 0;
}

/* ---- values ---- */

typedef struct {
  alm_slice text;   /* of what is no string, how it stands there */
  bool is_string, is_null;
} value;

static value take_value(filling *f) {
  value v = {.text = {"", 0}};
  v.is_string = alm_json_peek(f->json) == '"';
  if (v.is_string) alm_json_string(f->json, &v.text);
  else alm_json_skip(f->json, &v.text, NULL);
  v.is_null = !v.is_string && IS(v.text, "null");
  return v;
}

/* Length 0 when it is no string. */
static alm_slice take_string(filling *f) {
  value v = take_value(f);
  return v.is_string ? v.text : (alm_slice){"", 0};
}

static void skip(filling *f) {
  alm_slice raw;
  alm_json_skip(f->json, &raw, NULL);
}

static void add_text(filling *f, value v) {
  if (f->json->wrong) return;
  if (!v.is_string) NOTE(f, ALM_MARC_STRUCTURE, "field %s has a value that is no string", f->tag);
  if (!v.is_null) alm_marc_add_text(f->builder, v.text.text, v.text.length);
}

/* ---- subfields ---- */

static void add_subfield(filling *f, alm_slice code, value v) {
  if (!alm_marc_repair_code(&code))
    NOTE(f, ALM_MARC_SUBFIELD, "field %s: the subfield's code \"%.*s\" is not one character", f->tag,
         (int)(code.length < 40 ? code.length : 40), code.text);
  if (alm_marc_open_subfield(f->builder, code.text, code.length)) add_text(f, v);
}

/* "a": text, or "a": [text, text] */
static void take_keyed(filling *f, alm_slice code) {
  if (alm_json_peek(f->json) != '[') {
    add_subfield(f, code, take_value(f));
    return;
  }
  for (bool more = alm_json_open(f->json, '['); more; more = alm_json_more(f->json, ']'))
    add_subfield(f, code, take_value(f));
}

/* {"a": text}, or {"code": "a", "data": text} */
static void take_subfields(filling *f) {
  alm_slice key, code = {NULL, 0};
  value v = {.text = {"", 0}};
  for (bool more = alm_json_open(f->json, '{'); more && alm_json_key(f->json, &key);
       more = alm_json_more(f->json, '}')) {
    if (key.length == 1) take_keyed(f, key);
    else if (IS(key, "code")) code = take_string(f);
    else if (IS(key, "data") || IS(key, "value")) v = take_value(f);
    else if (IS(key, "leader") || IS(key, "fields")) alm_json_wrong(f->json, "no record in a record");
    else take_keyed(f, key);
  }
  if (code.text && !f->json->wrong) add_subfield(f, code, v);
}

/* ["a", text] */
static void take_pair(filling *f) {
  bool more = alm_json_open(f->json, '[');
  alm_slice code = more ? take_string(f) : (alm_slice){"", 0};
  value v = {.text = {"", 0}};
  for (more = more && alm_json_more(f->json, ']'); more; more = alm_json_more(f->json, ']'))
    v = take_value(f);
  if (!f->json->wrong) add_subfield(f, code, v);
}

static void take_subfield(filling *f) {
  char c = alm_json_peek(f->json);
  if (c == '{') take_subfields(f);
  else if (c == '[') take_pair(f);
  else {
    skip(f);
    NOTE(f, ALM_MARC_STRUCTURE, "field %s has a subfield that is no object", f->tag);
  }
}

static void take_subfield_list(filling *f) {
  char c = alm_json_peek(f->json);
  if (c == '{') take_subfields(f);
  else if (c != '[') {
    skip(f);
    NOTE(f, ALM_MARC_STRUCTURE, "field %s: the subfields are no list", f->tag);
  } else {
    for (bool more = alm_json_open(f->json, '['); more; more = alm_json_more(f->json, ']'))
      take_subfield(f);
  }
}

/* ---- fields ---- */

static void set_tag(filling *f, alm_slice text) {
  if (!alm_marc_repair_tag(text, f->tag))
    NOTE(f, ALM_MARC_TAG, "the tag \"%.*s\" is not three letters or digits",
         (int)(text.length < 20 ? text.length : 20), text.text);
  else if (strspn(f->tag, "0123456789") == 3) f->marc = true;
}

static char indicator(filling *f, alm_slice text, int which) {
  char c;
  if (!alm_marc_repair_indicator(text, &c))
    NOTE(f, ALM_MARC_INDICATOR, "indicator %d of field %s is not one character of ASCII", which,
         f->tag);
  return c;
}

static void set_indicators(filling *f, alm_slice first, alm_slice second) {
  alm_marc_set_indicators(f->builder, indicator(f, first, 1), indicator(f, second, 2));
}

static void take_control(filling *f) {
  if (alm_marc_open_control(f->builder, f->tag)) add_text(f, take_value(f));
  else skip(f);
}

/* {"ind1": "1", "ind2": "0", "subfields": […]}; indicators may stand last. */
static void take_data(filling *f) {
  alm_slice key, first = {"", 0}, second = {"", 0};
  alm_marc_open_data(f->builder, f->tag, ' ', ' ');
  for (bool more = alm_json_open(f->json, '{'); more && alm_json_key(f->json, &key);
       more = alm_json_more(f->json, '}')) {
    if (IS(key, "subfields") || IS(key, "subfield")) take_subfield_list(f);
    else if (IS(key, "ind1")) first = take_string(f);
    else if (IS(key, "ind2")) second = take_string(f);
    else if (IS(key, "ind")) {
      alm_slice both = take_string(f);
      first = (alm_slice){both.text, both.length > 0};
      second = (alm_slice){both.text + first.length, both.length - first.length};
    } else skip(f);
  }
  if (!f->json->wrong) set_indicators(f, first, second);
}

/* {"245": {…}} */
static void take_object(filling *f) {
  alm_slice key;
  for (bool more = alm_json_open(f->json, '{'); more && alm_json_key(f->json, &key);
       more = alm_json_more(f->json, '}')) {
    if (IS(key, "leader") || IS(key, "fields")) {
      alm_json_wrong(f->json, "no record in a record");
      return;
    }
    set_tag(f, key);
    if (alm_json_peek(f->json) == '{') take_data(f);
    else take_control(f);
  }
}

/* ["001", text] or ["245", "1", "0", […]]; the tag and the comma behind it are passed. */
static void take_rest(filling *f) {
  value second = take_value(f);
  if (!alm_json_more(f->json, ']')) {
    if (!f->json->wrong && alm_marc_open_control(f->builder, f->tag)) add_text(f, second);
    return;
  }
  alm_slice third = take_string(f);
  alm_marc_open_data(f->builder, f->tag, ' ', ' ');
  set_indicators(f, second.is_string ? second.text : (alm_slice){"", 0}, third);
  while (alm_json_more(f->json, ']')) take_subfield_list(f);
}

static void take_array(filling *f) {
  bool more = alm_json_open(f->json, '[');
  if (more) {
    set_tag(f, take_string(f));
    more = alm_json_more(f->json, ']');
  }
  if (more) take_rest(f);
  else if (!f->json->wrong) NOTE(f, ALM_MARC_STRUCTURE, "a field of the list has no value");
}

static void take_field(filling *f) {
  char c = alm_json_peek(f->json);
  if (c == '{') take_object(f);
  else if (c == '[') take_array(f);
  else {
    skip(f);
    NOTE(f, ALM_MARC_STRUCTURE, "a field of the list is no object");
  }
}

/* ---- OCLC's fields, {"tag": "245", …} ---- */

/* The string under a name of the object that begins here, which is not passed. */
static alm_slice look_up(const alm_json *json, const char *name) {
  alm_json ahead = *json;
  alm_slice key, raw, found = {"", 0};
  ahead.builder = NULL;
  for (bool more = alm_json_open(&ahead, '{'); more && alm_json_key(&ahead, &key);
       more = alm_json_more(&ahead, '}')) {
    bool here = is(key, name, strlen(name)) && alm_json_peek(&ahead) == '"';
    if (here) return alm_json_string(&ahead, &found) ? found : (alm_slice){"", 0};
    if (!alm_json_skip(&ahead, &raw, NULL)) break;
  }
  return found;
}

static void take_tagged_control(filling *f) {
  alm_slice key;
  value v = {.text = {"", 0}};
  set_tag(f, look_up(f->json, "tag"));
  for (bool more = alm_json_open(f->json, '{'); more && alm_json_key(f->json, &key);
       more = alm_json_more(f->json, '}')) {
    if (IS(key, "data") || IS(key, "value")) v = take_value(f);
    else skip(f);
  }
  if (!f->json->wrong && alm_marc_open_control(f->builder, f->tag)) add_text(f, v);
}

static void take_tagged_data(filling *f) {
  set_tag(f, look_up(f->json, "tag"));
  take_data(f);
}

/* ---- records ---- */

static void take_list(filling *f, const char *name, void take(filling *f)) {
  if (alm_json_peek(f->json) != '[') {
    skip(f);
    NOTE(f, ALM_MARC_STRUCTURE, "\"%s\" is no list", name);
    return;
  }
  for (bool more = alm_json_open(f->json, '['); more; more = alm_json_more(f->json, ']')) take(f);
}

static void take_leader(filling *f) {
  value v = take_value(f);
  if (f->json->wrong || !v.is_string) return;
  f->leader = true;
  f->marc = f->marc || v.text.length == ALM_MARC_LEADER;
  alm_marc_set_leader(f->builder, v.text.text, v.text.length);
}

static void skip_other(filling *f, alm_slice key) {
  alm_slice raw;
  size_t records = 0;
  if (alm_json_skip(f->json, &raw, &records) && records > 0)
    NOTE(f, ALM_MARC_STRUCTURE, "\"%.*s\" holds records of its own, which are left out",
         (int)(key.length < 20 ? key.length : 20), key.text);
}

bool alm_json_fill(alm_json *json, bool *is_record) {
  filling f = {.json = json, .builder = json->builder};
  alm_slice key;
  for (bool more = alm_json_open(json, '{'); more && alm_json_key(json, &key);
       more = alm_json_more(json, '}')) {
    if (IS(key, "leader")) take_leader(&f);
    else if (IS(key, "fields")) take_list(&f, "fields", take_field);
    else if (IS(key, "controlfield")) take_list(&f, "controlfield", take_tagged_control);
    else if (IS(key, "datafield")) take_list(&f, "datafield", take_tagged_data);
    else skip_other(&f, key);
  }
  if (!f.leader) NOTE(&f, ALM_MARC_LEADER_WRONG, "the record has no leader");
  *is_record = f.marc;
  return !json->wrong;
}

int alm_json_is_record(alm_json *json) {
  alm_slice key, raw;
  int begins = alm_json_begins_record(json->text, (size_t)(json->end - json->text));
  if (begins != 0) return begins;
  for (bool more = alm_json_open(json, '{'); more && alm_json_key(json, &key);
       more = alm_json_more(json, '}')) {
    if (IS(key, "leader") || IS(key, "fields") || IS(key, "controlfield") || IS(key, "datafield"))
      return 1;
    if (!alm_json_skip(json, &raw, NULL)) break;
  }
  return json->wrong && json->at == json->end ? -1 : 0;
}
