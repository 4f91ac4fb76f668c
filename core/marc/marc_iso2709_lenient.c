/* Records in which something is wrong: what can be read, and what it was. */
#include <stdlib.h>
#include <string.h>

#include "marc_iso2709_private.h"
#include "marc_private.h"

enum { LEADER = ALM_MARC_LEADER, WIDTHS = 12, NO_BASE = 0, MOST = 2 * ALM_MARC_MAXIMUM };

/* ---- changing bytes ---- */

static bool copy(alm_iso2709 *iso, size_t more) {
  bool own = iso->bytes == iso->copy;
  if (iso->copy_room < iso->copied + more) {
    size_t room = 2 * (iso->copied + more);
    char *copied = realloc(iso->copy, room);
    if (!copied) return false;
    iso->copy = copied;
    iso->copy_room = room;
  }
  if (!own) memcpy(iso->copy, iso->bytes, iso->copied);
  iso->bytes = iso->copy;
  return true;
}

void alm_marc_iso2709_change(alm_iso2709 *iso, size_t at, char to) {
  if (copy(iso, 0)) iso->copy[at] = to;
}

char *alm_marc_iso2709_append(alm_iso2709 *iso, size_t length) {
  if (iso->copied + length > MOST || !copy(iso, length)) return NULL;
  iso->copied += length;
  return iso->copy + iso->copied - length;
}

/* ---- the end ---- */

/* A number that says what would be so if the leader had as many bytes as it should is
 * told by the problem that the leader has more or less. */
static bool is_off(const alm_iso2709 *iso, long said, size_t is) {
  long more = (long)iso->directory - LEADER;
  return said != (long)is && (more == 0 || said + more != (long)is);
}

/* Where the fields end: before the record's terminator, when it is there. */
static size_t check_end(alm_iso2709 *iso, long said) {
  size_t length = iso->length;
  bool ended = iso->bytes[length - 1] == ISO_END;
  if (length > ISO_LONGEST)
    alm_marc_note(iso->notes, ALM_MARC_TOO_LONG, 0,
                  "the record has %zu bytes; ISO 2709 has room for 99999", length);
  else if (said > (long)length && is_off(iso, said, length))
    alm_marc_note(iso->notes, ended ? ALM_MARC_LENGTH : ALM_MARC_TRUNCATED, ended ? 0 : length,
                  "leader/00-04 says %ld bytes, there are %zu", said, length);
  else if (is_off(iso, said, length))
    alm_marc_note(iso->notes, ALM_MARC_LENGTH, 0, "leader/00-04 is '%.5s', there are %zu bytes",
                  iso->bytes, length);
  if (!ended && said <= (long)length)
    alm_marc_note(iso->notes, ALM_MARC_TERMINATOR, length - 1, "the record has no terminator");
  return ended || said == (long)length ? length - 1 : length;
}

/* ---- leader ---- */

static void read_leader(alm_iso2709 *iso) {
  bool right;
  size_t length = alm_marc_iso2709_leader_length(iso->bytes, iso->length);
  alm_marc_repair_leader(iso->bytes, length, iso->leader, &right);
  iso->directory = length;
  if (length != LEADER)
    alm_marc_note(iso->notes, ALM_MARC_LEADER_WRONG, 0, "the leader has %zu bytes instead of 24", length);
  for (size_t i = 0; i < LEADER && length == LEADER; i++)
    if (!alm_marc_iso2709_is_plain(iso->bytes[i]))
      alm_marc_note(iso->notes, ALM_MARC_LEADER_WRONG, i, "leader/%02zu is no character", i);
}

static size_t leader_digit(alm_iso2709 *iso, size_t at, size_t least, size_t usual) {
  long value = alm_marc_iso2709_number(iso->leader + at, 1);
  if (value >= (long)least) return (size_t)value;
  alm_marc_note(iso->notes, ALM_MARC_LEADER_WRONG, at, "leader/%02zu is '%c', taken as %zu", at,
                iso->leader[at], usual);
  return usual;
}

