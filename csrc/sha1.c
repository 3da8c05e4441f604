/* The context: bytes in, blocks to a kernel, the digest out. */
#include <string.h>

#include "impl.h"

/* FIPS 180-4 section 5.3.1. */
const uint32_t cosfast_sha1_initial[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u,
                                          0xc3d2e1f0u};

/* FIPS 180-4 section 1: a message is shorter than 2^64 bits. */
static const uint64_t LENGTH_END = UINT64_C(1) << 61;

static void compress(uint32_t h[5], const uint8_t *data, size_t blocks) {
    cosfast_kernel_chosen().one->lanes[0].compress(&h, &data, blocks);
}

/* Lay out the end of a message of `length` bytes, whose last length % 64 are at `tail`, as FIPS
 * 180-4 section 5.1.1 pads it. Returns the number of blocks, 1 or 2. */
size_t cosfast_pad(uint8_t padded[2 * SHA1_BLOCK], const uint8_t *tail, uint64_t length) {
    size_t used = (size_t)(length % SHA1_BLOCK);
    size_t blocks = used < SHA1_BLOCK - 8 ? 1 : 2;
    size_t end = blocks * SHA1_BLOCK;
    if (used > 0) {
        memcpy(padded, tail, used);
    }
    padded[used] = 0x80;
    memset(padded + used + 1, 0, end - used - 1 - 8);
    store_be32(padded + end - 8, (uint32_t)(length >> 29));
    store_be32(padded + end - 4, (uint32_t)(length << 3));
    return blocks;
}

void cosfast_store_digest(uint8_t digest[SHA1_DIGEST], const uint32_t h[5]) {
    for (size_t i = 0; i < 5; i++) {
        store_be32(digest + 4 * i, h[i]);
    }
}

const char *cosfast_version(void) { return COSFAST_VERSION; }

void cosfast_sha1_init(cosfast_sha1 *ctx) {
    memset(ctx, 0, sizeof *ctx);
    memcpy(ctx->h, cosfast_sha1_initial, sizeof ctx->h);
}

bool cosfast_sha1_update(cosfast_sha1 *ctx, const void *data, size_t len) {
    const uint8_t *bytes = data;
    size_t used = (size_t)(ctx->length % SHA1_BLOCK), room = SHA1_BLOCK - used;
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
        compress(ctx->h, ctx->pending, 1);
        bytes += room;
        len -= room;
    }
    compress(ctx->h, bytes, len / SHA1_BLOCK);
    memcpy(ctx->pending, bytes + (len - len % SHA1_BLOCK), len % SHA1_BLOCK);
    return true;
}

void cosfast_sha1_digest(const cosfast_sha1 *ctx, uint8_t digest[SHA1_DIGEST]) {
    uint32_t h[5];
    uint8_t padded[2 * SHA1_BLOCK];
    memcpy(h, ctx->h, sizeof h);
    compress(h, padded, cosfast_pad(padded, ctx->pending, ctx->length));
    cosfast_store_digest(digest, h);
}

bool cosfast_sha1_import(cosfast_sha1 *ctx, const uint32_t h[5], uint64_t length,
                         const uint8_t *pending) {
    size_t used = (size_t)(length % SHA1_BLOCK);
    cosfast_sha1 next = {{0}, 0, {0}};
    if (length >= LENGTH_END) {
        return false;
    }
    memcpy(next.h, h, sizeof next.h);
    next.length = length;
    if (used > 0) {
        memcpy(next.pending, pending, used);
    }
    *ctx = next;
    return true;
}
