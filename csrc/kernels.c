/* The table of kernels, and which of them are in use. */
#include <string.h>

#include "impl.h"

/* The functions of a row; empty in a build for another architecture. */
#if COSFAST_X86
#define X86(...) __VA_ARGS__
#else
#define X86(...)                                                                                   \
    { 0, 0, NULL }
#endif

#if COSFAST_ARM64
#define ARM64(...) __VA_ARGS__
#else
#define ARM64(...)                                                                                 \
    { 0, 0, NULL }
#endif

/*
 * From the plainest upward: of the rows that this machine runs, the last is the best for many
 * streams, and the last that takes one stream is the best for that. The rates, for SHA-1 and for
 * SHA-256, say below how many streams a narrower kernel is faster. `make bench` measured them on a
 * Zen 3, and those of SHA-1 on a Zen 5. The AVX-512 units of a Zen 4 are half as wide as a Zen 5's:
 * the rates of avx512 lie between the two, so that neither machine loses much. Those of armce are
 * estimates.
 */
/* clang-format off */
const kernel cosfast_kernels[] = {
    {"portable", 0, {
        {{1, 1150, cosfast_sha1_compress1_portable}},
        {{1, 400, cosfast_sha256_compress1_portable}}}},
    {"avx2", CPU_AVX2, {
        {X86({8, 3700, cosfast_sha1_compress8_avx2})},
        {X86({8, 1600, cosfast_sha256_compress8_avx2})}}},
    {"shani", CPU_SHANI, {
        {X86({1, 2000, cosfast_sha1_compress1_shani}, {2, 3500, cosfast_sha1_compress2_shani},
             {3, 4500, cosfast_sha1_compress3_shani}, {4, 5200, cosfast_sha1_compress4_shani})},
        {X86({1, 1700, cosfast_sha256_compress1_shani}, {2, 3250, cosfast_sha256_compress2_shani},
             {3, 3600, cosfast_sha256_compress3_shani}, {4, 3650, cosfast_sha256_compress4_shani})}}},
    {"avx512", CPU_AVX512, {
        {X86({16, 9600, cosfast_sha1_compress16_avx512})},
        {X86({16, 5100, cosfast_sha256_compress16_avx512})}}},
    {"armce", CPU_ARMCE, {
        {ARM64({1, 2000, cosfast_sha1_compress1_armce}, {2, 3000, cosfast_sha1_compress2_armce},
               {3, 3600, cosfast_sha1_compress3_armce}, {4, 4000, cosfast_sha1_compress4_armce})},
        {ARM64({1, 2000, cosfast_sha256_compress1_armce}, {2, 2800, cosfast_sha256_compress2_armce},
               {3, 3000, cosfast_sha256_compress3_armce}, {4, 3000, cosfast_sha256_compress4_armce})}}},
};
/* clang-format on */

#define KERNELS (sizeof cosfast_kernels / sizeof cosfast_kernels[0])

/* The widths of SHA-1 stand for both algorithms. */
static bool built(const kernel *kernel) { return kernel->lanes[COSFAST_SHA1][0].width > 0; }

static bool takes_one(const kernel *kernel) { return kernel->lanes[COSFAST_SHA1][0].width == 1; }

static bool supported(const kernel *kernel) {
    return built(kernel) && (kernel->needs & ~cosfast_cpu_features()) == 0;
}

/* A choice packed in one number, so that a thread never sees half of one; 0: not made yet. */
typedef unsigned packed_choice;

static packed_choice pack(size_t one, size_t many) {
    return (packed_choice)(1u << 16 | one << 8 | many);
}

#if defined(__STDC_NO_ATOMICS__) /* Visual C++ */

#include <intrin.h>

static volatile long published;

static packed_choice load_choice(void) { return (packed_choice)_InterlockedOr(&published, 0); }
static void publish(packed_choice choice) { _InterlockedExchange(&published, (long)choice); }
static void publish_first(packed_choice choice) {
    _InterlockedCompareExchange(&published, (long)choice, 0);
}

#else

#include <stdatomic.h>

static _Atomic packed_choice published;

/* The choice is one number that points at constant data: no other memory needs ordering. */
static packed_choice load_choice(void) {
    return atomic_load_explicit(&published, memory_order_relaxed);
}

static void publish(packed_choice choice) {
    atomic_store_explicit(&published, choice, memory_order_relaxed);
}

/* Of a race between first uses and cosfast_select, the latter wins. */
static void publish_first(packed_choice choice) {
    packed_choice none = 0;
    atomic_compare_exchange_strong_explicit(&published, &none, choice, memory_order_relaxed,
                                            memory_order_relaxed);
}

#endif

static packed_choice best(void) {
    size_t one = 0, many = 0;
    for (size_t i = 1; i < KERNELS; i++) {
        if (supported(&cosfast_kernels[i])) {
            one = takes_one(&cosfast_kernels[i]) ? i : one;
            many = i;
        }
    }
    return pack(one, many);
}

static packed_choice current(void) {
    packed_choice choice = load_choice();
    if (choice == 0) {
        publish_first(best());
        choice = load_choice();
    }
    return choice;
}

kernel_choice cosfast_kernel_chosen(void) {
    packed_choice choice = current();
    return (kernel_choice){&cosfast_kernels[choice >> 8 & 0xff], &cosfast_kernels[choice & 0xff]};
}

size_t cosfast_kernel_count(void) { return KERNELS; }

const char *cosfast_kernel_name(size_t kernel) {
    return kernel < KERNELS ? cosfast_kernels[kernel].name : NULL;
}

bool cosfast_kernel_built(size_t kernel) {
    return kernel < KERNELS && built(&cosfast_kernels[kernel]);
}

bool cosfast_kernel_supported(size_t kernel) {
    return kernel < KERNELS && supported(&cosfast_kernels[kernel]);
}

size_t cosfast_kernel_one(void) { return current() >> 8 & 0xff; }

size_t cosfast_kernel_many(void) { return current() & 0xff; }

int cosfast_select(const char *name) {
    if (name == NULL) {
        publish(best());
        return COSFAST_SELECTED;
    }
    for (size_t i = 0; i < KERNELS; i++) {
        if (strcmp(cosfast_kernels[i].name, name) != 0) {
            continue;
        }
        if (!supported(&cosfast_kernels[i])) {
            return COSFAST_KERNEL_UNSUPPORTED;
        }
        publish(pack(takes_one(&cosfast_kernels[i]) ? i : 0, i));
        return COSFAST_SELECTED;
    }
    return COSFAST_KERNEL_UNKNOWN;
}
