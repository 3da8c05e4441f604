/* One to four streams with the x86 SHA extensions. */
#include "impl.h"

#if COSFAST_X86

#include <immintrin.h>

typedef struct {
    __m128i abcd; /* a in the highest word, as the instructions want it */
    __m128i e;    /* e in the highest word; between rounds the a that will become it */
    __m128i w[4]; /* the last 16 words of the schedule, the earliest in the highest word */
    __m128i old_abcd, old_e;
} stream;

INLINE void load_state(stream *s, const uint32_t h[5]) {
    s->abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0x1b);
    s->e = _mm_set_epi32((int)h[4], 0, 0, 0);
}

INLINE void store_state(const stream *s, uint32_t h[5]) {
    _mm_storeu_si128((__m128i *)h, _mm_shuffle_epi32(s->abcd, 0x1b));
    h[4] = (uint32_t)_mm_extract_epi32(s->e, 3);
}

INLINE __m128i load_words(const uint8_t *data) {
    const __m128i reverse = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)data), reverse);
}

INLINE void begin_block(stream *s, const uint8_t *data) {
    s->w[0] = load_words(data);
    s->w[1] = load_words(data + 16);
    s->w[2] = load_words(data + 32);
    s->w[3] = load_words(data + 48);
    s->old_abcd = s->abcd;
    s->old_e = s->e;
}

INLINE void end_block(stream *s) {
    s->abcd = _mm_add_epi32(s->abcd, s->old_abcd);
    s->e = _mm_sha1nexte_epu32(s->e, s->old_e);
}

/* Words 4t+16 .. 4t+19 take the place of words 4t .. 4t+3. */
INLINE void schedule(stream *s, const unsigned t) {
    __m128i sum = _mm_sha1msg1_epu32(s->w[t % 4], s->w[(t + 1) % 4]);
    sum = _mm_xor_si128(sum, s->w[(t + 2) % 4]);
    s->w[t % 4] = _mm_sha1msg2_epu32(sum, s->w[(t + 3) % 4]);
}

/* A macro, as SHA1RNDS4 takes its function as an immediate. SHA1NEXTE rotates the e of later rounds
 * as it adds; the e that a block begins with is rotated already. */
#define ROUNDS(s, t)                                                                               \
    do {                                                                                           \
        __m128i e_plus_w = (t) == 0 ? _mm_add_epi32((s)->e, (s)->w[0])                             \
                                    : _mm_sha1nexte_epu32((s)->e, (s)->w[(t) % 4]);                \
        (s)->e = (s)->abcd;                                                                        \
        (s)->abcd = _mm_sha1rnds4_epu32((s)->abcd, e_plus_w, (t) / 5);                             \
        if ((t) < 16) {                                                                            \
            schedule(s, t);                                                                        \
        }                                                                                          \
    } while (0)

#include "interleaved.h"

void cosfast_sha1_compress1_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 1);
}

void cosfast_sha1_compress2_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 2);
}

void cosfast_sha1_compress3_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 3);
}

void cosfast_sha1_compress4_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    compress_interleaved(h, data, blocks, 4);
}

#else
typedef int compress_shani_is_for_x86;
#endif
