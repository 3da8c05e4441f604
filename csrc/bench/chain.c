#include "chain.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define ROUNDS_OF_ONE_FUNCTION(x, e, f)                                                            \
    for (int i = 0; i < 5; i++) {                                                                  \
        x = _mm_sha1rnds4_epu32(x, e, f);                                                          \
    }

/* Twenty SHA1RNDS4 a block, each of which needs the one before. */
__attribute__((target("sha,sse4.1"))) static unsigned sha1rnds4(size_t blocks) {
    __m128i x = _mm_set1_epi32(1), e = _mm_set1_epi32(2);
    for (; blocks > 0; blocks--) {
        ROUNDS_OF_ONE_FUNCTION(x, e, 0);
        ROUNDS_OF_ONE_FUNCTION(x, e, 1);
        ROUNDS_OF_ONE_FUNCTION(x, e, 2);
        ROUNDS_OF_ONE_FUNCTION(x, e, 3);
    }
    return (unsigned)_mm_cvtsi128_si32(x);
}

/* Thirty-two SHA256RNDS2 a block, each of which needs the one before. */
__attribute__((target("sha,sse4.1"))) static unsigned sha256rnds2(size_t blocks) {
    __m128i x = _mm_set1_epi32(1), y = _mm_set1_epi32(2), wk = _mm_set1_epi32(3);
    for (size_t i = 0; i < 16 * blocks; i++) {
        x = _mm_sha256rnds2_epu32(x, y, wk);
        y = _mm_sha256rnds2_epu32(y, x, wk);
    }
    return (unsigned)_mm_cvtsi128_si32(y);
}

/* Eighty rotations and adds a block; the empty statements keep them from being folded. */
__attribute__((target("avx512f"))) static unsigned rotate_and_add_512(size_t blocks) {
    __m512i x = _mm512_set1_epi32(1), sum = _mm512_set1_epi32(2);
    for (size_t round = 0; round < 80 * blocks; round += 8) {
#define STEP                                                                                       \
    x = _mm512_add_epi32(sum, _mm512_rol_epi32(x, 5));                                             \
    __asm__("" : "+v"(x));
        STEP STEP STEP STEP STEP STEP STEP STEP
#undef STEP
    }
    return (unsigned)_mm_cvtsi128_si32(_mm512_castsi512_si128(x));
}

/* AVX2 has no rotation: a shift, an OR of the two shifts, an add. */
__attribute__((target("avx2"))) static unsigned rotate_and_add_256(size_t blocks) {
    __m256i x = _mm256_set1_epi32(1), sum = _mm256_set1_epi32(2);
    for (size_t round = 0; round < 80 * blocks; round += 8) {
#define STEP                                                                                       \
    x = _mm256_add_epi32(sum, _mm256_or_si256(_mm256_slli_epi32(x, 5), _mm256_srli_epi32(x, 27))); \
    __asm__("" : "+v"(x));
        STEP STEP STEP STEP STEP STEP STEP STEP
#undef STEP
    }
    return (unsigned)_mm_cvtsi128_si32(_mm256_castsi256_si128(x));
}

/* Sixty-four times e's rotation, the function of three rotations, and two adds. */
__attribute__((target("avx512f"))) static unsigned sigma_and_adds_512(size_t blocks) {
    __m512i x = _mm512_set1_epi32(1), sum = _mm512_set1_epi32(2);
    for (size_t round = 0; round < 64 * blocks; round += 8) {
#define STEP                                                                                       \
    x = _mm512_add_epi32(                                                                          \
        sum, _mm512_add_epi32(sum, _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 6),               \
                                                             _mm512_ror_epi32(x, 11),              \
                                                             _mm512_ror_epi32(x, 25), 0x96)));     \
    __asm__("" : "+v"(x), "+v"(sum));
        STEP STEP STEP STEP STEP STEP STEP STEP
#undef STEP
    }
    return (unsigned)_mm_cvtsi128_si32(_mm512_castsi512_si128(x));
}

/* So many vector operations a block that do not wait for one another: eight chains of the adds,
 * rotations and function of a round of SHA-1. */
__attribute__((target("avx512f"))) static unsigned operations_512(size_t operations) {
    __m512i x[8], y = _mm512_set1_epi32(1);
    for (int i = 0; i < 8; i++) {
        x[i] = _mm512_set1_epi32(i);
    }
    for (size_t done = 0; done < operations; done += 8 * 7) {
#define STEP(x)                                                                                    \
    x = _mm512_rol_epi32(_mm512_add_epi32(x, y), 5);                                               \
    x = _mm512_add_epi32(_mm512_ternarylogic_epi32(x, y, y, 0x96), y);                             \
    x = _mm512_add_epi32(_mm512_rol_epi32(x, 30), y);                                              \
    __asm__("" : "+v"(x));                                                                         \
    x = _mm512_add_epi32(x, y);                                                                    \
    __asm__("" : "+v"(x));
        STEP(x[0]) STEP(x[1]) STEP(x[2]) STEP(x[3]) STEP(x[4]) STEP(x[5]) STEP(x[6]) STEP(x[7])
#undef STEP
    }
    for (int i = 1; i < 8; i++) {
        x[0] = _mm512_xor_si512(x[0], x[i]);
    }
    return (unsigned)_mm_cvtsi128_si32(_mm512_castsi512_si128(x[0]));
}

/* Of SHA-1, 7 for each of 80 rounds and 3 for each of 64 words of the schedule; the rest loads,
 * copies and transposes the blocks. Of SHA-256, 17 for each of 64 rounds and 11 for 48 words. */
static unsigned sha1_operations_512(size_t blocks) { return operations_512(884 * blocks); }

static unsigned sha256_operations_512(size_t blocks) { return operations_512(1748 * blocks); }

const chain chains[] = {
    {"SHA1RNDS4", "shani", 1, sha1rnds4},
    {"rotate and add, 8 lanes", "avx2", 8, rotate_and_add_256},
    {"rotate and add, 16 lanes", "avx512", 16, rotate_and_add_512},
    {"884 operations, 16 lanes", "avx512", 16, sha1_operations_512},
    {NULL, NULL, 0, NULL},
};

const chain sha256_chains[] = {
    {"SHA256RNDS2", "shani", 1, sha256rnds2},
    {"sigma and two adds, 16 lanes", "avx512", 16, sigma_and_adds_512},
    {"1748 operations, 16 lanes", "avx512", 16, sha256_operations_512},
    {NULL, NULL, 0, NULL},
};

#else

const chain chains[] = {{NULL, NULL, 0, NULL}};
const chain sha256_chains[] = {{NULL, NULL, 0, NULL}};

#endif
