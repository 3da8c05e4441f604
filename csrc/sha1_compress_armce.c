/* One stream with the ARMv8 crypto extensions. */
#include "sha1_impl.h"

#if SHA1_ARM64

#include "sha1_armce.h"

void sha1_compress_armce(uint32_t h[5], const uint8_t *data, size_t blocks) {
    compress_interleaved(&h, &data, blocks, 1);
}

#else
typedef int sha1_compress_armce_is_for_arm64;
#endif
