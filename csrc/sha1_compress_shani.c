/* One stream with the x86 SHA extensions. */
#include "sha1_impl.h"

#if SHA1_X86

#include "sha1_shani.h"

void sha1_compress_shani(uint32_t h[5], const uint8_t *data, size_t blocks) {
    compress_interleaved(&h, &data, blocks, 1);
}

#else
typedef int sha1_compress_shani_is_for_x86;
#endif
