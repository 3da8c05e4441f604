/* Sixteen streams with AVX-512 (F and BW): one stream in each 32-bit lane of a register. */
#include "sha1_impl.h"

#if SHA1_X86

#include <immintrin.h>

#define LANES 16
typedef __m512i vec;

/* The only chain from round to round is a's rotation and one add. The compiler may not know which
 * of the adds comes last, so we hide the sum of the others from it. */
#if defined(__GNUC__)
#define KEEP(sum) __asm__("" : "+v"(sum))
#else
#define KEEP(sum) ((void)0)
#endif

/* Truth tables of FIPS 180-4 section 4.1.1, as VPTERNLOG takes them. */
#define CHOOSE 0xca
#define PARITY 0x96
#define MAJORITY 0xe8

/* Far enough for memory to answer in time; past the end of the data it does nothing. */
#define PREFETCH_AHEAD 512

SHA1_INLINE vec add(vec x, vec y) { return _mm512_add_epi32(x, y); }

SHA1_INLINE vec xor3(vec x, vec y, vec z) { return _mm512_ternarylogic_epi32(x, y, z, PARITY); }

#define NEXT(w, t)                                                                                 \
    (w[(t) % 16] = _mm512_rol_epi32(                                                               \
         xor3(_mm512_xor_si512(w[((t) + 13) % 16], w[(t) % 16]), w[((t) + 8) % 16], w[((t) + 2) % 16]), 1))

#define WORD(w, t) ((t) < 16 ? w[(t) % 16] : NEXT(w, t))

#define ROUND(a, b, c, d, e, F, k, word)                                                           \
    do {                                                                                           \
        vec rotated = _mm512_rol_epi32(b, 30);                                                     \
        e = add(e, add(word, k));                                                                  \
        KEEP(e);                                                                                   \
        e = add(e, _mm512_ternarylogic_epi32(b, c, d, F));                                         \
        KEEP(e);                                                                                   \
        e = add(e, _mm512_rol_epi32(a, 5));                                                        \
        b = rotated;                                                                               \
    } while (0)

#define FIVE(F, k, t)                                                                              \
    do {                                                                                           \
        ROUND(a, b, c, d, e, F, k, WORD(w, (t) + 0));                                              \
        ROUND(e, a, b, c, d, F, k, WORD(w, (t) + 1));                                              \
        ROUND(d, e, a, b, c, F, k, WORD(w, (t) + 2));                                              \
        ROUND(c, d, e, a, b, F, k, WORD(w, (t) + 3));                                              \
        ROUND(b, c, d, e, a, F, k, WORD(w, (t) + 4));                                              \
    } while (0)
#define TWENTY(F, k, t)                                                                            \
    do {                                                                                           \
        FIVE(F, k, t);                                                                             \
        FIVE(F, k, (t) + 5);                                                                       \
        FIVE(F, k, (t) + 10);                                                                      \
        FIVE(F, k, (t) + 15);                                                                      \
    } while (0)

/* 4x4 transposition of words in each 128-bit quarter of rows 4i .. 4i+3. */
#define TRANSPOSE_QUARTERS(w, i)                                                                   \
    do {                                                                                           \
        vec t0 = _mm512_unpacklo_epi32(w[(i) + 0], w[(i) + 1]);                                    \
        vec t1 = _mm512_unpackhi_epi32(w[(i) + 0], w[(i) + 1]);                                    \
        vec t2 = _mm512_unpacklo_epi32(w[(i) + 2], w[(i) + 3]);                                    \
        vec t3 = _mm512_unpackhi_epi32(w[(i) + 2], w[(i) + 3]);                                    \
        w[(i) + 0] = _mm512_unpacklo_epi64(t0, t2);                                                \
        w[(i) + 1] = _mm512_unpackhi_epi64(t0, t2);                                                \
        w[(i) + 2] = _mm512_unpacklo_epi64(t1, t3);                                                \
        w[(i) + 3] = _mm512_unpackhi_epi64(t1, t3);                                                \
    } while (0)

