/*
 * SHA-1 with the x86 SHA extensions, on one to four streams at a time. A stream alone waits for the
 * latency of SHA1RNDS4 most of the time; the others fill that wait.
 */
#ifndef COSFAST_SHA1_SHANI_H
#define COSFAST_SHA1_SHANI_H

#include <immintrin.h>

#include "sha1_impl.h"

typedef struct {
    __m128i abcd; /* a in the highest word, as the instructions want it */
    __m128i e;    /* e in the highest word; between rounds the a that will become it */
    __m128i w[4]; /* the last 16 words of the schedule, the earliest in the highest word */
    __m128i old_abcd, old_e;
} shani_stream;

SHA1_INLINE void shani_load_state(shani_stream *s, const uint32_t h[5]) {
    s->abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0x1b);
    s->e = _mm_set_epi32((int)h[4], 0, 0, 0);
}

SHA1_INLINE void shani_store_state(const shani_stream *s, uint32_t h[5]) {
    _mm_storeu_si128((__m128i *)h, _mm_shuffle_epi32(s->abcd, 0x1b));
    h[4] = (uint32_t)_mm_extract_epi32(s->e, 3);
}

SHA1_INLINE void shani_begin_block(shani_stream *s, const uint8_t *data) {
    const __m128i reverse = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    const __m128i *words = (const __m128i *)data;
    s->w[0] = _mm_shuffle_epi8(_mm_loadu_si128(words + 0), reverse);
    s->w[1] = _mm_shuffle_epi8(_mm_loadu_si128(words + 1), reverse);
    s->w[2] = _mm_shuffle_epi8(_mm_loadu_si128(words + 2), reverse);
    s->w[3] = _mm_shuffle_epi8(_mm_loadu_si128(words + 3), reverse);
    s->old_abcd = s->abcd;
    s->old_e = s->e;
}

SHA1_INLINE void shani_end_block(shani_stream *s) {
    s->abcd = _mm_add_epi32(s->abcd, s->old_abcd);
    s->e = _mm_sha1nexte_epu32(s->e, s->old_e);
}

/* Words 4t+16 .. 4t+19 take the place of words 4t .. 4t+3. */
SHA1_INLINE void shani_schedule(shani_stream *s, const unsigned t) {
    __m128i sum = _mm_sha1msg1_epu32(s->w[t % 4], s->w[(t + 1) % 4]);
    sum = _mm_xor_si128(sum, s->w[(t + 2) % 4]);
    s->w[t % 4] = _mm_sha1msg2_epu32(sum, s->w[(t + 3) % 4]);
}

/* Rounds 4t .. 4t+3 of one stream; a macro, as SHA1RNDS4 takes its function as an immediate. */
#define SHANI_ROUNDS(s, t)                                                                         \
    do {                                                                                           \
        __m128i e_plus_w = (t) == 0 ? _mm_add_epi32((s)->e, (s)->w[0])                             \
                                    : _mm_sha1nexte_epu32((s)->e, (s)->w[(t) % 4]);                \
        (s)->e = (s)->abcd;                                                                        \
        (s)->abcd = _mm_sha1rnds4_epu32((s)->abcd, e_plus_w, (t) / 5);                             \
        if ((t) < 16) {                                                                            \
            shani_schedule(s, t);                                                                  \
        }                                                                                          \
    } while (0)

/* The first n streams in turn. n is known at compile time: the loop unrolls, the indices become
 * constants and the streams live in registers. */
#define SHANI_EACH(i, statement)                                                                   \
    do {                                                                                           \
        { enum { i = 0 }; statement; }                                                             \
        if (n > 1) { enum { i = 1 }; statement; }                                                  \
        if (n > 2) { enum { i = 2 }; statement; }                                                  \
        if (n > 3) { enum { i = 3 }; statement; }                                                  \
    } while (0)

#define SHANI_STEP(t) SHANI_EACH(i, SHANI_ROUNDS(&s[i], t))

SHA1_INLINE void shani_compress(uint32_t *const h[], const uint8_t *const data[], size_t blocks,
                                const unsigned n) {
    shani_stream s[4];
    SHANI_EACH(i, shani_load_state(&s[i], h[i]));
    for (size_t at = 0; at < blocks * SHA1_BLOCK; at += SHA1_BLOCK) {
        SHANI_EACH(i, shani_begin_block(&s[i], data[i] + at));
        SHANI_STEP(0);
        SHANI_STEP(1);
        SHANI_STEP(2);
        SHANI_STEP(3);
        SHANI_STEP(4);
        SHANI_STEP(5);
        SHANI_STEP(6);
        SHANI_STEP(7);
        SHANI_STEP(8);
        SHANI_STEP(9);
        SHANI_STEP(10);
        SHANI_STEP(11);
        SHANI_STEP(12);
        SHANI_STEP(13);
        SHANI_STEP(14);
        SHANI_STEP(15);
        SHANI_STEP(16);
        SHANI_STEP(17);
        SHANI_STEP(18);
        SHANI_STEP(19);
        SHANI_EACH(i, shani_end_block(&s[i]));
    }
    SHANI_EACH(i, shani_store_state(&s[i], h[i]));
}

#endif
