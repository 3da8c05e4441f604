/* What this CPU has and this OS lets us use. An instruction set counts only where both agree. */
#include "impl.h"

#if COSFAST_X86

#if COSFAST_GNU
#include <cpuid.h>
#else
#include <immintrin.h>
#include <intrin.h>
#endif

typedef struct {
    uint32_t eax, ebx, ecx, edx;
} cpuid_leaf;

#if COSFAST_GNU

static cpuid_leaf cpuid(uint32_t leaf) {
    cpuid_leaf r = {0, 0, 0, 0};
    __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
    return r;
}

/* XCR0: the register state that the OS saves. Only where CPUID says OSXSAVE. */
static uint64_t saved_by_os(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

#else

static cpuid_leaf cpuid(uint32_t leaf) {
    cpuid_leaf r = {0, 0, 0, 0};
    int words[4];
    __cpuid(words, 0);
    if ((uint32_t)words[0] < leaf) {
        return r;
    }
    __cpuidex(words, (int)leaf, 0);
    r.eax = (uint32_t)words[0];
    r.ebx = (uint32_t)words[1];
    r.ecx = (uint32_t)words[2];
    r.edx = (uint32_t)words[3];
    return r;
}

static uint64_t saved_by_os(void) { return _xgetbv(0); }

#endif

static bool all(uint64_t value, uint64_t bits) { return (value & bits) == bits; }

unsigned cosfast_cpu_features(void) {
    const uint32_t ssse3 = 1u << 9, sse41 = 1u << 19, osxsave = 1u << 27, avx = 1u << 28;
    const uint32_t avx2 = 1u << 5, avx512f = 1u << 16, sha = 1u << 29, avx512bw = 1u << 30;
    const uint64_t ymm = 0x06, zmm = 0xe6;
    cpuid_leaf basic = cpuid(1), extended = cpuid(7);
    uint64_t saved = all(basic.ecx, osxsave) ? saved_by_os() : 0;
    unsigned features = 0;
    if (all(basic.ecx, ssse3 | sse41) && all(extended.ebx, sha)) {
        features |= CPU_SHANI;
    }
    if (all(basic.ecx, avx) && all(extended.ebx, avx2) && all(saved, ymm)) {
        features |= CPU_AVX2;
    }
    if (all(extended.ebx, avx512f | avx512bw) && all(saved, zmm)) {
        features |= CPU_AVX512;
    }
    return features;
}

#elif COSFAST_ARM64

#if defined(_WIN32)
#include <windows.h>
#elif defined(__linux__) || defined(__FreeBSD__)
#include <sys/auxv.h>
#endif

static bool has_sha(void) {
    const unsigned long hwcap_sha = 1ul << 5 | 1ul << 6; /* SHA-1, SHA-256 */
#if defined(__APPLE__)
    (void)hwcap_sha;
    return true; /* every 64-bit Apple CPU has it */
#elif defined(_WIN32)
    (void)hwcap_sha;
    return IsProcessorFeaturePresent(PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE) != 0;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & hwcap_sha) == hwcap_sha;
#elif defined(__FreeBSD__)
    unsigned long hwcap = 0;
    return elf_aux_info(AT_HWCAP, &hwcap, sizeof hwcap) == 0 && (hwcap & hwcap_sha) == hwcap_sha;
#else
    (void)hwcap_sha;
    return false;
#endif
}

unsigned cosfast_cpu_features(void) { return has_sha() ? CPU_ARMCE : 0; }

#else

unsigned cosfast_cpu_features(void) { return 0; }

#endif
