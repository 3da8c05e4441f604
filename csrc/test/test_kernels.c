/* Every kernel alone against the portable one, and that one against the reference. */
#include <string.h>

#include "../impl.h"
#include "check.h"
#include "reference.h"

enum { MAX_BLOCKS = 9, ROOM = 1 << 13 };

static uint8_t data[ROOM]; /* random, from which the cases take their blocks, at any alignment */

static const uint8_t *random_blocks(rng *r, size_t blocks) {
    return data + rng_below(r, ROOM - blocks * BLOCK_SIZE + 1);
}

static void portable(cosfast_algorithm algorithm, uint32_t *h, const uint8_t *from, size_t blocks) {
    cosfast_kernels[0].lanes[algorithm][0].compress(&h, &from, blocks);
}

static void portable_is_right(cosfast_algorithm algorithm) {
    rng r = {10};
    rng_fill(&r, data, sizeof data);
    for (size_t n = 0; n < random_cases(); n++) {
        size_t blocks = rng_below(&r, MAX_BLOCKS + 1);
        const uint8_t *from = random_blocks(&r, blocks);
        uint32_t h[MAX_WORDS], expected[MAX_WORDS];
        rng_state(&r, h);
        memcpy(expected, h, sizeof h);
        portable(algorithm, h, from, blocks);
        reference_compress(algorithm, expected, from, blocks);
        CHECK(memcmp(h, expected, sizeof h) == 0);
    }
}

static void one_stream(cosfast_algorithm algorithm, size_t kernel) {
    compress_fn *compress = cosfast_kernel_chosen().one->lanes[algorithm][0].compress;
    rng r = {20 + kernel};
    rng_fill(&r, data, sizeof data);
    for (size_t n = 0; n < random_cases(); n++) {
        size_t blocks = rng_below(&r, MAX_BLOCKS + 1);
        const uint8_t *from = random_blocks(&r, blocks);
        uint32_t h[MAX_WORDS], expected[MAX_WORDS], *state = h;
        rng_state(&r, h);
        memcpy(expected, h, sizeof h);
        compress(&state, &from, blocks);
        portable(algorithm, expected, from, blocks);
        CHECK(memcmp(h, expected, sizeof h) == 0);
    }
}

static void check_lanes(cosfast_algorithm algorithm, const lane_kernel *lanes, rng *r) {
    size_t blocks = rng_below(r, MAX_BLOCKS + 1);
    uint32_t state[MAX_LANES][MAX_WORDS], expected[MAX_LANES][MAX_WORDS];
    uint32_t *h[MAX_LANES];
    const uint8_t *from[MAX_LANES];
    for (size_t i = 0; i < lanes->width; i++) {
        h[i] = state[i];
        from[i] = random_blocks(r, blocks);
        rng_state(r, state[i]);
    }
    memcpy(expected, state, sizeof state[0] * lanes->width);
    lanes->compress(h, from, blocks);
    for (size_t i = 0; i < lanes->width; i++) {
        portable(algorithm, expected[i], from[i], blocks);
    }
    CHECK(memcmp(state, expected, sizeof state[0] * lanes->width) == 0);
}

static void every_lane_count(cosfast_algorithm algorithm, size_t kernel) {
    const lane_kernel *lanes = cosfast_kernels[kernel].lanes[algorithm];
    rng r = {30 + kernel};
    rng_fill(&r, data, sizeof data);
    for (size_t i = 0; i < LANE_CHOICES && lanes[i].width > 0; i++) {
        CHECK(lanes[i].width <= MAX_LANES);
        for (size_t n = 0; n < random_cases(); n++) {
            check_lanes(algorithm, &lanes[i], &r);
        }
    }
}

void test_kernels(void) {
    run_test_of_algorithms("portable kernel against the reference", portable_is_right);
    run_test_of_kernels("one stream against portable", one_stream);
    run_test_of_kernels("lanes against portable", every_lane_count);
}
