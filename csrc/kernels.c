/* The table of kernels, and which of them are in use. */
#include <string.h>

#include "sha1_impl.h"

#if SHA1_X86
#define X86_ONE(compress) compress
#define X86_MANY(...)                                                                              \
    { __VA_ARGS__ }
#else
#define X86_ONE(compress) NULL
#define X86_MANY(...)                                                                              \
    {                                                                                              \
        { 0, 0, NULL }                                                                             \
    }
#endif

#if SHA1_ARM64
#define ARM64_ONE(compress) compress
#define ARM64_MANY(...)                                                                            \
    { __VA_ARGS__ }
#else
#define ARM64_ONE(compress) NULL
#define ARM64_MANY(...)                                                                            \
    {                                                                                              \
        { 0, 0, NULL }                                                                             \
    }
#endif

/*
 * From the plainest upward: of the rows that this machine runs, the last that has an operation is
 * the best for it. The rates say below how many streams a narrower kernel is faster; they were
 * measured by `make -C csrc bench` on a Zen 5, those of armce estimated.
 */
/* clang-format off */
const sha1_kernel sha1_kernels[] = {
    {"portable", 0, sha1_compress_portable, {{1, 1150, sha1_many1_portable}}},
    {"avx2", CPU_AVX2, NULL, X86_MANY({8, 3700, sha1_many8_avx2})},
    {"shani", CPU_SHANI, X86_ONE(sha1_compress_shani),
        X86_MANY({4, 5200, sha1_many4_shani}, {3, 4500, sha1_many3_shani},
                 {2, 3500, sha1_many2_shani}, {1, 2000, sha1_many1_shani})},
    {"avx512", CPU_AVX512, NULL, X86_MANY({16, 11000, sha1_many16_avx512})},
    {"armce", CPU_ARMCE, ARM64_ONE(sha1_compress_armce),
        ARM64_MANY({4, 4000, sha1_many4_armce}, {3, 3600, sha1_many3_armce},
                   {2, 3000, sha1_many2_armce}, {1, 2000, sha1_many1_armce})},
};
/* clang-format on */

#define KERNELS (sizeof sha1_kernels / sizeof sha1_kernels[0])

static bool built(const sha1_kernel *kernel) { return kernel->lanes[0].width > 0; }

static bool supported(const sha1_kernel *kernel) {
    return built(kernel) && (kernel->needs & ~sha1_cpu_features()) == 0;
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
        if (supported(&sha1_kernels[i])) {
            one = sha1_kernels[i].compress != NULL ? i : one;
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

sha1_choice sha1_chosen(void) {
    packed_choice choice = current();
    return (sha1_choice){&sha1_kernels[choice >> 8 & 0xff], &sha1_kernels[choice & 0xff]};
}

size_t cosfast_kernel_count(void) { return KERNELS; }

const char *cosfast_kernel_name(size_t kernel) {
    return kernel < KERNELS ? sha1_kernels[kernel].name : NULL;
}

bool cosfast_kernel_built(size_t kernel) {
    return kernel < KERNELS && built(&sha1_kernels[kernel]);
}

bool cosfast_kernel_supported(size_t kernel) {
    return kernel < KERNELS && supported(&sha1_kernels[kernel]);
}

size_t cosfast_kernel_one(void) { return current() >> 8 & 0xff; }

size_t cosfast_kernel_many(void) { return current() & 0xff; }

int cosfast_select(const char *name) {
    if (name == NULL) {
        publish(best());
        return COSFAST_SELECTED;
    }
    for (size_t i = 0; i < KERNELS; i++) {
        if (strcmp(sha1_kernels[i].name, name) != 0) {
            continue;
        }
        if (!supported(&sha1_kernels[i])) {
            return COSFAST_KERNEL_UNSUPPORTED;
        }
        publish(pack(sha1_kernels[i].compress != NULL ? i : 0, i));
        return COSFAST_SELECTED;
    }
    return COSFAST_KERNEL_UNKNOWN;
}
