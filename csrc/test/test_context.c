/* The context: known answers, pieces of any size, states taken out and put back at any byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cosfast.h"
#include "check.h"
#include "reference.h"

typedef struct {
    const char *unit; /* the message is this, so many times */
    size_t times;
    const char *digest;
} known_answer;

/* FIPS 180-2 appendix A, and the empty message. */
static const known_answer KNOWN_ANSWERS[] = {
    {"", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {"a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
};

static void to_hex(const uint8_t digest[20], char hex[41]) {
    for (int i = 0; i < 20; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

static void known_answers(size_t kernel) {
    (void)kernel;
    for (size_t i = 0; i < sizeof KNOWN_ANSWERS / sizeof KNOWN_ANSWERS[0]; i++) {
        const known_answer *known = &KNOWN_ANSWERS[i];
        cosfast_sha1 ctx;
        uint8_t digest[20];
        char hex[41];
        cosfast_sha1_init(&ctx);
        for (size_t n = 0; n < known->times; n++) {
            cosfast_sha1_update(&ctx, known->unit, strlen(known->unit));
        }
        cosfast_sha1_digest(&ctx, digest);
        to_hex(digest, hex);
        CHECK(strcmp(hex, known->digest) == 0);
    }
}

static bool digest_is(const cosfast_sha1 *ctx, const uint8_t *data, size_t len) {
    uint8_t digest[20], expected[20];
    cosfast_sha1_digest(ctx, digest);
    reference_digest(data, len, expected);
    return memcmp(digest, expected, 20) == 0;
}

/* Every length around the first block edges, at once and in two pieces cut anywhere. */
static void block_edges(size_t kernel) {
    uint8_t data[260];
    rng r = {1};
    (void)kernel;
    rng_fill(&r, data, sizeof data);
    for (size_t len = 0; len <= sizeof data; len++) {
        for (size_t cut = 0; cut <= len; cut++) {
            cosfast_sha1 ctx;
            cosfast_sha1_init(&ctx);
            cosfast_sha1_update(&ctx, data, cut);
            cosfast_sha1_update(&ctx, data + cut, len - cut);
            CHECK(ctx.length == len);
            CHECK(digest_is(&ctx, data, len));
        }
    }
}

/* Out at every byte and back into another context; the first one goes on and is not disturbed. */
static void export_and_import(size_t kernel) {
    uint8_t data[333];
    rng r = {2};
    (void)kernel;
    rng_fill(&r, data, sizeof data);
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        cosfast_sha1 first, second;
        cosfast_sha1_init(&first);
        cosfast_sha1_update(&first, data, cut);
        CHECK(digest_is(&first, data, cut));
        CHECK(cosfast_sha1_import(&second, first.h, first.length,
                                  cut % 64 > 0 ? first.pending : NULL));
        CHECK(digest_is(&second, data, cut));
        cosfast_sha1_update(&second, data + cut, sizeof data - cut);
        CHECK(digest_is(&second, data, sizeof data));
        cosfast_sha1_update(&first, data + cut, sizeof data - cut);
        CHECK(digest_is(&first, data, sizeof data));
    }
}

static void import_refuses_long(void) {
    const uint64_t end = UINT64_C(1) << 61;
    cosfast_sha1 ctx, before;
    uint32_t h[5] = {1, 2, 3, 4, 5};
    uint8_t pending[64] = {0};
    cosfast_sha1_init(&ctx);
    before = ctx;
    CHECK(!cosfast_sha1_import(&ctx, h, end, NULL));
    CHECK(!cosfast_sha1_import(&ctx, h, UINT64_MAX, pending));
    CHECK(memcmp(&ctx, &before, sizeof ctx) == 0);
    CHECK(cosfast_sha1_import(&ctx, h, end - 1, pending));
    CHECK(ctx.length == end - 1 && memcmp(ctx.h, h, sizeof h) == 0);
}

/* The 64-bit length in the padding, past 2^32 bits and 2^32 bytes: the state just before is known
 * by construction, so that nobody must hash 4 GiB. */
static void long_lengths(void) {
    const uint64_t lengths[] = {UINT64_C(1) << 29, UINT64_C(1) << 32, (UINT64_C(1) << 61) - 64};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t h[5] = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210, 0x00112233};
        uint32_t expected[5];
        uint8_t end[64] = {0x80}, digest[20];
        cosfast_sha1 ctx;
        CHECK(cosfast_sha1_import(&ctx, h, lengths[i], NULL));
        cosfast_sha1_digest(&ctx, digest);
        for (int byte = 0; byte < 8; byte++) {
            end[63 - byte] = (uint8_t)(lengths[i] * 8 >> (8 * byte));
        }
        memcpy(expected, h, sizeof h);
        reference_compress(expected, end, 1);
        for (int byte = 0; byte < 20; byte++) {
            CHECK(digest[byte] == (uint8_t)(expected[byte / 4] >> (24 - 8 * (byte % 4))));
        }
    }
}

static void nothing_changes_nothing(void) {
    cosfast_sha1 ctx, before;
    cosfast_sha1_init(&ctx);
    cosfast_sha1_update(&ctx, "abcde", 5);
    before = ctx;
    cosfast_sha1_update(&ctx, NULL, 0);
    cosfast_sha1_update(&ctx, "", 0);
    CHECK(memcmp(&ctx, &before, sizeof ctx) == 0);
}

/* Up to 2^61 - 1 bytes, and not one more, whatever is pending. */
static void update_refuses_long(void) {
    const uint64_t most = (UINT64_C(1) << 61) - 1;
    uint8_t data[200] = {0};
    for (size_t left = 0; left < 130; left++) {
        cosfast_sha1 ctx, before;
        CHECK(cosfast_sha1_import(&ctx, (const uint32_t[5]){1, 2, 3, 4, 5}, most - left, data));
        before = ctx;
        CHECK(!cosfast_sha1_update(&ctx, data, left + 1));
        CHECK(!cosfast_sha1_update(&ctx, data, left + 64));
        CHECK(!cosfast_sha1_update(&ctx, data, SIZE_MAX));
        CHECK(memcmp(&ctx, &before, sizeof ctx) == 0);
        CHECK(cosfast_sha1_update(&ctx, data, left));
        CHECK(ctx.length == most);
        CHECK(cosfast_sha1_update(&ctx, NULL, 0));
        CHECK(!cosfast_sha1_update(&ctx, data, 1));
    }
}

/* Random pieces, among them long ones and unaligned ones. */
static void random_pieces(size_t kernel) {
    enum { SIZE = 1 << 14 };
    uint8_t *data = malloc(SIZE);
    rng r = {3 + kernel};
    if (data == NULL) {
        abort();
    }
    rng_fill(&r, data, SIZE);
    for (size_t n = 0; n < random_cases() / 20; n++) {
        size_t start = rng_below(&r, 100), len = rng_below(&r, SIZE - start), done = 0;
        cosfast_sha1 ctx;
        cosfast_sha1_init(&ctx);
        while (done < len) {
            size_t most = rng_below(&r, 2) ? 70 : len - done;
            size_t piece = 1 + rng_below(&r, most < len - done ? most : len - done);
            cosfast_sha1_update(&ctx, data + start + done, piece);
            done += piece;
        }
        CHECK(digest_is(&ctx, data + start, len));
    }
    free(data);
}

void test_context(void) {
    run_test_of_kernels("known answers", known_answers);
    run_test_of_kernels("lengths around block edges", block_edges);
    run_test_of_kernels("export and import at any byte", export_and_import);
    run_test("import refuses 2^61 bytes", NULL, import_refuses_long);
    run_test("update refuses 2^61 bytes", NULL, update_refuses_long);
    run_test("lengths past 32 bits", NULL, long_lengths);
    run_test("updates of nothing", NULL, nothing_changes_nothing);
    run_test_of_kernels("updates in random pieces", random_pieces);
}
