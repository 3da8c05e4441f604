/* One to four streams with the x86 SHA extensions. */
#include "impl.h"

#if COSFAST_X86

#include <immintrin.h>

/* Four words of a message, as register words 3 to 0 or 0 to 3. */
INLINE __m128i load_words(const uint8_t *data, bool first_is_highest) {
    const __m128i reverse = first_is_highest
                                ? _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f)
                                : _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)data), reverse);
}

typedef struct {
    __m128i abcd; /* a in the highest word, as the instructions want it */
    __m128i e;    /* e in the highest word; between rounds the a that will become it */
    __m128i w[4]; /* the last 16 words of the schedule, the earliest in the highest word */
    __m128i old_abcd, old_e;
} sha1_stream;

INLINE void sha1_load_state(sha1_stream *s, const uint32_t h[5]) {
    s->abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0x1b);
    s->e = _mm_set_epi32((int)h[4], 0, 0, 0);
}

INLINE void sha1_store_state(const sha1_stream *s, uint32_t h[5]) {
    _mm_storeu_si128((__m128i *)h, _mm_shuffle_epi32(s->abcd, 0x1b));
    h[4] = (uint32_t)_mm_extract_epi32(s->e, 3);
}

INLINE void sha1_begin_block(sha1_stream *s, const uint8_t *data) {
    s->w[0] = load_words(data, true);
    s->w[1] = load_words(data + 16, true);
    s->w[2] = load_words(data + 32, true);
    s->w[3] = load_words(data + 48, true);
    s->old_abcd = s->abcd;
    s->old_e = s->e;
}

INLINE void sha1_end_block(sha1_stream *s) {
    s->abcd = _mm_add_epi32(s->abcd, s->old_abcd);
    s->e = _mm_sha1nexte_epu32(s->e, s->old_e);
}

/* Words 4t+16 .. 4t+19 take the place of words 4t .. 4t+3. */
INLINE void sha1_schedule(sha1_stream *s, const unsigned t) {
    __m128i sum = _mm_sha1msg1_epu32(s->w[t % 4], s->w[(t + 1) % 4]);
    sum = _mm_xor_si128(sum, s->w[(t + 2) % 4]);
    s->w[t % 4] = _mm_sha1msg2_epu32(sum, s->w[(t + 3) % 4]);
}

/* SHA1RNDS4 takes the function of its twenty rounds as an immediate. */
INLINE __m128i sha1_rounds(__m128i abcd, __m128i e_plus_w, const unsigned t) {
    switch (t / 5) {
    case 0:
        return _mm_sha1rnds4_epu32(abcd, e_plus_w, 0);
    case 1:
        return _mm_sha1rnds4_epu32(abcd, e_plus_w, 1);
    case 2:
        return _mm_sha1rnds4_epu32(abcd, e_plus_w, 2);
    default:
        return _mm_sha1rnds4_epu32(abcd, e_plus_w, 3);
    }
}

/* SHA1NEXTE rotates the e of later rounds as it adds; that which a block begins with is rotated. */
INLINE void sha1_four_rounds(sha1_stream *s, const unsigned t) {
    __m128i e_plus_w =
        t == 0 ? _mm_add_epi32(s->e, s->w[0]) : _mm_sha1nexte_epu32(s->e, s->w[t % 4]);
    s->e = s->abcd;
    s->abcd = sha1_rounds(s->abcd, e_plus_w, t);
    if (t < 16) {
        sha1_schedule(s, t);
    }
}

#define ALGORITHM(name) sha1_##name
#define GROUPS 20
#include "interleaved.h"

typedef struct {
    __m128i abef, cdgh; /* a and c in the highest word, as the instructions want it */
    __m128i w[4];       /* the last 16 words of the schedule, the earliest in the lowest word */
    __m128i old_abef, old_cdgh;
} sha256_stream;

INLINE void sha256_load_state(sha256_stream *s, const uint32_t h[8]) {
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(h + 4)), 0x1b);
    s->abef = _mm_alignr_epi8(cdab, efgh, 8);
    s->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

INLINE void sha256_store_state(const sha256_stream *s, uint32_t h[8]) {
    __m128i feba = _mm_shuffle_epi32(s->abef, 0x1b), dchg = _mm_shuffle_epi32(s->cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)h, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(h + 4), _mm_alignr_epi8(dchg, feba, 8));
}

INLINE void sha256_begin_block(sha256_stream *s, const uint8_t *data) {
    s->w[0] = load_words(data, false);
    s->w[1] = load_words(data + 16, false);
    s->w[2] = load_words(data + 32, false);
    s->w[3] = load_words(data + 48, false);
    s->old_abef = s->abef;
    s->old_cdgh = s->cdgh;
}

INLINE void sha256_end_block(sha256_stream *s) {
    s->abef = _mm_add_epi32(s->abef, s->old_abef);
    s->cdgh = _mm_add_epi32(s->cdgh, s->old_cdgh);
}

/* Words 4t+16 .. 4t+19 take the place of words 4t .. 4t+3. */
INLINE void sha256_schedule(sha256_stream *s, const unsigned t) {
    __m128i sum = _mm_sha256msg1_epu32(s->w[t % 4], s->w[(t + 1) % 4]);
    sum = _mm_add_epi32(sum, _mm_alignr_epi8(s->w[(t + 3) % 4], s->w[(t + 2) % 4], 4));
    s->w[t % 4] = _mm_sha256msg2_epu32(sum, s->w[(t + 3) % 4]);
}

INLINE void sha256_four_rounds(sha256_stream *s, const unsigned t) {
    const __m128i k = _mm_load_si128((const __m128i *)&cosfast_sha256_k[4 * t]);
    const __m128i w_plus_k = _mm_add_epi32(s->w[t % 4], k);
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, w_plus_k);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(w_plus_k, 0x0e));
    if (t < 12) {
        sha256_schedule(s, t);
    }
}

#define ALGORITHM(name) sha256_##name
#define GROUPS 16
#include "interleaved.h"

void cosfast_sha1_compress1_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 1);
}

void cosfast_sha1_compress2_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 2);
}

void cosfast_sha1_compress3_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 3);
}

void cosfast_sha1_compress4_shani(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 4);
}

void cosfast_sha256_compress1_shani(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 1);
}

void cosfast_sha256_compress2_shani(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 2);
}

void cosfast_sha256_compress3_shani(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 3);
}

void cosfast_sha256_compress4_shani(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 4);
}

#else
typedef int compress_shani_is_for_x86;
#endif
