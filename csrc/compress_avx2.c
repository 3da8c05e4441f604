/* Eight streams with AVX2. */
#include "impl.h"

#if COSFAST_X86

#include <immintrin.h>

#define LANES 8
typedef __m256i vec;

INLINE vec add(vec x, vec y) { return _mm256_add_epi32(x, y); }
INLINE vec xor2(vec x, vec y) { return _mm256_xor_si256(x, y); }
INLINE vec xor3(vec x, vec y, vec z) { return xor2(xor2(x, y), z); }

INLINE vec rotl(vec x, const int n) {
    return _mm256_or_si256(_mm256_slli_epi32(x, n), _mm256_srli_epi32(x, 32 - n));
}

INLINE vec rotr(vec x, const int n) { return rotl(x, 32 - n); }
INLINE vec shr(vec x, const int n) { return _mm256_srli_epi32(x, n); }

INLINE vec choose(vec b, vec c, vec d) { return xor2(d, _mm256_and_si256(b, xor2(c, d))); }
INLINE vec parity(vec b, vec c, vec d) { return xor3(b, c, d); }
INLINE vec majority(vec b, vec c, vec d) {
    return _mm256_or_si256(_mm256_and_si256(c, d), _mm256_and_si256(b, xor2(c, d)));
}

INLINE vec broadcast(uint32_t word) { return _mm256_set1_epi32((int)word); }
INLINE vec load(const void *words) { return _mm256_loadu_si256((const __m256i *)words); }
INLINE void store(void *words, vec x) { _mm256_storeu_si256((__m256i *)words, x); }

INLINE void prefetch(uintptr_t address) { _mm_prefetch((const char *)address, _MM_HINT_T0); }

/* Eight words of a stream, which become row i. */
INLINE vec load_row(const uint8_t *data, size_t at) {
    const vec reverse =
        _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    return _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(data + at)), reverse);
}

/* Transpose the 4x4 words in each half of four rows. */
INLINE void transpose_words(vec *rows) {
    vec t0 = _mm256_unpacklo_epi32(rows[0], rows[1]), t1 = _mm256_unpackhi_epi32(rows[0], rows[1]);
    vec t2 = _mm256_unpacklo_epi32(rows[2], rows[3]), t3 = _mm256_unpackhi_epi32(rows[2], rows[3]);
    rows[0] = _mm256_unpacklo_epi64(t0, t2);
    rows[1] = _mm256_unpackhi_epi64(t0, t2);
    rows[2] = _mm256_unpacklo_epi64(t1, t3);
    rows[3] = _mm256_unpackhi_epi64(t1, t3);
}

/* Exchange the high half of row 0 with the low half of row 4. */
INLINE void transpose_halves(vec *rows) {
    vec low = _mm256_permute2x128_si256(rows[0], rows[4], 0x20);
    rows[4] = _mm256_permute2x128_si256(rows[0], rows[4], 0x31);
    rows[0] = low;
}

/* Half a block of every stream. */
INLINE void load_half(vec w[8], uint8_t (*rows)[BLOCK_SIZE], size_t at) {
    w[0] = load_row(rows[0], at);
    w[1] = load_row(rows[1], at);
    w[2] = load_row(rows[2], at);
    w[3] = load_row(rows[3], at);
    w[4] = load_row(rows[4], at);
    w[5] = load_row(rows[5], at);
    w[6] = load_row(rows[6], at);
    w[7] = load_row(rows[7], at);
    transpose_words(w + 0);
    transpose_words(w + 4);
    transpose_halves(w + 0);
    transpose_halves(w + 1);
    transpose_halves(w + 2);
    transpose_halves(w + 3);
}

#include "wide.h"

void cosfast_sha1_compress8_avx2(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_wide(h, data, blocks);
}

void cosfast_sha256_compress8_avx2(uint32_t *const h[], const uint8_t *const data[],
                                   size_t blocks) {
    sha256_wide(h, data, blocks);
}

#else
typedef int compress_avx2_is_for_x86;
#endif
