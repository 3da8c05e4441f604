/* Sixteen streams with AVX-512 (F and BW). */
#include "impl.h"

#if COSFAST_X86

#include <immintrin.h>

#define LANES 16
typedef __m512i vec;

INLINE vec add(vec x, vec y) { return _mm512_add_epi32(x, y); }
INLINE vec xor2(vec x, vec y) { return _mm512_xor_si512(x, y); }
#define rotl(x, n) _mm512_rol_epi32(x, n)

/* VPTERNLOG takes a function of three bits as its truth table. */
INLINE vec choose(vec b, vec c, vec d) { return _mm512_ternarylogic_epi32(b, c, d, 0xca); }
INLINE vec parity(vec b, vec c, vec d) { return _mm512_ternarylogic_epi32(b, c, d, 0x96); }
INLINE vec majority(vec b, vec c, vec d) { return _mm512_ternarylogic_epi32(b, c, d, 0xe8); }
#define xor3 parity

INLINE vec broadcast(uint32_t word) { return _mm512_set1_epi32((int)word); }
INLINE vec load(const uint32_t *words) { return _mm512_loadu_si512(words); }
INLINE void store(uint32_t *words, vec x) { _mm512_storeu_si512(words, x); }

INLINE void prefetch(uintptr_t address) { _mm_prefetch((const char *)address, _MM_HINT_T0); }

/* Sixteen words of a stream, which become row i. */
INLINE vec load_row(const uint8_t *data, size_t at) {
    const vec reverse =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    return _mm512_shuffle_epi8(_mm512_loadu_si512(data + at), reverse);
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

/* Transpose the 4x4 quarters of rows 0, 4, 8 and 12. */
INLINE void transpose_quarters(vec *rows) {
    vec t0 = _mm512_shuffle_i32x4(rows[0], rows[4], 0x44);
    vec t1 = _mm512_shuffle_i32x4(rows[0], rows[4], 0xee);
    vec t2 = _mm512_shuffle_i32x4(rows[8], rows[12], 0x44);
    vec t3 = _mm512_shuffle_i32x4(rows[8], rows[12], 0xee);
    rows[0] = _mm512_shuffle_i32x4(t0, t2, 0x88);
    rows[4] = _mm512_shuffle_i32x4(t0, t2, 0xdd);
    rows[8] = _mm512_shuffle_i32x4(t1, t3, 0x88);
    rows[12] = _mm512_shuffle_i32x4(t1, t3, 0xdd);
}

/* Written out: sixteen rows stay in registers only where every index is a constant. */
INLINE void load_block(vec w[16], const uint8_t *const data[LANES], size_t at) {
    w[0] = load_row(data[0], at);
    w[1] = load_row(data[1], at);
    w[2] = load_row(data[2], at);
    w[3] = load_row(data[3], at);
    w[4] = load_row(data[4], at);
    w[5] = load_row(data[5], at);
    w[6] = load_row(data[6], at);
    w[7] = load_row(data[7], at);
    w[8] = load_row(data[8], at);
    w[9] = load_row(data[9], at);
    w[10] = load_row(data[10], at);
    w[11] = load_row(data[11], at);
    w[12] = load_row(data[12], at);
    w[13] = load_row(data[13], at);
    w[14] = load_row(data[14], at);
    w[15] = load_row(data[15], at);
    transpose_words(w + 0);
    transpose_words(w + 4);
    transpose_words(w + 8);
    transpose_words(w + 12);
    transpose_quarters(w + 0);
    transpose_quarters(w + 1);
    transpose_quarters(w + 2);
    transpose_quarters(w + 3);
}

#include "sha1_wide.h"

void cosfast_sha1_compress16_avx512(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    compress_wide(h, data, blocks);
}

#else
typedef int compress_avx512_is_for_x86;
#endif
