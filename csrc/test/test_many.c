/* Streams and messages of unequal length over the lanes. */
#include <string.h>

#include "../cosfast.h"
#include "check.h"
#include "reference.h"

enum { MOST = 300, ROOM = 1 << 15, MAX_BLOCKS = 200 };

static uint8_t data[ROOM];

/* Lengths as they come in life: all alike, many small, a few large among small, none. */
static size_t random_length(rng *r, size_t mode, size_t most) {
    switch (mode) {
    case 0:
        return most / 3;
    case 1:
        return rng_below(r, 4);
    case 2:
        return rng_below(r, 10) == 0 ? rng_below(r, most) : rng_below(r, 3);
    default:
        return rng_below(r, most);
    }
}

static size_t random_count(rng *r) {
    return rng_below(r, 20) == 0 ? rng_below(r, MOST) : rng_below(r, 40);
}

static void check_streams(cosfast_algorithm algorithm, rng *r) {
    static cosfast_stream streams[MOST], before[MOST];
    size_t count = random_count(r), mode = rng_below(r, 4);
    for (size_t i = 0; i < count; i++) {
        size_t blocks = random_length(r, mode, MAX_BLOCKS / (1 + count / 8));
        rng_state(r, streams[i].h);
        streams[i].blocks = blocks;
        streams[i].data = blocks == 0 ? NULL : data + rng_below(r, ROOM - blocks * 64 + 1);
    }
    memcpy(before, streams, count * sizeof streams[0]);
    cosfast_compress_many(algorithm, streams, count);
    for (size_t i = 0; i < count; i++) {
        reference_compress(algorithm, before[i].h, before[i].data, before[i].blocks);
        CHECK(memcmp(streams[i].h, before[i].h, sizeof before[i].h) == 0);
        CHECK(streams[i].data == before[i].data && streams[i].blocks == before[i].blocks);
    }
}

static void check_messages(cosfast_algorithm algorithm, rng *r) {
    static const uint8_t *messages[MOST];
    static size_t len[MOST];
    static uint8_t digests[(MOST + 1) * MAX_SIZE];
    const size_t size = reference_size(algorithm);
    size_t count = random_count(r), mode = rng_below(r, 4);
    uint8_t expected[MAX_SIZE];
    for (size_t i = 0; i < count; i++) {
        len[i] = random_length(r, mode, 64 * MAX_BLOCKS / (1 + count / 8));
        len[i] += mode == 1 ? 54 : 0; /* where the padding spills into a second block */
        messages[i] = len[i] == 0 ? NULL : data + rng_below(r, ROOM - len[i] + 1);
    }
    memset(digests + count * size, 0x5a, size);
    cosfast_hash_many(algorithm, messages, len, count, digests);
    for (size_t i = 0; i < count; i++) {
        reference_digest(algorithm, messages[i], len[i], expected);
        CHECK(memcmp(digests + i * size, expected, size) == 0);
    }
    memset(expected, 0x5a, size);
    CHECK(memcmp(digests + count * size, expected, size) == 0);
}

static void random_streams(cosfast_algorithm algorithm, size_t kernel) {
    rng r = {40 + kernel};
    rng_fill(&r, data, sizeof data);
    for (size_t n = 0; n < random_cases() / 20; n++) {
        check_streams(algorithm, &r);
    }
}

static void random_messages(cosfast_algorithm algorithm, size_t kernel) {
    rng r = {50 + kernel};
    rng_fill(&r, data, sizeof data);
    for (size_t n = 0; n < random_cases() / 20; n++) {
        check_messages(algorithm, &r);
    }
}

static void none_at_all(cosfast_algorithm algorithm, size_t kernel) {
    uint8_t digest[MAX_SIZE] = {0x5a};
    (void)kernel;
    cosfast_compress_many(algorithm, NULL, 0);
    cosfast_hash_many(algorithm, NULL, NULL, 0, digest);
    CHECK(digest[0] == 0x5a);
}

void test_many(void) {
    run_test_of_kernels("streams of unequal length", random_streams);
    run_test_of_kernels("messages of unequal length", random_messages);
    run_test_of_kernels("no streams, no messages", none_at_all);
}
