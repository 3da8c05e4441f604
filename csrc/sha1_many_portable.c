/* Plain C gains nothing from interleaving: one stream at a time. */
#include "sha1_impl.h"

void sha1_many1_portable(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_compress_portable(h[0], data[0], blocks);
}
