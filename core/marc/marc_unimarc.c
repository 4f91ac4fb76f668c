/* Which characters a UNIMARC record says that it has: 100 $a/26-27 and 28-29 name the
 * sets of the lower and the upper half of the bytes, or Unicode. */
#include "marc_private.h"

#include <string.h>

enum { SETS = 26, SETS_END = 34, DATE = 8 };

const alm_coding alm_iso5426 = {.kind = ALM_CHARSET_MARC8, .name = "ISO 5426",
                                .g0 = ALM_MARC8_ASCII, .g1 = ALM_MARC8_ISO5426};

/* Code pages are RUSMARC's; the others are UNIMARC's. */
static const struct {
  const char *code, *iconv;
  char set;
} sets[] = {
    {"01", NULL, ALM_MARC8_ASCII},    {"02", NULL, ALM_MARC8_CYRILLIC},      {"03", NULL, ALM_MARC8_ISO5426},
    {"05", NULL, ALM_MARC8_GREEK},    {"04", NULL, ALM_MARC8_MORE_CYRILLIC}, {"79", "CP866", 0},
    {"89", "CP1251", 0},              {"99", "KOI8-R", 0},
};
enum { KNOWN = sizeof sets / sizeof *sets };

static bool is_date(const char *text) {
  size_t digits = 0;
  while (digits < DATE && text[digits] >= '0' && text[digits] <= '9') digits++;
  return digits == DATE;
}

/* Not that of MARC 21, which is a name. */
static bool is_general(const alm_marc_field *field, alm_slice text) {
  return memcmp(field->tag, "100", 3) == 0 && text.length >= SETS + 2 && is_date(text.text);
}

static alm_slice general_data(const alm_marc *record) {
  const alm_marc_field *field = alm_marc_find(record, "100", NULL);
  alm_subfield subfield = {.next = NULL};
  bool there = field && !field->control && alm_marc_next_subfield(record, field, &subfield) &&
               *subfield.code.text == 'a' && is_general(field, subfield.value);
  return there ? subfield.value : (alm_slice){NULL, 0};
}

static bool is_code(alm_slice text, size_t at, const char *code) {
  return text.length >= at + 2 && memcmp(text.text + at, code, 2) == 0;
}

static size_t find_set(alm_slice text, size_t at) {
  size_t i = 0;
  while (i < KNOWN && !is_code(text, at, sets[i].code)) i++;
  return i;
}

static bool use_code_page(alm_marc_converter *converter, size_t which, alm_coding *coding, alm_error *err) {
  alm_iconv **cd = &converter->code_pages[which % ALM_CODE_PAGES];
  if (!*cd) *cd = alm_iconv_open(sets[which].iconv, err);
  *coding = (alm_coding){.kind = ALM_CHARSET_NAMED, .name = sets[which].iconv, .iconv = *cd};
  return *cd;
}

bool alm_marc_unimarc_says(alm_marc_converter *converter, const alm_marc *record, alm_coding *coding,
                           bool *says_utf8, alm_error *err) {
  alm_slice text = general_data(record);
  if (!text.text) return true;
  size_t lower = find_set(text, SETS), upper = find_set(text, SETS + 2);
  *coding = alm_iso5426;
  *says_utf8 = *says_utf8 || is_code(text, SETS, "50");
  if (lower < KNOWN && sets[lower].iconv) return use_code_page(converter, lower, coding, err);
  if (lower < KNOWN) coding->g0 = sets[lower].set;
  if (upper < KNOWN && sets[upper].set && sets[upper].set != ALM_MARC8_ASCII) coding->g1 = sets[upper].set;
  return true;
}

void alm_marc_unimarc_say_utf8(const alm_marc *record, const alm_marc_field *field, alm_slice from, alm_buf *text) {
  if (!is_general(field, from) || general_data(record).text != from.text || text->length != from.length) return;
  size_t end = text->length < SETS_END ? text->length : SETS_END;
  memset(text->data + SETS, ' ', end - SETS);
  memcpy(text->data + SETS, "50", 2);
}

void alm_marc_unimarc_close(alm_iconv *code_pages[ALM_CODE_PAGES]) {
  for (size_t i = 0; i < ALM_CODE_PAGES; i++) alm_iconv_close(code_pages[i]);
}
