#include "reference.h"

#include <string.h>

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t word(const uint8_t *m) {
    return (uint32_t)m[0] * 0x1000000 + (uint32_t)m[1] * 0x10000 + (uint32_t)m[2] * 0x100 + m[3];
}

static uint32_t ch(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (~x & z); }

static uint32_t maj(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (x & z) ^ (y & z); }

static uint32_t f(int t, uint32_t x, uint32_t y, uint32_t z) {
    if (t < 20) {
        return ch(x, y, z);
    }
    if (t < 40 || t >= 60) {
        return x ^ y ^ z;
    }
    return maj(x, y, z);
}

static void sha1_block(uint32_t *h, const uint8_t *m) {
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], v[5];
    for (int t = 0; t < 16; t++) {
        w[t] = word(m + 4 * t);
    }
    for (int t = 16; t < 80; t++) {
        w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    }
    memcpy(v, h, sizeof v);
    for (int t = 0; t < 80; t++) {
        uint32_t next = rotl(v[0], 5) + f(t, v[1], v[2], v[3]) + v[4] + k[t / 20] + w[t];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotl(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (int i = 0; i < 5; i++) {
        h[i] += v[i];
    }
}

/* The first 32 bits of the fractional part of a root of n: 2^32 times the square or the cube root,
 * by bisection, so that no table is shared with the core. */
static uint32_t root_bits(uint32_t n, int power) {
    uint64_t low = 0, high = UINT64_C(32) << 32;
    while (high - low > 1) {
        /* x is a root in units of 2^-32; compare x^power with n in 192 bits of 32-bit digits. */
        uint64_t x = low + (high - low) / 2;
        uint64_t digits[8] = {1};
        for (int i = 0; i < power; i++) {
            uint64_t product[8] = {0};
            for (int d = 0; d < 6; d++) {
                product[d] += digits[d] * (x & 0xffffffff);
                product[d + 1] += product[d] >> 32;
                product[d] &= 0xffffffff;
                product[d + 1] += digits[d] * (x >> 32);
            }
            for (int d = 0; d < 7; d++) {
                product[d + 1] += product[d] >> 32;
                product[d] &= 0xffffffff;
            }
            memcpy(digits, product, sizeof digits);
        }
        if (digits[power] + (digits[power + 1] << 32) < n) {
            low = x;
        } else {
            high = x;
        }
    }
    return (uint32_t)low;
}

static uint32_t next_prime(uint32_t n) {
    for (n++;; n++) {
        uint32_t divisor = 2;
        while (divisor * divisor <= n && n % divisor != 0) {
            divisor++;
        }
        if (divisor * divisor > n) {
            return n;
        }
    }
}

/* FIPS 180-4 sections 4.2.2 and 5.3.3: of the first primes, the cube roots and the square roots. */
static void sha256_constants(uint32_t *constants, size_t count, int power) {
    uint32_t prime = 1;
    for (size_t i = 0; i < count; i++) {
        prime = next_prime(prime);
        constants[i] = root_bits(prime, power);
    }
}

static void sha256_block(uint32_t *h, const uint8_t *m, const uint32_t k[64]) {
    uint32_t w[64], v[8];
    for (int t = 0; t < 16; t++) {
        w[t] = word(m + 4 * t);
    }
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    memcpy(v, h, sizeof v);
    for (int t = 0; t < 64; t++) {
        uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
        uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
        uint32_t t1 = v[7] + s1 + ch(v[4], v[5], v[6]) + k[t] + w[t];
        uint32_t t2 = s0 + maj(v[0], v[1], v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) {
        h[i] += v[i];
    }
}

size_t reference_words(cosfast_algorithm algorithm) { return algorithm == COSFAST_SHA1 ? 5 : 8; }

size_t reference_size(cosfast_algorithm algorithm) { return 4 * reference_words(algorithm); }

void reference_initial(cosfast_algorithm algorithm, uint32_t *h) {
    static const uint32_t sha1[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    static _Thread_local uint32_t sha256[8]; /* all 0 until the first use */
    if (sha256[0] == 0) {
        sha256_constants(sha256, 8, 2);
    }
    memcpy(h, algorithm == COSFAST_SHA1 ? sha1 : sha256, reference_size(algorithm));
}

void reference_compress(cosfast_algorithm algorithm, uint32_t *h, const uint8_t *data,
                        size_t blocks) {
    static _Thread_local uint32_t k[64]; /* all 0 until the first use */
    if (k[0] == 0) {
        sha256_constants(k, 64, 3);
    }
    for (size_t i = 0; i < blocks; i++, data += 64) {
        if (algorithm == COSFAST_SHA1) {
            sha1_block(h, data);
        } else {
            sha256_block(h, data, k);
        }
    }
}

void reference_digest(cosfast_algorithm algorithm, const uint8_t *data, size_t len,
                      uint8_t *digest) {
    uint32_t h[8];
    uint8_t end[128] = {0};
    size_t rest = len % 64, blocks = rest < 56 ? 1 : 2;
    uint64_t bits = (uint64_t)len * 8;
    reference_initial(algorithm, h);
    reference_compress(algorithm, h, data, len / 64);
    if (rest > 0) {
        memcpy(end, data + (len - rest), rest);
    }
    end[rest] = 0x80;
    for (int i = 0; i < 8; i++) {
        end[64 * blocks - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
    }
    reference_compress(algorithm, h, end, blocks);
    for (size_t i = 0; i < reference_size(algorithm); i++) {
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    }
}
