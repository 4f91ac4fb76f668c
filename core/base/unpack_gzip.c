/* gzip, by zlib: libarchive's own doesn't look at checksums. */
#include <string.h>

#include "unpack_private.h"

enum { GZIP = 16 };

bool alm_unpack_gzip_looks(const char *head, size_t length) {
  return length >= 3 && memcmp(head, "\x1f\x8b\x08", 3) == 0;
}

bool alm_unpack_gzip_begin(alm_layer *layer) {
  return inflateInit2(&layer->gzip, MAX_WBITS + GZIP) == Z_OK ||
         alm_unpack_fail(layer->unpack, ALM_LIMIT, "out of memory") == 0;
}

static ssize_t broken(alm_layer *layer, const char *what) {
  return alm_unpack_fail(layer->unpack, ALM_PARSE, "the gzip data %s after %llu unpacked bytes", what,
                         (unsigned long long)layer->gzip.total_out);
}

static bool more_packed(alm_layer *layer) {
  if (layer->gzip.avail_in || layer->ended) return true;
  ssize_t got = alm_unpack_layer(layer->unpack, layer->depth - 1, layer->block, ALM_UNPACK_BLOCK);
  layer->ended = got <= 0;
  layer->gzip.next_in = (Bytef *)layer->block;
  layer->gzip.avail_in = got > 0 ? (uInt)got : 0;
  return got >= 0;
}

/* Another member begins, or the end is here: zeros and what is no gzip behind
 * the last member are passed over, as gzip does. */
static bool next_member(alm_layer *layer, bool *there) {
  *there = false;
  if (!more_packed(layer)) return false;
  if (layer->gzip.avail_in == 0 || *layer->gzip.next_in != 0x1f) return true;
  layer->between = false;
  *there = true;
  uLong total = layer->gzip.total_out;
  bool done = inflateReset(&layer->gzip) == Z_OK;
  layer->gzip.total_out = total;
  return done;
}

ssize_t alm_unpack_gzip_read(alm_layer *layer, char *into, size_t room) {
  z_stream *gzip = &layer->gzip;
  gzip->next_out = (Bytef *)into;
  gzip->avail_out = (uInt)room;
  while (gzip->avail_out == room) {
    bool there = true;
    if (layer->between && !next_member(layer, &there)) return -1;
    if (!there) return 0;
    if (!more_packed(layer)) return -1;
    bool ended = gzip->avail_in == 0;
    int result = inflate(gzip, Z_NO_FLUSH);
    layer->between = result == Z_STREAM_END;
    if (result == Z_OK || layer->between) continue;
    if (gzip->avail_out < room) break;
    return broken(layer, ended ? "ends early" : "is damaged");
  }
  return (ssize_t)(room - gzip->avail_out);
}
