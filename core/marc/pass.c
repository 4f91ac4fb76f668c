/* Which records are wanted. */
#include "pass.h"

bool alm_pass_full(const alm_pass *pass) {
  return pass->limit && pass->taken >= pass->limit;
}

static bool wants(alm_pass *pass, const alm_marc *record, bool *wanted, alm_error *err) {
  *wanted = ++pass->seen >= pass->from;
  if (!*wanted || !pass->where) return true;
  return alm_marc_where_test(pass->where, record, wanted, err);
}

alm_marc_result alm_pass_next(alm_pass *pass, alm_marc_reader *reader, const alm_marc **record,
                              alm_error *err) {
  bool wanted = false;
  for (int i = 0; i < ALM_PASS_PAUSE && !wanted; i++) {
    if (alm_pass_full(pass)) return ALM_MARC_END;
    alm_marc_result result = alm_marc_reader_next(reader, record, err);
    if (result != ALM_MARC_RECORD) return result;
    if (!wants(pass, *record, &wanted, err)) return ALM_MARC_FAILED;
  }
  if (!wanted) *record = NULL;
  if (!wanted) return ALM_MARC_RECORD;
  pass->taken++;
  if ((*record)->problem_count) pass->damaged++;
  return ALM_MARC_RECORD;
}
