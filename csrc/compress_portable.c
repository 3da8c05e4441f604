/* Plain C: the reference that the other kernels are tested against. It gains nothing from
 * interleaving, so there is one stream at a time. */
#include "impl.h"

INLINE uint32_t rotl(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

#define CHOOSE(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define PARITY(b, c, d) ((b) ^ (c) ^ (d))
/* The two halves never have a bit in common, so that + does for | and the adds stay one chain. */
#define MAJORITY(b, c, d) (((b) & (c)) + ((d) & ((b) ^ (c))))

/* The schedule of FIPS 180-4 section 6.1.2, in a window of the last 16 words. */
#define LOAD(t) (w[t] = load_be32(data + 4 * (t)))
#define NEXT(t)                                                                                    \
    (w[(t) % 16] =                                                                                 \
         rotl(w[((t) + 13) % 16] ^ w[((t) + 8) % 16] ^ w[((t) + 2) % 16] ^ w[(t) % 16], 1))

#define ROUND(a, b, c, d, e, F, k, word)                                                           \
    do {                                                                                           \
        e += F(b, c, d) + (k) + (word) + rotl(a, 5);                                               \
        b = rotl(b, 30);                                                                           \
    } while (0)

/* Five rounds bring each variable back to its own name. */
#define FIVE(F, k, WORD, t)                                                                        \
    do {                                                                                           \
        ROUND(a, b, c, d, e, F, k, WORD((t) + 0));                                                 \
        ROUND(e, a, b, c, d, F, k, WORD((t) + 1));                                                 \
        ROUND(d, e, a, b, c, F, k, WORD((t) + 2));                                                 \
        ROUND(c, d, e, a, b, F, k, WORD((t) + 3));                                                 \
        ROUND(b, c, d, e, a, F, k, WORD((t) + 4));                                                 \
    } while (0)

static void compress_block(uint32_t h[5], const uint8_t *data) {
    uint32_t w[16];
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    FIVE(CHOOSE, SHA1_K0, LOAD, 0);
    FIVE(CHOOSE, SHA1_K0, LOAD, 5);
    FIVE(CHOOSE, SHA1_K0, LOAD, 10);
    ROUND(a, b, c, d, e, CHOOSE, SHA1_K0, LOAD(15));
    ROUND(e, a, b, c, d, CHOOSE, SHA1_K0, NEXT(16));
    ROUND(d, e, a, b, c, CHOOSE, SHA1_K0, NEXT(17));
    ROUND(c, d, e, a, b, CHOOSE, SHA1_K0, NEXT(18));
    ROUND(b, c, d, e, a, CHOOSE, SHA1_K0, NEXT(19));
    FIVE(PARITY, SHA1_K1, NEXT, 20);
    FIVE(PARITY, SHA1_K1, NEXT, 25);
    FIVE(PARITY, SHA1_K1, NEXT, 30);
    FIVE(PARITY, SHA1_K1, NEXT, 35);
    FIVE(MAJORITY, SHA1_K2, NEXT, 40);
    FIVE(MAJORITY, SHA1_K2, NEXT, 45);
    FIVE(MAJORITY, SHA1_K2, NEXT, 50);
    FIVE(MAJORITY, SHA1_K2, NEXT, 55);
    FIVE(PARITY, SHA1_K3, NEXT, 60);
    FIVE(PARITY, SHA1_K3, NEXT, 65);
    FIVE(PARITY, SHA1_K3, NEXT, 70);
    FIVE(PARITY, SHA1_K3, NEXT, 75);

    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void cosfast_sha1_compress1_portable(uint32_t *const h[], const uint8_t *const data[],
                                     size_t blocks) {
    for (size_t i = 0; i < blocks; i++) {
        compress_block(h[0], data[0] + i * SHA1_BLOCK);
    }
}
