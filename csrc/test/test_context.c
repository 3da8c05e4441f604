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
    const char *digests[COSFAST_ALGORITHMS];
} known_answer;

/* FIPS 180-2 appendices A and B, and the empty message. */
static const known_answer KNOWN_ANSWERS[] = {
    {"",
     1,
     {"da39a3ee5e6b4b0d3255bfef95601890afd80709",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
    {"abc",
     1,
     {"a9993e364706816aba3e25717850c26c9cd0d89d",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     1,
     {"84983e441c3bd26ebaae4aa1f95129e5e54670f1",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}},
    {"a",
     1000000,
     {"34aa973cd4c4daa4f61eeb2bdbad27316534016f",
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}},
};

static bool is_hex(const uint8_t *digest, size_t size, const char *wanted) {
    char hex[2 * MAX_SIZE + 1];
    for (size_t i = 0; i < size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return strcmp(hex, wanted) == 0;
}

static void known_answers(cosfast_algorithm algorithm, size_t kernel) {
    (void)kernel;
    for (size_t i = 0; i < sizeof KNOWN_ANSWERS / sizeof KNOWN_ANSWERS[0]; i++) {
        const known_answer *known = &KNOWN_ANSWERS[i];
        cosfast_context ctx;
        uint8_t digest[MAX_SIZE];
        cosfast_init(&ctx, algorithm);
        for (size_t n = 0; n < known->times; n++) {
            cosfast_update(&ctx, known->unit, strlen(known->unit));
        }
        cosfast_digest(&ctx, digest);
        CHECK(is_hex(digest, reference_size(algorithm), known->digests[algorithm]));
    }
}

static bool digest_is(cosfast_algorithm algorithm, const cosfast_context *ctx, const uint8_t *data,
                      size_t len) {
    uint8_t digest[MAX_SIZE], expected[MAX_SIZE];
    cosfast_digest(ctx, digest);
    reference_digest(algorithm, data, len, expected);
    return memcmp(digest, expected, reference_size(algorithm)) == 0;
}

/* Every length around the first block edges: one-shot, at once and in two pieces cut anywhere. */
static void block_edges(cosfast_algorithm algorithm, size_t kernel) {
    uint8_t data[260];
    rng r = {1};
    (void)kernel;
    rng_fill(&r, data, sizeof data);
    for (size_t len = 0; len <= sizeof data; len++) {
        uint8_t digest[MAX_SIZE], expected[MAX_SIZE];
        cosfast_hash(algorithm, len == 0 ? NULL : data, len, digest);
        reference_digest(algorithm, data, len, expected);
        CHECK(memcmp(digest, expected, reference_size(algorithm)) == 0);
        for (size_t cut = 0; cut <= len; cut++) {
            cosfast_context ctx;
            cosfast_init(&ctx, algorithm);
            cosfast_update(&ctx, data, cut);
            cosfast_update(&ctx, data + cut, len - cut);
            CHECK(ctx.length == len);
            CHECK(digest_is(algorithm, &ctx, data, len));
        }
    }
}

/* Out at every byte and back into another context; the first one goes on and is not disturbed. */
static void export_and_import(cosfast_algorithm algorithm, size_t kernel) {
    uint8_t data[333];
    rng r = {2};
    (void)kernel;
    rng_fill(&r, data, sizeof data);
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        cosfast_context first, second;
        cosfast_init(&first, algorithm);
        cosfast_update(&first, data, cut);
        CHECK(digest_is(algorithm, &first, data, cut));
        CHECK(cosfast_import(&second, algorithm, first.h, first.length,
                             cut % 64 > 0 ? first.pending : NULL));
        CHECK(digest_is(algorithm, &second, data, cut));
        cosfast_update(&second, data + cut, sizeof data - cut);
        CHECK(digest_is(algorithm, &second, data, sizeof data));
        cosfast_update(&first, data + cut, sizeof data - cut);
        CHECK(digest_is(algorithm, &first, data, sizeof data));
    }
}

static void import_refuses_long(cosfast_algorithm algorithm) {
    const uint64_t end = UINT64_C(1) << 61;
    cosfast_context ctx, before;
    const uint32_t h[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t pending[64] = {0};
    cosfast_init(&ctx, algorithm);
    before = ctx;
    CHECK(!cosfast_import(&ctx, algorithm, h, end, NULL));
    CHECK(!cosfast_import(&ctx, algorithm, h, UINT64_MAX, pending));
    CHECK(memcmp(&ctx, &before, sizeof ctx) == 0);
    CHECK(cosfast_import(&ctx, algorithm, h, end - 1, pending));
    CHECK(ctx.length == end - 1 && memcmp(ctx.h, h, reference_size(algorithm)) == 0);
}

/* The 64-bit length in the padding, past 2^32 bits and 2^32 bytes: the state just before is known
 * by construction, so that nobody must hash 4 GiB. */
static void long_lengths(cosfast_algorithm algorithm) {
    const uint64_t lengths[] = {UINT64_C(1) << 29, UINT64_C(1) << 32, (UINT64_C(1) << 61) - 64};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t h[8] = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210,
                               0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff};
        uint32_t expected[8];
        uint8_t end[64] = {0x80}, digest[MAX_SIZE];
        cosfast_context ctx;
        CHECK(cosfast_import(&ctx, algorithm, h, lengths[i], NULL));
        cosfast_digest(&ctx, digest);
        for (int byte = 0; byte < 8; byte++) {
            end[63 - byte] = (uint8_t)(lengths[i] * 8 >> (8 * byte));
        }
        memcpy(expected, h, sizeof h);
        reference_compress(algorithm, expected, end, 1);
        for (size_t byte = 0; byte < reference_size(algorithm); byte++) {
            CHECK(digest[byte] == (uint8_t)(expected[byte / 4] >> (24 - 8 * (byte % 4))));
        }
    }
}

static void nothing_changes_nothing(cosfast_algorithm algorithm) {
    cosfast_context ctx, before;
    cosfast_init(&ctx, algorithm);
    cosfast_update(&ctx, "abcde", 5);
    before = ctx;
    cosfast_update(&ctx, NULL, 0);
    cosfast_update(&ctx, "", 0);
    CHECK(memcmp(&ctx, &before, sizeof ctx) == 0);
}

/* Up to 2^61 - 1 bytes, and not one more, whatever is pending. */
static void update_refuses_long(cosfast_algorithm algorithm) {
    const uint64_t most = (UINT64_C(1) << 61) - 1;
    uint8_t data[200] = {0};
    for (size_t left = 0; left < 130; left++) {
        cosfast_context ctx, before;
        const uint32_t h[8] = {1, 2, 3, 4, 5, 6, 7, 8};
        CHECK(cosfast_import(&ctx, algorithm, h, most - left, data));
        before = ctx;
        CHECK(!cosfast_update(&ctx, data, left + 1));
        CHECK(!cosfast_update(&ctx, data, left + 64));
        CHECK(!cosfast_update(&ctx, data, SIZE_MAX));
        CHECK(memcmp(&ctx, &before, sizeof ctx) == 0);
        CHECK(cosfast_update(&ctx, data, left));
        CHECK(ctx.length == most);
        CHECK(cosfast_update(&ctx, NULL, 0));
        CHECK(!cosfast_update(&ctx, data, 1));
    }
}

/* Random pieces, among them long ones and unaligned ones. */
static void random_pieces(cosfast_algorithm algorithm, size_t kernel) {
    enum { SIZE = 1 << 14 };
    uint8_t *data = malloc(SIZE);
    rng r = {3 + kernel};
    if (data == NULL) {
        abort();
    }
    rng_fill(&r, data, SIZE);
    for (size_t n = 0; n < random_cases() / 20; n++) {
        size_t start = rng_below(&r, 100), len = rng_below(&r, SIZE - start), done = 0;
        uint8_t digest[MAX_SIZE], expected[MAX_SIZE];
        cosfast_context ctx;
        cosfast_init(&ctx, algorithm);
        while (done < len) {
            size_t most = rng_below(&r, 2) ? 70 : len - done;
            size_t piece = 1 + rng_below(&r, most < len - done ? most : len - done);
            cosfast_update(&ctx, data + start + done, piece);
            done += piece;
        }
        CHECK(digest_is(algorithm, &ctx, data + start, len));
        cosfast_hash(algorithm, data + start, len, digest);
        reference_digest(algorithm, data + start, len, expected);
        CHECK(memcmp(digest, expected, reference_size(algorithm)) == 0);
    }
    free(data);
}

/* The state that a caller sees: words, length, algorithm. */
static void fields(cosfast_algorithm algorithm) {
    uint32_t h[COSFAST_MAX_WORDS];
    uint8_t data[130] = {1, 2, 3};
    cosfast_context ctx;
    reference_initial(algorithm, h);
    cosfast_init(&ctx, algorithm);
    CHECK(cosfast_digest_size(algorithm) == reference_size(algorithm));
    CHECK(ctx.length == 0 && ctx.algorithm == algorithm);
    CHECK(memcmp(ctx.h, h, reference_size(algorithm)) == 0);
    cosfast_update(&ctx, data, sizeof data);
    reference_compress(algorithm, h, data, 2);
    CHECK(ctx.length == 130 && ctx.algorithm == algorithm);
    CHECK(memcmp(ctx.h, h, reference_size(algorithm)) == 0);
    CHECK(memcmp(ctx.pending, data + 128, 2) == 0);
}

void test_context(void) {
    run_test_of_algorithms("fields of a context", fields);
    run_test_of_kernels("known answers", known_answers);
    run_test_of_kernels("lengths around block edges", block_edges);
    run_test_of_kernels("export and import at any byte", export_and_import);
    run_test_of_algorithms("import refuses 2^61 bytes", import_refuses_long);
    run_test_of_algorithms("update refuses 2^61 bytes", update_refuses_long);
    run_test_of_algorithms("lengths past 32 bits", long_lengths);
    run_test_of_algorithms("updates of nothing", nothing_changes_nothing);
    run_test_of_kernels("updates in random pieces", random_pieces);
}
