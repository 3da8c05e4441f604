/* GB/s of every kernel that this machine runs, beside what its dependency chain allows. Each figure
 * is the best of several rounds on one thread. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../impl.h"
#include "chain.h"

enum { BUFFERS = 64, BUFFER = 1 << 20, SMALL = 1 << 14, ROUNDS = 9 };

static cosfast_algorithm algorithm;
static uint8_t *data;
static cosfast_stream streams[BUFFERS];
static volatile unsigned sink;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* GB/s of the work, which takes in that many bytes. */
static double rate(void (*work)(const void *), const void *argument, double bytes) {
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds(), took;
        work(argument);
        took = seconds() - start;
        best = took < best ? took : best;
    }
    return bytes / best / 1e9;
}

static void hash_one(const void *unused) {
    cosfast_context ctx;
    (void)unused;
    cosfast_init(&ctx, algorithm);
    cosfast_update(&ctx, data, (size_t)BUFFERS * BUFFER);
    sink = ctx.h[0];
}

static void hash_many(const void *unused) {
    (void)unused;
    cosfast_compress_many(algorithm, streams, BUFFERS);
    sink = streams[0].h[0];
}

/* One kernel at its full width, on inputs that stay in the nearer caches. */
enum { REPEATS = 64 };
static void hash_lanes(const void *argument) {
    const lane_kernel *lanes = argument;
    uint32_t *h[MAX_LANES];
    const uint8_t *from[MAX_LANES];
    for (size_t i = 0; i < lanes->width; i++) {
        h[i] = streams[i].h;
        from[i] = data + i * (SMALL + BLOCK_SIZE);
    }
    for (int i = 0; i < REPEATS; i++) {
        lanes->compress(h, from, SMALL / BLOCK_SIZE);
    }
}

/* Small files, whole: 1,024 messages of 16 KiB and of 64 bytes. */
enum { MESSAGES = 1024 };
static void hash_messages(const void *argument) {
    static const uint8_t *from[MESSAGES];
    static size_t len[MESSAGES];
    static uint8_t digests[MESSAGES * COSFAST_MAX_DIGEST_SIZE];
    for (size_t i = 0; i < MESSAGES; i++) {
        len[i] = *(const size_t *)argument;
        from[i] = data + i * len[i];
    }
    cosfast_hash_many(algorithm, from, len, MESSAGES, digests);
    sink = digests[0];
}

static void run_chain(const void *argument) { sink = ((const chain *)argument)->run(100000); }

static void bench_chains(void) {
    const chain *first = algorithm == COSFAST_SHA1 ? chains : sha256_chains;
    for (const chain *c = first; c->name != NULL; c++) {
        if (cosfast_select(c->kernel) == COSFAST_SELECTED) {
            printf("limit        %-8s %6.2f  %s\n", c->kernel,
                   rate(run_chain, c, 1e5 * BLOCK_SIZE * (double)c->streams), c->name);
        }
    }
}

static void bench_lanes(const kernel *kernel) {
    for (size_t i = 0; i < LANE_CHOICES && kernel->lanes[algorithm][i].width > 0; i++) {
        const lane_kernel *lanes = &kernel->lanes[algorithm][i];
        printf("%2zu lanes     %-8s %6.2f  in cache\n", lanes->width, kernel->name,
               rate(hash_lanes, lanes, (double)lanes->width * SMALL * REPEATS));
    }
}

static void bench_operations(const char *name) {
    const size_t small = SMALL, tiny = BLOCK_SIZE;
    printf("one stream   %-8s %6.2f  64 MiB\n", name,
           rate(hash_one, NULL, (double)BUFFERS * BUFFER));
    printf("many streams %-8s %6.2f  64 x 1 MiB\n", name,
           rate(hash_many, NULL, (double)BUFFERS * BUFFER));
    printf("messages     %-8s %6.2f  1,024 x 16 KiB\n", name,
           rate(hash_messages, &small, 1.0 * MESSAGES * SMALL));
    printf("messages     %-8s %6.2f  1,024 x 64 bytes\n", name,
           rate(hash_messages, &tiny, 1.0 * MESSAGES * BLOCK_SIZE));
}

static void bench_algorithm(void) {
    bench_chains();
    for (size_t i = 0; i < cosfast_kernel_count(); i++) {
        if (cosfast_kernel_supported(i)) {
            cosfast_select(cosfast_kernel_name(i));
            bench_lanes(&cosfast_kernels[i]);
            bench_operations(cosfast_kernel_name(i));
        }
    }
    cosfast_select(NULL);
    bench_operations("best");
}

int main(void) {
    data = malloc((size_t)BUFFERS * BUFFER);
    if (data == NULL) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < (size_t)BUFFERS * BUFFER; i++) {
        data[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    for (size_t i = 0; i < BUFFERS; i++) {
        streams[i].data = data + i * BUFFER;
        streams[i].blocks = BUFFER / BLOCK_SIZE;
    }
    for (int i = 0; i < COSFAST_ALGORITHMS; i++) {
        algorithm = (cosfast_algorithm)i;
        printf("%s\noperation    kernel     GB/s\n", i == COSFAST_SHA1 ? "SHA-1" : "\nSHA-256");
        bench_algorithm();
    }
    free(data);
    return EXIT_SUCCESS;
}
