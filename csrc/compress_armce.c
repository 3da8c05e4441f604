/* One to four streams with the ARMv8 crypto extensions. */
#include "impl.h"

#if COSFAST_ARM64

#include <arm_neon.h>

INLINE uint32x4_t load_words(const uint8_t *data) {
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data)));
}

typedef struct {
    uint32x4_t abcd; /* a in the lowest word */
    uint32_t e;
    uint32x4_t w[4]; /* the last 16 words of the schedule, the earliest in the lowest word */
    uint32x4_t old_abcd;
    uint32_t old_e;
} sha1_stream;

INLINE void sha1_load_state(sha1_stream *s, const uint32_t h[5]) {
    s->abcd = vld1q_u32(h);
    s->e = h[4];
}

INLINE void sha1_store_state(const sha1_stream *s, uint32_t h[5]) {
    vst1q_u32(h, s->abcd);
    h[4] = s->e;
}

INLINE void sha1_begin_block(sha1_stream *s, const uint8_t *data) {
    s->w[0] = load_words(data);
    s->w[1] = load_words(data + 16);
    s->w[2] = load_words(data + 32);
    s->w[3] = load_words(data + 48);
    s->old_abcd = s->abcd;
    s->old_e = s->e;
}

INLINE void sha1_end_block(sha1_stream *s) {
    s->abcd = vaddq_u32(s->abcd, s->old_abcd);
    s->e += s->old_e;
}

/* Rounds 4t .. 4t+3 with the function and constant of their twenty. */
INLINE uint32x4_t sha1_rounds(uint32x4_t abcd, uint32_t e, uint32x4_t w, const unsigned t) {
    switch (t / 5) {
    case 0:
        return vsha1cq_u32(abcd, e, vaddq_u32(w, vdupq_n_u32(SHA1_K0)));
    case 1:
        return vsha1pq_u32(abcd, e, vaddq_u32(w, vdupq_n_u32(SHA1_K1)));
    case 2:
        return vsha1mq_u32(abcd, e, vaddq_u32(w, vdupq_n_u32(SHA1_K2)));
    default:
        return vsha1pq_u32(abcd, e, vaddq_u32(w, vdupq_n_u32(SHA1_K3)));
    }
}

/* Words 4t+16 .. 4t+19 take the place of words 4t .. 4t+3. */
INLINE void sha1_schedule(sha1_stream *s, const unsigned t) {
    uint32x4_t sum = vsha1su0q_u32(s->w[t % 4], s->w[(t + 1) % 4], s->w[(t + 2) % 4]);
    s->w[t % 4] = vsha1su1q_u32(sum, s->w[(t + 3) % 4]);
}

INLINE void sha1_four_rounds(sha1_stream *s, const unsigned t) {
    uint32_t next_e = vsha1h_u32(vgetq_lane_u32(s->abcd, 0));
    s->abcd = sha1_rounds(s->abcd, s->e, s->w[t % 4], t);
    s->e = next_e;
    if (t < 16) {
        sha1_schedule(s, t);
    }
}

#define ALGORITHM(name) sha1_##name
#define GROUPS 20
#include "interleaved.h"

typedef struct {
    uint32x4_t abcd, efgh; /* a and e in the lowest word */
    uint32x4_t w[4];       /* the last 16 words of the schedule, the earliest in the lowest word */
    uint32x4_t old_abcd, old_efgh;
} sha256_stream;

INLINE void sha256_load_state(sha256_stream *s, const uint32_t h[8]) {
    s->abcd = vld1q_u32(h);
    s->efgh = vld1q_u32(h + 4);
}

INLINE void sha256_store_state(const sha256_stream *s, uint32_t h[8]) {
    vst1q_u32(h, s->abcd);
    vst1q_u32(h + 4, s->efgh);
}

INLINE void sha256_begin_block(sha256_stream *s, const uint8_t *data) {
    s->w[0] = load_words(data);
    s->w[1] = load_words(data + 16);
    s->w[2] = load_words(data + 32);
    s->w[3] = load_words(data + 48);
    s->old_abcd = s->abcd;
    s->old_efgh = s->efgh;
}

INLINE void sha256_end_block(sha256_stream *s) {
    s->abcd = vaddq_u32(s->abcd, s->old_abcd);
    s->efgh = vaddq_u32(s->efgh, s->old_efgh);
}

/* Words 4t+16 .. 4t+19 take the place of words 4t .. 4t+3. */
INLINE void sha256_schedule(sha256_stream *s, const unsigned t) {
    uint32x4_t sum = vsha256su0q_u32(s->w[t % 4], s->w[(t + 1) % 4]);
    s->w[t % 4] = vsha256su1q_u32(sum, s->w[(t + 2) % 4], s->w[(t + 3) % 4]);
}

INLINE void sha256_four_rounds(sha256_stream *s, const unsigned t) {
    const uint32x4_t w_plus_k = vaddq_u32(s->w[t % 4], vld1q_u32(&cosfast_sha256_k[4 * t]));
    const uint32x4_t abcd = s->abcd;
    s->abcd = vsha256hq_u32(abcd, s->efgh, w_plus_k);
    s->efgh = vsha256h2q_u32(s->efgh, abcd, w_plus_k);
    if (t < 12) {
        sha256_schedule(s, t);
    }
}

#define ALGORITHM(name) sha256_##name
#define GROUPS 16
#include "interleaved.h"

void cosfast_sha1_compress1_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 1);
}

void cosfast_sha1_compress2_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 2);
}

void cosfast_sha1_compress3_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 3);
}

void cosfast_sha1_compress4_armce(uint32_t *const h[], const uint8_t *const data[], size_t blocks) {
    sha1_interleaved(h, data, blocks, 4);
}

void cosfast_sha256_compress1_armce(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 1);
}

void cosfast_sha256_compress2_armce(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 2);
}

void cosfast_sha256_compress3_armce(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 3);
}

void cosfast_sha256_compress4_armce(uint32_t *const h[], const uint8_t *const data[],
                                    size_t blocks) {
    sha256_interleaved(h, data, blocks, 4);
}

#else
typedef int compress_armce_is_for_arm64;
#endif