/* 4x4 transposition of the quarters of rows i, i+4, i+8, i+12. */
#define TRANSPOSE_ROWS(w, i)                                                                       \
    do {                                                                                           \
        vec t0 = _mm512_shuffle_i32x4(w[i], w[(i) + 4], 0x44);                                     \
        vec t1 = _mm512_shuffle_i32x4(w[i], w[(i) + 4], 0xee);                                     \
        vec t2 = _mm512_shuffle_i32x4(w[(i) + 8], w[(i) + 12], 0x44);                              \
        vec t3 = _mm512_shuffle_i32x4(w[(i) + 8], w[(i) + 12], 0xee);                              \
        w[i] = _mm512_shuffle_i32x4(t0, t2, 0x88);                                                 \
        w[(i) + 4] = _mm512_shuffle_i32x4(t0, t2, 0xdd);                                           \
        w[(i) + 8] = _mm512_shuffle_i32x4(t1, t3, 0x88);                                           \
        w[(i) + 12] = _mm512_shuffle_i32x4(t1, t3, 0xdd);                                          \
    } while (0)

#define LOAD(i)                                                                                    \
    do {                                                                                           \
        const uint8_t *block = data[i] + at;                                                       \
        _mm_prefetch((const char *)block + PREFETCH_AHEAD, _MM_HINT_T0);                           \
        w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(block), reverse);                            \
    } while (0)
#define LOAD4(i) LOAD(i); LOAD((i) + 1); LOAD((i) + 2); LOAD((i) + 3)

void sha1_many16_avx512(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    const vec reverse =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    const vec k0 = _mm512_set1_epi32((int)SHA1_K0), k1 = _mm512_set1_epi32((int)SHA1_K1);
    const vec k2 = _mm512_set1_epi32((int)SHA1_K2), k3 = _mm512_set1_epi32((int)SHA1_K3);
    uint32_t state[5][LANES];
    for (int i = 0; i < 5 * LANES; i++) {
        state[i / LANES][i % LANES] = h[i % LANES][i / LANES];
    }
    vec a = _mm512_loadu_si512(state[0]), b = _mm512_loadu_si512(state[1]);
    vec c = _mm512_loadu_si512(state[2]), d = _mm512_loadu_si512(state[3]);
    vec e = _mm512_loadu_si512(state[4]);
    for (size_t at = 0; at < blocks * SHA1_BLOCK; at += SHA1_BLOCK) {
        const vec a0 = a, b0 = b, c0 = c, d0 = d, e0 = e;
        vec w[16];
        LOAD4(0); LOAD4(4); LOAD4(8); LOAD4(12);
        TRANSPOSE_QUARTERS(w, 0);
        TRANSPOSE_QUARTERS(w, 4);
        TRANSPOSE_QUARTERS(w, 8);
        TRANSPOSE_QUARTERS(w, 12);
        TRANSPOSE_ROWS(w, 0);
        TRANSPOSE_ROWS(w, 1);
        TRANSPOSE_ROWS(w, 2);
        TRANSPOSE_ROWS(w, 3);
        TWENTY(CHOOSE, k0, 0);
        TWENTY(PARITY, k1, 20);
        TWENTY(MAJORITY, k2, 40);
        TWENTY(PARITY, k3, 60);
        a = add(a, a0);
        b = add(b, b0);
        c = add(c, c0);
        d = add(d, d0);
        e = add(e, e0);
    }
    _mm512_storeu_si512(state[0], a);
    _mm512_storeu_si512(state[1], b);
    _mm512_storeu_si512(state[2], c);
    _mm512_storeu_si512(state[3], d);
    _mm512_storeu_si512(state[4], e);
    for (int i = 0; i < 5 * LANES; i++) {
        h[i % LANES][i / LANES] = state[i / LANES][i % LANES];
    }
}

#else
typedef int sha1_many_avx512_is_for_x86;
#endif
