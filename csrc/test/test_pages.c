/* Input right up against pages that cannot be read, behind it and before it: a read outside of it
 * by as much as one byte ends the program. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "../impl.h"
#include "check.h"
#include "reference.h"

/* The most bytes of input that a case uses. */
enum { MOST = 3 * 64 };

#if defined(_WIN32)

static size_t page_size(void) {
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}

/* A page to use between two that cannot be read. */
static uint8_t *fenced_page(size_t page) {
    uint8_t *pages = VirtualAlloc(NULL, 3 * page, MEM_RESERVE, PAGE_NOACCESS);
    if (pages == NULL || VirtualAlloc(pages + page, page, MEM_COMMIT, PAGE_READWRITE) == NULL) {
        abort();
    }
    return pages + page;
}

#else

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* A page to use between two that cannot be read. */
static uint8_t *fenced_page(size_t page) {
    uint8_t *pages =
        mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages, page, PROT_NONE) != 0 ||
        mprotect(pages + 2 * page, page, PROT_NONE) != 0) {
        abort();
    }
    return pages + page;
}

#endif

static struct {
    size_t size;
    uint8_t *page[MAX_LANES];
} fenced;

static void make_pages(void) {
    rng r = {60};
    if (fenced.size > 0) {
        return;
    }
    fenced.size = page_size();
    for (size_t i = 0; i < MAX_LANES; i++) {
        fenced.page[i] = fenced_page(fenced.size);
        rng_fill(&r, fenced.page[i], fenced.size);
    }
}

/* The last len bytes of a page, or its first. */
static const uint8_t *at_fence(size_t page, size_t len, bool at_end) {
    return fenced.page[page] + (at_end ? fenced.size - len : 0);
}

static void check_lanes(cosfast_algorithm algorithm, const lane_kernel *lanes, size_t blocks,
                        bool at_end) {
    uint32_t state[MAX_LANES][MAX_WORDS], *h[MAX_LANES];
    const uint8_t *from[MAX_LANES];
    for (size_t i = 0; i < lanes->width; i++) {
        h[i] = memcpy(state[i], cosfast_algorithms[algorithm].initial, sizeof state[i]);
        from[i] = at_fence(i, blocks * BLOCK_SIZE, at_end);
    }
    lanes->compress(h, from, blocks);
    for (size_t i = 0; i < lanes->width; i++) {
        uint32_t expected[MAX_WORDS];
        memcpy(expected, cosfast_algorithms[algorithm].initial, sizeof expected);
        reference_compress(algorithm, expected, from[i], blocks);
        CHECK(memcmp(state[i], expected, sizeof expected) == 0);
    }
}

static void lanes_at_fences(cosfast_algorithm algorithm, size_t kernel) {
    const lane_kernel *lanes = cosfast_kernels[kernel].lanes[algorithm];
    make_pages();
    for (size_t i = 0; i < LANE_CHOICES && lanes[i].width > 0; i++) {
        for (size_t blocks = 0; blocks <= MOST / BLOCK_SIZE; blocks++) {
            check_lanes(algorithm, &lanes[i], blocks, false);
            check_lanes(algorithm, &lanes[i], blocks, true);
        }
    }
}

static void update_at_fences(cosfast_algorithm algorithm, size_t kernel) {
    (void)kernel;
    make_pages();
    for (size_t len = 0; len <= MOST; len++) {
        for (int at_end = 0; at_end <= 1; at_end++) {
            const uint8_t *from = at_fence(0, len, at_end);
            uint8_t digest[MAX_SIZE], expected[MAX_SIZE];
            cosfast_context ctx;
            cosfast_init(&ctx, algorithm);
            cosfast_update(&ctx, from, len);
            cosfast_digest(&ctx, digest);
            reference_digest(algorithm, from, len, expected);
            CHECK(memcmp(digest, expected, reference_size(algorithm)) == 0);
            cosfast_hash(algorithm, from, len, digest);
            CHECK(memcmp(digest, expected, reference_size(algorithm)) == 0);
        }
    }
}

/* Messages of different lengths at once, each at a fence of its own. */
static void messages_at_fences(cosfast_algorithm algorithm, size_t kernel) {
    (void)kernel;
    make_pages();
    for (size_t longest = 0; longest <= MOST; longest++) {
        const uint8_t *from[MAX_LANES];
        size_t len[MAX_LANES];
        uint8_t digests[MAX_LANES * MAX_SIZE];
        for (size_t i = 0; i < MAX_LANES; i++) {
            len[i] = longest >= i ? longest - i : 0;
            from[i] = at_fence(i, len[i], (longest + i) % 4 > 0);
        }
        cosfast_hash_many(algorithm, from, len, MAX_LANES, digests);
        for (size_t i = 0; i < MAX_LANES; i++) {
            uint8_t expected[MAX_SIZE];
            reference_digest(algorithm, from[i], len[i], expected);
            const size_t size = reference_size(algorithm);
            CHECK(memcmp(digests + i * size, expected, size) == 0);
        }
    }
}

/* A context that ends at a fence: no kernel writes or reads past the state it was given. */
static void context_at_fence(cosfast_algorithm algorithm, size_t kernel) {
    uint8_t *end, digest[MAX_SIZE], expected[MAX_SIZE];
    (void)kernel;
    make_pages();
    end = fenced.page[0] + fenced.size;
    cosfast_context *ctx = (cosfast_context *)(void *)(end - sizeof *ctx);
    cosfast_init(ctx, algorithm);
    cosfast_update(ctx, fenced.page[1], MOST + 1);
    cosfast_digest(ctx, digest);
    reference_digest(algorithm, fenced.page[1], MOST + 1, expected);
    CHECK(memcmp(digest, expected, reference_size(algorithm)) == 0);
}

void test_pages(void) {
    run_test_of_kernels("lanes at unreadable pages", lanes_at_fences);
    run_test_of_kernels("update at unreadable pages", update_at_fences);
    run_test_of_kernels("messages at unreadable pages", messages_at_fences);
    run_test_of_kernels("context at an unreadable page", context_at_fence);
}