static void set_widths(alm_iso2709 *iso, size_t length_width, size_t start_width) {
  iso->length_width = length_width;
  iso->start_width = start_width;
  iso->entry = ISO_TAG + length_width + start_width;
}

/* ---- directory ---- */

static bool is_entry(const alm_iso2709 *iso, size_t at) {
  return at + iso->entry <= iso->length &&
         alm_marc_iso2709_number(iso->bytes + at + ISO_TAG, iso->entry - ISO_TAG) >= 0;
}

static bool is_directory(const alm_iso2709 *iso, size_t end) {
  if (end < iso->directory || end > iso->length || (end - iso->directory) % iso->entry) return false;
  for (size_t at = iso->directory; at < end; at += iso->entry)
    if (!is_entry(iso, at)) return false;
  return true;
}

static size_t find_field_end(const alm_iso2709 *iso, size_t from) {
  const char *found = from < iso->length ? memchr(iso->bytes + from, ISO_FIELD, iso->length - from) : NULL;
  return found ? (size_t)(found - iso->bytes) : iso->length;
}

static bool ends_entries(const alm_iso2709 *iso, size_t end) {
  return end >= iso->directory && end < iso->length && iso->bytes[end] == ISO_FIELD &&
         (end - iso->directory) % iso->entry == 0;
}

/* Where the directory's terminator is, or should be: where the leader says,
 * when there is one in place; the first, when only entries come before it; where
 * the leader says, when it is the terminator that is damaged; the first. */
static size_t find_directory_end(const alm_iso2709 *iso, size_t said) {
  size_t first = find_field_end(iso, iso->directory);
  if (ends_entries(iso, said)) return said;
  if (first < iso->length && is_directory(iso, first)) return first;
  if (said < iso->length && is_directory(iso, said)) return said;
  return first;
}

/* ---- where a field is ---- */

typedef struct {
  size_t base, end;  /* of the data */
  bool in_order;     /* the fields come as the directory names them */
} data_area;

typedef struct {
  size_t start, end; /* without terminator */
} span;

static bool find_ends(alm_iso2709 *iso, const data_area *data) {
  iso->end_count = 0;
  for (size_t at = data->base; at < data->end; at++) {
    at = find_field_end(iso, at);
    if (at >= data->end) return true;
    if (iso->end_count == iso->end_room) {
      size_t room = iso->end_room ? 2 * iso->end_room : 64;
      uint32_t *ends = realloc(iso->ends, room * sizeof *ends);
      if (!ends) return false;
      iso->ends = ends;
      iso->end_room = room;
    }
    iso->ends[iso->end_count++] = (uint32_t)at;
  }
  return true;
}

static span piece(const alm_iso2709 *iso, const data_area *data, size_t index) {
  return (span){index ? iso->ends[index - 1] + 1 : data->base, iso->ends[index]};
}

/* The place that the directory gives; an empty one behind the data when it is
 * none. */
static span told(const alm_iso2709 *iso, const data_area *data, size_t entry) {
  const char *digits = iso->bytes + entry + ISO_TAG;
  long length = alm_marc_iso2709_number(digits, iso->length_width);
  long start = alm_marc_iso2709_number(digits + iso->length_width, iso->start_width);
  if (length < 1 || start < 0 || data->base + (size_t)start >= data->end)
    return (span){data->end, data->end};
  start += (long)data->base;
  return (span){(size_t)start, (size_t)start + (size_t)length - 1};
}

static bool begins(const alm_iso2709 *iso, const data_area *data, span at) {
  return at.start == data->base || (at.start < data->end && iso->bytes[at.start - 1] == ISO_FIELD);
}

static bool ends(const alm_iso2709 *iso, const data_area *data, span at) {
  return at.end < data->end && iso->bytes[at.end] == ISO_FIELD;
}

static bool is_right(const alm_iso2709 *iso, const data_area *data, span at) {
  return begins(iso, data, at) && ends(iso, data, at);
}

