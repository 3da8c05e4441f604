/* One to four streams with the x86 SHA extensions. */
#include "sha1_impl.h"

#if SHA1_X86

#include "sha1_shani.h"

void sha1_many1_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_compress_shani(h[0], data[0], blocks);
}

void sha1_many2_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 2);
}

void sha1_many3_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 3);
}

void sha1_many4_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 4);
}

#else
typedef int sha1_many_shani_is_for_x86;
#endif
