/* Plain C: the reference that the other kernels are tested against. It gains nothing from
 * interleaving, so it takes one stream at a time. */
#include "impl.h"

/* FIPS 180-4 section 4.2.2. */
#if COSFAST_GNU
__attribute__((aligned(64)))
#else
__declspec(align(64))
#endif
const uint32_t cosfast_sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

INLINE uint32_t rotl(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }
INLINE uint32_t rotr(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

#define CHOOSE(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define PARITY(b, c, d) ((b) ^ (c) ^ (d))
/* The two halves never have a bit in common, so that + does for | and the adds stay one chain. */
#define MAJORITY(b, c, d) (((b) & (c)) + ((d) & ((b) ^ (c))))

#define LOAD(t) (w[t] = load_be32(data + 4 * (t)))

/* The schedule of FIPS 180-4 section 6.1.2, in a window of the last 16 words. */
#define SHA1_NEXT(t)                                                                               \
    (w[(t) % 16] =                                                                                 \
         rotl(w[((t) + 13) % 16] ^ w[((t) + 8) % 16] ^ w[((t) + 2) % 16] ^ w[(t) % 16], 1))

#define SHA1_ROUND(a, b, c, d, e, F, k, word)                                                      \
    do {                                                                                           \
        e += F(b, c, d) + (k) + (word) + rotl(a, 5);                                               \
        b = rotl(b, 30);                                                                           \
    } while (0)

/* Five rounds bring each variable back to its own name. */
#define FIVE(F, k, WORD, t)                                                                        \
    do {                                                                                           \
        SHA1_ROUND(a, b, c, d, e, F, k, WORD((t) + 0));                                            \
        SHA1_ROUND(e, a, b, c, d, F, k, WORD((t) + 1));                                            \
        SHA1_ROUND(d, e, a, b, c, F, k, WORD((t) + 2));                                            \
        SHA1_ROUND(c, d, e, a, b, F, k, WORD((t) + 3));                                            \
        SHA1_ROUND(b, c, d, e, a, F, k, WORD((t) + 4));                                            \
    } while (0)

static void sha1_block(uint32_t h[5], const uint8_t *data) {
    uint32_t w[16];
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    FIVE(CHOOSE, SHA1_K0, LOAD, 0);
    FIVE(CHOOSE, SHA1_K0, LOAD, 5);
    FIVE(CHOOSE, SHA1_K0, LOAD, 10);
    SHA1_ROUND(a, b, c, d, e, CHOOSE, SHA1_K0, LOAD(15));
    SHA1_ROUND(e, a, b, c, d, CHOOSE, SHA1_K0, SHA1_NEXT(16));
    SHA1_ROUND(d, e, a, b, c, CHOOSE, SHA1_K0, SHA1_NEXT(17));
    SHA1_ROUND(c, d, e, a, b, CHOOSE, SHA1_K0, SHA1_NEXT(18));
    SHA1_ROUND(b, c, d, e, a, CHOOSE, SHA1_K0, SHA1_NEXT(19));
    FIVE(PARITY, SHA1_K1, SHA1_NEXT, 20);
    FIVE(PARITY, SHA1_K1, SHA1_NEXT, 25);
    FIVE(PARITY, SHA1_K1, SHA1_NEXT, 30);
    FIVE(PARITY, SHA1_K1, SHA1_NEXT, 35);
    FIVE(MAJORITY, SHA1_K2, SHA1_NEXT, 40);
    FIVE(MAJORITY, SHA1_K2, SHA1_NEXT, 45);
    FIVE(MAJORITY, SHA1_K2, SHA1_NEXT, 50);
    FIVE(MAJORITY, SHA1_K2, SHA1_NEXT, 55);
    FIVE(PARITY, SHA1_K3, SHA1_NEXT, 60);
    FIVE(PARITY, SHA1_K3, SHA1_NEXT, 65);
    FIVE(PARITY, SHA1_K3, SHA1_NEXT, 70);
    FIVE(PARITY, SHA1_K3, SHA1_NEXT, 75);

    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void cosfast_sha1_compress1_portable(uint32_t *const h[], const uint8_t *const data[],
                                     size_t blocks) {
    for (size_t i = 0; i < blocks; i++) {
        sha1_block(h[0], data[0] + i * BLOCK_SIZE);
    }
}

#define SIGMA(x, m, n, o) (rotr(x, m) ^ rotr(x, n) ^ rotr(x, o))
#define SCHEDULE_SIGMA(x, m, n, o) (rotr(x, m) ^ rotr(x, n) ^ (x) >> (o))

/* The schedule of FIPS 180-4 section 6.2.2. */
#define SHA256_NEXT(t)                                                                             \
    (w[(t) % 16] += SCHEDULE_SIGMA(w[((t) + 1) % 16], 7, 18, 3) + w[((t) + 9) % 16] +              \
                    SCHEDULE_SIGMA(w[((t) + 14) % 16], 17, 19, 10))

#define SHA256_ROUND(a, b, c, d, e, f, g, h, t, word)                                              \
    do {                                                                                           \
        h += SIGMA(e, 6, 11, 25) + CHOOSE(e, f, g) + cosfast_sha256_k[t] + (word);                 \
        d += h;                                                                                    \
        h += SIGMA(a, 2, 13, 22) + MAJORITY(a, b, c);                                              \
    } while (0)

/* Eight rounds bring each variable back to its own name. */
#define EIGHT(WORD, t)                                                                             \
    do {                                                                                           \
        SHA256_ROUND(a, b, c, d, e, f, g, h, (t) + 0, WORD((t) + 0));                              \
        SHA256_ROUND(h, a, b, c, d, e, f, g, (t) + 1, WORD((t) + 1));                              \
        SHA256_ROUND(g, h, a, b, c, d, e, f, (t) + 2, WORD((t) + 2));                              \
        SHA256_ROUND(f, g, h, a, b, c, d, e, (t) + 3, WORD((t) + 3));                              \
        SHA256_ROUND(e, f, g, h, a, b, c, d, (t) + 4, WORD((t) + 4));                              \
        SHA256_ROUND(d, e, f, g, h, a, b, c, (t) + 5, WORD((t) + 5));                              \
        SHA256_ROUND(c, d, e, f, g, h, a, b, (t) + 6, WORD((t) + 6));                              \
        SHA256_ROUND(b, c, d, e, f, g, h, a, (t) + 7, WORD((t) + 7));                              \
    } while (0)

static void sha256_block(uint32_t state[8], const uint8_t *data) {
    uint32_t w[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

    EIGHT(LOAD, 0);
    EIGHT(LOAD, 8);
    for (unsigned t = 16; t < 64; t += 16) {
        EIGHT(SHA256_NEXT, t);
        EIGHT(SHA256_NEXT, t + 8);
    }

    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void cosfast_sha256_compress1_portable(uint32_t *const h[], const uint8_t *const data[],
                                       size_t blocks) {
    for (size_t i = 0; i < blocks; i++) {
        sha256_block(h[0], data[0] + i * BLOCK_SIZE);
    }
}
