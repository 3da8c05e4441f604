/* Sixteen streams with AVX-512 (F and BW). */
#include "impl.h"

#if COSFAST_X86

#include <immintrin.h>

#define LANES 16
typedef __m512i vec;

INLINE vec add(vec x, vec y) { return _mm512_add_epi32(x, y); }
INLINE vec xor2(vec x, vec y) { return _mm512_xor_si512(x, y); }
#define rotl(x, n) _mm512_rol_epi32(x, n)
#define rotr(x, n) _mm512_ror_epi32(x, n)
#define shr(x, n) _mm512_srli_epi32(x, n)

/* VPTERNLOG takes a function of three bits as its truth table. */
INLINE vec choose(vec b, vec c, vec d) { return _mm512_ternarylogic_epi32(b, c, d, 0xca); }
INLINE vec parity(vec b, vec c, vec d) { return _mm512_ternarylogic_epi32(b, c, d, 0x96); }
INLINE vec majority(vec b, vec c, vec d) { return _mm512_ternarylogic_epi32(b, c, d, 0xe8); }
#define xor3 parity

INLINE vec broadcast(uint32_t word) { return _mm512_set1_epi32((int)word); }
INLINE vec load(const void *words) { return _mm512_loadu_si512(words); }
INLINE void store(void *words, vec x) { _mm512_storeu_si512(words, x); }

INLINE void prefetch(uintptr_t address) { _mm_prefetch((const char *)address, _MM_HINT_T0); }

/* Eight words of a stream beside eight of another. Memory is inserted into a register by any port,
 * and so saves a quarter of the shuffles, which few ports do. */
INLINE vec load_rows(const uint8_t *low, const uint8_t *high) {
    const vec reverse =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    const __m256i rows[2] = {_mm256_loadu_si256((const __m256i *)low),
                             _mm256_loadu_si256((const __m256i *)high)};
    return _mm512_shuffle_epi8(_mm512_inserti64x4(_mm512_castsi256_si512(rows[0]), rows[1], 1),
                               reverse);
}

/* Transpose the 4x4 words in each 128-bit quarter of four rows. */
INLINE void transpose_words(vec *rows) {
    vec t0 = _mm512_unpacklo_epi32(rows[0], rows[1]), t1 = _mm512_unpackhi_epi32(rows[0], rows[1]);
    vec t2 = _mm512_unpacklo_epi32(rows[2], rows[3]), t3 = _mm512_unpackhi_epi32(rows[2], rows[3]);
    rows[0] = _mm512_unpacklo_epi64(t0, t2);
    rows[1] = _mm512_unpackhi_epi64(t0, t2);
    rows[2] = _mm512_unpacklo_epi64(t1, t3);
    rows[3] = _mm512_unpackhi_epi64(t1, t3);
}

/* Part the even quarters of rows 0 and 4 from the odd ones. */
INLINE void transpose_quarters(vec *rows) {
    vec even = _mm512_shuffle_i32x4(rows[0], rows[4], 0x88);
    rows[4] = _mm512_shuffle_i32x4(rows[0], rows[4], 0xdd);
    rows[0] = even;
}

/* Half a block of every stream. */
INLINE void load_half(vec w[8], uint8_t (*rows)[BLOCK_SIZE], size_t at) {
    w[0] = load_rows(rows[0] + at, rows[4] + at);
    w[1] = load_rows(rows[1] + at, rows[5] + at);
    w[2] = load_rows(rows[2] + at, rows[6] + at);
    w[3] = load_rows(rows[3] + at, rows[7] + at);
    w[4] = load_rows(rows[8] + at, rows[12] + at);
    w[5] = load_rows(rows[9] + at, rows[13] + at);
    w[6] = load_rows(rows[10] + at, rows[14] + at);
    w[7] = load_rows(rows[11] + at, rows[15] + at);
    transpose_words(w + 0);
    transpose_words(w + 4);
    transpose_quarters(w + 0);
    transpose_quarters(w + 1);
    transpose_quarters(w + 2);
    transpose_quarters(w + 3);
}

#include "wide.h"

void cosfast_sha1_compress16_avx512(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha1_wide(h, data, blocks);
}

void cosfast_sha256_compress16_avx512(uint32_t *const h[], const uint8_t *const data[],
                                      size_t blocks) {
    sha256_wide(h, data, blocks);
}

#else
typedef int compress_avx512_is_for_x86;
#endif
