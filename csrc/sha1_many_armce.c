/* One to four streams with the ARMv8 crypto extensions. */
#include "sha1_impl.h"

#if SHA1_ARM64

#include "sha1_armce.h"

void sha1_many1_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_compress_armce(h[0], data[0], blocks);
}

void sha1_many2_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 2);
}

void sha1_many3_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 3);
}

void sha1_many4_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 4);
}

#else
typedef int sha1_many_armce_is_for_arm64;
#endif
