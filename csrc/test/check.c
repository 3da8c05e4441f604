#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const char *const ALGORITHM_NAMES[COSFAST_ALGORITHMS] = {
    [COSFAST_SHA1] = "SHA-1",
    [COSFAST_SHA256] = "SHA-256",
};

void run_test_of_algorithms(const char *name, void (*test)(cosfast_algorithm algorithm)) {
    for (int i = 0; i < COSFAST_ALGORITHMS; i++) {
        tally.failures_here = 0;
        test((cosfast_algorithm)i);
        count_result(name, ALGORITHM_NAMES[i]);
    }
}

static void run_test_of_kernel(const char *name, void (*test)(cosfast_algorithm, size_t),
                               size_t kernel) {
    for (int i = 0; i < COSFAST_ALGORITHMS; i++) {
        char of[64];
        snprintf(of, sizeof of, "%s, %s", ALGORITHM_NAMES[i], cosfast_kernel_name(kernel));
        tally.failures_here = 0;
        CHECK(cosfast_select(cosfast_kernel_name(kernel)) == COSFAST_SELECTED);
        test((cosfast_algorithm)i, kernel);
        CHECK(cosfast_select(NULL) == COSFAST_SELECTED);
        count_result(name, of);
    }
}

void run_test_of_kernels(const char *name, void (*test)(cosfast_algorithm, size_t kernel)) {
    for (size_t i = 0; i < cosfast_kernel_count(); i++) {
        const char *only = getenv("KERNEL");
        if (!cosfast_kernel_built(i) ||
            (only != NULL && strcmp(only, cosfast_kernel_name(i)) != 0)) {
            continue;
        }
        if (cosfast_kernel_supported(i)) {
            run_test_of_kernel(name, test, i);
        } else {
            skip_test(name, cosfast_kernel_name(i), "this CPU lacks it");
        }
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

void rng_state(rng *r, uint32_t h[COSFAST_MAX_WORDS]) {
    for (int i = 0; i < COSFAST_MAX_WORDS; i++) {
        h[i] = (uint32_t)rng_next(r);
    }
}