/* Do the widths of the entries make the first one right? */
static bool are_widths_right(const alm_iso2709 *iso, size_t directory_end) {
  data_area data = {.base = directory_end + 1, .end = iso->length};
  return data.base < data.end && is_directory(iso, directory_end) &&
         directory_end >= iso->directory + iso->entry &&
         is_right(iso, &data, told(iso, &data, iso->directory));
}

/* Entries of other widths than the usual are rare; damage in leader/20-21 isn't. */
static size_t read_directory(alm_iso2709 *iso) {
  long base = alm_marc_iso2709_number(iso->leader + 12, 5);
  size_t said = base > 0 ? (size_t)base - 1 : NO_BASE;
  size_t length_width = leader_digit(iso, 20, 1, 4), start_width = leader_digit(iso, 21, 1, 5);
  set_widths(iso, length_width, start_width);
  size_t end = find_directory_end(iso, said);
  if (iso->entry != WIDTHS && !are_widths_right(iso, end)) {
    alm_marc_note(iso->notes, ALM_MARC_LEADER_WRONG, 20, "leader/20-21 is '%.2s', taken as 45",
                  iso->leader + 20);
    set_widths(iso, 4, 5);
    end = find_directory_end(iso, said);
  }
  if (end >= iso->length)
    alm_marc_note(iso->notes, ALM_MARC_DIRECTORY, iso->length, "the directory has no end");
  else if (end != said && is_off(iso, base, end + 1))
    alm_marc_note(iso->notes, ALM_MARC_DIRECTORY, 12,
                  "leader/12-16 says %.5s, the data begin at byte %zu", iso->leader + 12, end + 1);
  else if (iso->bytes[end] != ISO_FIELD)
    alm_marc_note(iso->notes, ALM_MARC_TERMINATOR, end, "the directory has no terminator");
  return end;
}

/* ---- entries ---- */

/* The entries up to the first that is not right are counted from the front. When bytes of
 * that one are missing or too many, those behind it are counted from the directory's end. */
typedef struct {
  size_t front, count, end;
} entries;

static size_t entry_at(const alm_iso2709 *iso, const entries *all, size_t index) {
  if (index <= all->front) return iso->directory + index * iso->entry;
  return all->end - (all->count - index) * iso->entry;
}

static entries find_entries(alm_iso2709 *iso, const data_area *data, size_t end) {
  size_t length = end - iso->directory, rest = length % iso->entry;
  entries all = {.count = length / iso->entry, .end = end};
  all.front = all.count;
  if (rest == 0) return all;
  bool missing = iso->end_count == all.count + 1 && rest + ISO_TAG > iso->entry / 2;
  size_t at = iso->directory;
  if (missing) all.count++;
  for (all.front = 0; all.front < all.count && is_right(iso, data, told(iso, data, at)); all.front++)
    at += iso->entry;
  alm_marc_note(iso->notes, ALM_MARC_DIRECTORY, at, missing ? "an entry of the directory is too short"
                                                            : "the directory has bytes that belong to no entry");
  return all;
}

/* As many terminators as entries, and no entry that is right says otherwise.
 * Of a record that is too long the entries can't be right. */
static bool are_in_order(const alm_iso2709 *iso, const data_area *data, const entries *all) {
  if (iso->length > ISO_LONGEST) return true;
  if (all->count != iso->end_count) return false;
  for (size_t i = 0; i < all->count; i++) {
    span at = told(iso, data, entry_at(iso, all, i));
    if (is_right(iso, data, at) && at.start != piece(iso, data, i).start) return false;
  }
  return true;
}

static void note_place(alm_iso2709 *iso, const data_area *data, size_t entry, const char *tag,
                       span at) {
  if (at.start == data->end && !data->in_order) return; /* counted as lost */
  if (!data->in_order && at.end > data->end)
    alm_marc_note(iso->notes, ALM_MARC_TRUNCATED, data->end, "field %s is cut off", tag);
  else if (!data->in_order && begins(iso, data, at) && at.end < data->end)
    alm_marc_note(iso->notes, ALM_MARC_TERMINATOR, at.end, "field %s has no terminator", tag);
  else
    alm_marc_note(iso->notes, ALM_MARC_DIRECTORY, entry, "field %s is not where the directory says",
                  tag);
}

