/* The table of kernels and the choice among them. */
#include <string.h>

#include "../impl.h"
#include "check.h"

static void best_kernels(void) {
    CHECK(cosfast_select(NULL) == COSFAST_SELECTED);
    for (size_t i = 0; i < cosfast_kernel_count(); i++) {
        if (!cosfast_kernel_supported(i)) {
            CHECK(cosfast_kernel_one() != i && cosfast_kernel_many() != i);
            continue;
        }
        CHECK(cosfast_kernel_built(i));
        CHECK(cosfast_kernel_many() >= i);
        CHECK(cosfast_kernels[i].lanes[COSFAST_SHA1][0].width != 1 || cosfast_kernel_one() >= i);
    }
}

static void forced(cosfast_algorithm algorithm, size_t kernel) {
    (void)algorithm;
    CHECK(cosfast_kernel_many() == kernel);
    CHECK(cosfast_kernel_one() ==
          (cosfast_kernels[kernel].lanes[COSFAST_SHA1][0].width == 1 ? kernel : 0));
}

static void refused_names(void) {
    CHECK(cosfast_select("portable") == COSFAST_SELECTED);
    CHECK(cosfast_select("") == COSFAST_KERNEL_UNKNOWN);
    CHECK(cosfast_select("Portable") == COSFAST_KERNEL_UNKNOWN);
    CHECK(cosfast_select("avx") == COSFAST_KERNEL_UNKNOWN);
    for (size_t i = 0; i < cosfast_kernel_count(); i++) {
        if (!cosfast_kernel_supported(i)) {
            CHECK(cosfast_select(cosfast_kernel_name(i)) == COSFAST_KERNEL_UNSUPPORTED);
        }
    }
    CHECK(cosfast_kernel_one() == 0 && cosfast_kernel_many() == 0);
    CHECK(cosfast_select(NULL) == COSFAST_SELECTED);
}

static void version(void) { CHECK(strcmp(cosfast_version(), COSFAST_VERSION) == 0); }

static void table(void) {
    size_t count = cosfast_kernel_count();
    CHECK(count > 0 && strcmp(cosfast_kernel_name(0), "portable") == 0);
    CHECK(cosfast_kernel_supported(0));
    CHECK(cosfast_kernel_name(count) == NULL);
    CHECK(!cosfast_kernel_built(count) && !cosfast_kernel_supported(count));
    for (size_t i = 0; i < count; i++) {
        CHECK(cosfast_kernel_name(i) != NULL);
        for (size_t j = 0; j < LANE_CHOICES; j++) {
            CHECK(cosfast_kernels[i].lanes[COSFAST_SHA1][j].width ==
                  cosfast_kernels[i].lanes[COSFAST_SHA256][j].width);
        }
        for (size_t j = 0; j < i; j++) {
            CHECK(strcmp(cosfast_kernel_name(i), cosfast_kernel_name(j)) != 0);
        }
    }
}

/* A feature that we fail to see would skip its kernel's tests without a word. */
static void features_as_the_compiler_sees_them(void) {
#if COSFAST_X86 && defined(__GNUC__)
    unsigned features = cosfast_cpu_features();
    CHECK(((features & CPU_AVX2) != 0) == (__builtin_cpu_supports("avx2") != 0));
    CHECK(((features & CPU_AVX512) != 0) ==
          (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")));
#else
    CHECK((cosfast_cpu_features() & (CPU_AVX2 | CPU_AVX512 | CPU_SHANI)) == 0);
#endif
}

/* Kernels of other architectures are skipped once, here, and not by every test. */
static void kernels_of_this_build(void) {
    for (size_t i = 0; i < cosfast_kernel_count(); i++) {
        if (!cosfast_kernel_built(i)) {
            skip_test("all tests", cosfast_kernel_name(i), "not in this build");
        }
    }
}

void test_selection(void) {
    kernels_of_this_build();
    run_test("version", NULL, version);
    run_test("table of kernels", NULL, table);
    run_test("CPU features", NULL, features_as_the_compiler_sees_them);
    run_test("the best kernels by default", NULL, best_kernels);
    run_test("names that are refused", NULL, refused_names);
    run_test_of_kernels("forced kernel", forced);
}
