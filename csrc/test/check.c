#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "../cosfast.h"

static struct {
    size_t passed, failed, skipped;
    size_t failures_here;
} tally;

void check_failed(const char *file, int line, const char *condition) {
    /* The first few tell the story; a broken kernel would print thousands. */
    if (tally.failures_here++ < 5) {
        printf("%s:%d: not so: %s\n", file, line, condition);
    }
}

static void report(const char *result, const char *name, const char *of) {
    printf("%s %s%s%s\n", result, name, of == NULL ? "" : ": ", of == NULL ? "" : of);
    fflush(stdout);
}

static void count_result(const char *name, const char *of) {
    if (tally.failures_here > 0) {
        tally.failed++;
        report("FAIL", name, of);
    } else {
        tally.passed++;
        report("ok  ", name, of);
    }
}

void run_test(const char *name, const char *of, void (*test)(void)) {
    tally.failures_here = 0;
    test();
    count_result(name, of);
}

void skip_test(const char *name, const char *of, const char *reason) {
    tally.skipped++;
    printf("skip (%s) ", reason);
    report("", name, of);
}

void run_test_of_kernels(const char *name, void (*test)(size_t kernel)) {
    for (size_t i = 0; i < cosfast_kernel_count(); i++) {
        const char *kernel = cosfast_kernel_name(i);
        if (!cosfast_kernel_built(i)) {
            continue;
        }
        if (!cosfast_kernel_supported(i)) {
            skip_test(name, kernel, "this CPU lacks it");
            continue;
        }
        tally.failures_here = 0;
        CHECK(cosfast_select(kernel) == COSFAST_SELECTED);
        test(i);
        CHECK(cosfast_select(NULL) == COSFAST_SELECTED);
        count_result(name, kernel);
    }
}

int finish_tests(void) {
    printf("%zu passed, %zu failed, %zu skipped\n", tally.passed, tally.failed, tally.skipped);
    return tally.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

size_t random_cases(void) {
    const char *cases = getenv("CASES");
    return cases != NULL ? (size_t)strtoull(cases, NULL, 10) : 20000;
}

uint64_t rng_next(rng *r) {
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t rng_below(rng *r, size_t end) { return (size_t)(rng_next(r) % end); }

void rng_fill(rng *r, uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(rng_next(r) >> 56);
    }
}

void rng_state(rng *r, uint32_t h[5]) {
    for (int i = 0; i < 5; i++) {
        h[i] = (uint32_t)rng_next(r);
    }
}