/* False when nothing is left of it. When only the terminator before it isn't
 * there, that was told of the field before. */
static bool find_field(alm_iso2709 *iso, const data_area *data, size_t entry, size_t index,
                       const char *tag, span *at) {
  bool too_long = iso->length > ISO_LONGEST;
  *at = told(iso, data, entry);
  if (!too_long && (data->in_order ? is_right(iso, data, *at) : ends(iso, data, *at))) return true;
  if (!too_long) note_place(iso, data, entry, tag, *at);
  if (data->in_order && index < iso->end_count) {
    *at = piece(iso, data, index);
    return true;
  }
  if (at->end > data->end) at->end = data->end;
  return at->start < at->end;
}

/* ---- what a field is ---- */

static void read_tag(alm_iso2709 *iso, size_t at, char *tag) {
  memcpy(tag, iso->bytes + at, ISO_TAG);
  tag[ISO_TAG] = '\0';
  for (size_t i = 0; i < ISO_TAG; i++)
    if (!alm_marc_iso2709_is_plain(tag[i])) tag[i] = '?';
  if (!alm_marc_iso2709_is_tag(tag)) alm_marc_note(iso->notes, ALM_MARC_TAG, at, "'%s' is no tag", tag);
}

/* ---- all of it ---- */

static bool is_at(const alm_iso2709 *iso, span at, size_t offset, char c) {
  return at.start + offset < at.end && iso->bytes[at.start + offset] == c;
}

/* Two, unless the first field with subfields has as many as the leader says. */
static void set_indicators(alm_iso2709 *iso, const data_area *data) {
  iso->indicators = leader_digit(iso, 10, 0, 2);
  if (iso->indicators == 2) return;
  for (size_t i = 0; i < iso->end_count; i++) {
    span at = piece(iso, data, i);
    if (is_at(iso, at, iso->indicators, ISO_SUBFIELD)) return;
    if (!is_at(iso, at, 2, ISO_SUBFIELD)) continue;
    alm_marc_note(iso->notes, ALM_MARC_LEADER_WRONG, 10, "leader/10 is '%c', taken as 2",
                  iso->leader[10]);
    iso->indicators = 2;
    return;
  }
}

static void read_fields(alm_iso2709 *iso, data_area *data, size_t directory_end) {
  entries all = find_entries(iso, data, directory_end);
  size_t lost = 0;
  char tag[ISO_TAG + 1];
  span at;
  data->in_order = are_in_order(iso, data, &all);
  for (size_t i = 0; i < all.count; i++) {
    size_t entry = entry_at(iso, &all, i);
    read_tag(iso, entry, tag);
    if (find_field(iso, data, entry, i, tag, &at))
      alm_marc_iso2709_add_field(iso, tag, at.start, at.end);
    else
      lost++;
  }
  if (lost)
    alm_marc_note(iso->notes, ALM_MARC_DIRECTORY, directory_end,
                  "%zu of the directory's %zu fields are not there", lost, all.count);
}

void alm_marc_iso2709_lenient(alm_iso2709 *iso, const char *bytes, size_t length) {
  long said = alm_marc_iso2709_number(bytes, 5);
  iso->bytes = bytes;
  iso->length = iso->copied = length;
  iso->count = 0;
  read_leader(iso);
  data_area data = {.end = check_end(iso, said)};
  size_t directory_end = read_directory(iso);
  data.base = directory_end < data.end ? directory_end + 1 : data.end;
  if (directory_end < iso->directory || !find_ends(iso, &data)) return;
  set_indicators(iso, &data);
  if (iso->leader[11] != '2')
    alm_marc_note(iso->notes, ALM_MARC_LEADER_WRONG, 11, "leader/11 is '%c', taken as 2", iso->leader[11]);
  read_fields(iso, &data, directory_end);
}
