/* XML of answers: core/base/xml.c, which OAI, SRU, Dublin Core and Alma's errors
 * are read with. */
#include <string.h>

#include "../../core/base/text.h"
#include "../../core/base/xml.h"
#include "records.h"

static void look_at(const alm_xml_node *node, int depth) {
  PROMISED(depth < 200 && alm_text_valid(node->text, strlen(node->text)));
  PROMISED(alm_text_valid(node->name, strlen(node->name)));
  for (size_t i = 0; i < node->attribute_count; i++)
    PROMISED(node->attributes[i].name && node->attributes[i].value);
  size_t count = 0;
  for (const alm_xml_node *child = node->first; child; child = child->next, count++)
    look_at(child, depth + 1);
  PROMISED(count == node->child_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const alm_xml_limits limits = {.max_depth = 60, .max_size = 1 << 20};
  alm_error err;
  alm_xml *document = alm_xml_parse((const char *)data, size, &limits, &err);
  if (document) look_at(alm_xml_root(document), 0);
  alm_xml_free(document);
  return 0;
}
