/* Threads: all of them hash first at the same moment, while another chooses a kernel; then they
 * work side by side. ThreadSanitizer watches. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../cosfast.h"
#include "check.h"
#include "reference.h"

enum { THREADS = 8, MESSAGES = 20, LONGEST = 5 * MESSAGES + THREADS, ROUNDS = 200 };

static uint8_t data[MESSAGES * LONGEST];
static atomic_size_t ready; /* threads that wait for the others */

typedef struct {
    pthread_t thread;
    size_t number;
    size_t wrong;
} worker;

static size_t wrong_digests(cosfast_algorithm algorithm, size_t number) {
    const uint8_t *messages[MESSAGES];
    size_t len[MESSAGES], wrong = 0;
    uint8_t digests[MESSAGES * MAX_SIZE], expected[MAX_SIZE];
    const size_t size = reference_size(algorithm);
    cosfast_context ctx;
    for (size_t i = 0; i < MESSAGES; i++) {
        len[i] = 5 * i + number;
        messages[i] = data + LONGEST * i;
    }
    cosfast_hash_many(algorithm, messages, len, MESSAGES, digests);
    for (size_t i = 0; i < MESSAGES; i++) {
        reference_digest(algorithm, messages[i], len[i], expected);
        wrong += memcmp(digests + i * size, expected, size) != 0;
    }
    cosfast_init(&ctx, algorithm);
    cosfast_update(&ctx, data, sizeof data);
    cosfast_digest(&ctx, digests);
    reference_digest(algorithm, data, sizeof data, expected);
    return wrong + (memcmp(digests, expected, size) != 0);
}

/* POSIX's barriers are optional, and macOS has none. */
static void wait_for_all(void) {
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < THREADS) {
        sched_yield();
    }
}

static void *hash(void *argument) {
    worker *me = argument;
    wait_for_all();
    for (int round = 0; round < ROUNDS; round++) {
        me->wrong += wrong_digests(COSFAST_SHA1, me->number);
        me->wrong += wrong_digests(COSFAST_SHA256, me->number);
    }
    return NULL;
}

static void *choose(void *argument) {
    worker *me = argument;
    wait_for_all();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < cosfast_kernel_count(); i++) {
            int expected =
                cosfast_kernel_supported(i) ? COSFAST_SELECTED : COSFAST_KERNEL_UNSUPPORTED;
            me->wrong += cosfast_select(cosfast_kernel_name(i)) != expected;
        }
    }
    me->wrong += cosfast_select(NULL) != COSFAST_SELECTED;
    return NULL;
}

/* `others` is what the last thread does; the rest hash. */
static void run_threads(void *(*others)(void *)) {
    worker workers[THREADS] = {{0}};
    rng r = {70};
    rng_fill(&r, data, sizeof data);
    atomic_store(&ready, 0);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, i + 1 < THREADS ? hash : others,
                           &workers[i]) != 0) {
            abort();
        }
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
        CHECK(workers[i].wrong == 0);
    }
}

static void first_use(void) { run_threads(hash); }
static void choice_under_way(void) { run_threads(choose); }

void test_threads(void) {
    run_test("threads that hash first at once", NULL, first_use);
    run_test("threads that hash while one chooses kernels", NULL, choice_under_way);
}
