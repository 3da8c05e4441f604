#include "reference.h"

#include <string.h>

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

static uint32_t f(int t, uint32_t x, uint32_t y, uint32_t z) {
    if (t < 20) {
        return (x & y) ^ (~x & z);
    }
    if (t < 40 || t >= 60) {
        return x ^ y ^ z;
    }
    return (x & y) ^ (x & z) ^ (y & z);
}

static void compress_block(uint32_t h[5], const uint8_t *m) {
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], v[5];
    for (int t = 0; t < 16; t++, m += 4) {
        w[t] =
            (uint32_t)m[0] * 0x1000000 + (uint32_t)m[1] * 0x10000 + (uint32_t)m[2] * 0x100 + m[3];
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

void reference_compress(uint32_t h[5], const uint8_t *data, size_t blocks) {
    for (size_t i = 0; i < blocks; i++) {
        compress_block(h, data + 64 * i);
    }
}

void reference_digest(const uint8_t *data, size_t len, uint8_t digest[20]) {
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t end[128] = {0};
    size_t rest = len % 64, blocks = rest < 56 ? 1 : 2;
    uint64_t bits = (uint64_t)len * 8;
    reference_compress(h, data, len / 64);
    if (rest > 0) {
        memcpy(end, data + (len - rest), rest);
    }
    end[rest] = 0x80;
    for (int i = 0; i < 8; i++) {
        end[64 * blocks - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
    }
    reference_compress(h, end, blocks);
    for (int i = 0; i < 20; i++) {
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    }
}
