/* The context: bytes in, blocks to a kernel, the digest out. */
#include <string.h>

#include "impl.h"

/* FIPS 180-4 sections 5.3.1 and 5.3.3. */
const algorithm_traits cosfast_algorithms[COSFAST_ALGORITHMS] = {
    [COSFAST_SHA1] = {5, {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u}},
    [COSFAST_SHA256] = {8,
                        {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0x510e527fu,
                         0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u}},
};

/* FIPS 180-4 section 1: a message is shorter than 2^64 bits. */
static const uint64_t LENGTH_END = UINT64_C(1) << 61;

static void compress(cosfast_algorithm algorithm, uint32_t *h, const uint8_t *data, size_t blocks) {
    cosfast_kernel_chosen().one->lanes[algorithm][0].compress(&h, &data, blocks);
}

/* Lay out the end of a message of `length` bytes, whose last length % 64 are at `tail`, as FIPS
 * 180-4 section 5.1.1 pads it. Returns the number of blocks, 1 or 2. */
size_t cosfast_pad(uint8_t padded[2 * BLOCK_SIZE], const uint8_t *tail, uint64_t length) {
    size_t used = (size_t)(length % BLOCK_SIZE);
    size_t blocks = used < BLOCK_SIZE - 8 ? 1 : 2;
    size_t end = blocks * BLOCK_SIZE;
    if (used > 0) {
        memcpy(padded, tail, used);
    }
    padded[used] = 0x80;
    memset(padded + used + 1, 0, end - used - 1 - 8);
    store_be32(padded + end - 8, (uint32_t)(length >> 29));
    store_be32(padded + end - 4, (uint32_t)(length << 3));
    return blocks;
}

/* Compress the end of a message into `h`, and write the digest. */
static void finish(cosfast_algorithm algorithm, uint32_t *h, const uint8_t *tail, uint64_t length,
                   uint8_t *digest) {
    uint8_t padded[2 * BLOCK_SIZE];
    compress(algorithm, h, padded, cosfast_pad(padded, tail, length));
    store_digest(digest, h, cosfast_algorithms[algorithm].words);
}

const char *cosfast_version(void) { return COSFAST_VERSION; }

size_t cosfast_digest_size(cosfast_algorithm algorithm) {
    return 4 * cosfast_algorithms[algorithm].words;
}

void cosfast_init(cosfast_context *ctx, cosfast_algorithm algorithm) {
    memset(ctx, 0, sizeof *ctx);
    memcpy(ctx->h, cosfast_algorithms[algorithm].initial, sizeof ctx->h);
    ctx->algorithm = algorithm;
}

bool cosfast_update(cosfast_context *ctx, const void *data, size_t len) {
    const uint8_t *bytes = data;
    size_t used = (size_t)(ctx->length % BLOCK_SIZE), room = BLOCK_SIZE - used;
    if (len == 0) {
        return true; /* data may be NULL, which memcpy may not be given */
    }
    if (len >= LENGTH_END - ctx->length) {
        return false;
    }
    ctx->length += len;
    if (len < room) {
        memcpy(ctx->pending + used, bytes, len);
        return true;
    }
    if (used > 0) {
        memcpy(ctx->pending + used, bytes, room);
        compress(ctx->algorithm, ctx->h, ctx->pending, 1);
        bytes += room;
        len -= room;
    }
    compress(ctx->algorithm, ctx->h, bytes, len / BLOCK_SIZE);
    memcpy(ctx->pending, bytes + (len - len % BLOCK_SIZE), len % BLOCK_SIZE);
    return true;
}

void cosfast_digest(const cosfast_context *ctx, uint8_t *digest) {
    uint32_t h[MAX_WORDS];
    memcpy(h, ctx->h, sizeof h);
    finish(ctx->algorithm, h, ctx->pending, ctx->length, digest);
}

bool cosfast_import(cosfast_context *ctx, cosfast_algorithm algorithm, const uint32_t *h,
                    uint64_t length, const uint8_t *pending) {
    size_t used = (size_t)(length % BLOCK_SIZE);
    cosfast_context next;
    if (length >= LENGTH_END) {
        return false;
    }
    cosfast_init(&next, algorithm);
    memcpy(next.h, h, cosfast_digest_size(algorithm));
    next.length = length;
    if (used > 0) {
        memcpy(next.pending, pending, used);
    }
    *ctx = next;
    return true;
}

void cosfast_hash(cosfast_algorithm algorithm, const void *data, size_t len, uint8_t *digest) {
    const uint8_t *bytes = data;
    uint32_t h[MAX_WORDS];
    memcpy(h, cosfast_algorithms[algorithm].initial, sizeof h);
    if (len >= BLOCK_SIZE) {
        compress(algorithm, h, bytes, len / BLOCK_SIZE);
        bytes += len - len % BLOCK_SIZE;
    }
    finish(algorithm, h, bytes, len, digest);
}
