/* What the files of the core share and callers do not see. */
#ifndef COSFAST_IMPL_H
#define COSFAST_IMPL_H

#include "cosfast.h"

/* COSFAST_PORTABLE leaves out all kernels that need compiler flags of their own. */
#if !defined(COSFAST_PORTABLE) && (defined(__x86_64__) || defined(_M_X64))
#define COSFAST_X86 1
#else
#define COSFAST_X86 0
#endif

/* The ARM kernels load bytes as vectors of words, which big-endian ARM lays out another way. */
#if !defined(COSFAST_PORTABLE) && defined(__aarch64__) && !defined(__AARCH64EB__)
#define COSFAST_ARM64 1
#elif !defined(COSFAST_PORTABLE) && defined(_M_ARM64)
#define COSFAST_ARM64 1
#else
#define COSFAST_ARM64 0
#endif

/* GCC, Clang, and Clang that stands in for Visual C++. */
#if defined(__GNUC__) || defined(__clang__)
#define COSFAST_GNU 1
#define INLINE static inline __attribute__((always_inline))
#else
#define COSFAST_GNU 0
#define INLINE static __forceinline /* Visual C++ */
#endif

#define BLOCK_SIZE COSFAST_BLOCK_SIZE
#define MAX_WORDS COSFAST_MAX_WORDS

/* FIPS 180-4 section 4.2.1, one constant for each twenty rounds. */
#define SHA1_K0 0x5a827999u
#define SHA1_K1 0x6ed9eba1u
#define SHA1_K2 0x8f1bbcdcu
#define SHA1_K3 0xca62c1d6u

/* A kernel's function: the same number of blocks of each of a fixed number of streams, compressed
 * into their h. Two lanes may share data; lanes whose result nobody wants may share h. */
typedef void compress_fn(uint32_t *const h[], const uint8_t *const data[], size_t blocks);

/* The most streams that any kernel takes at once. */
#define MAX_LANES 16

typedef struct {
    size_t width;  /* streams at once */
    unsigned rate; /* MB/s with every lane busy; only the ratios matter (see kernels.c) */
    compress_fn *compress;
} lane_kernel;

/* A row of the table of kernels. */
#define LANE_CHOICES 4
typedef struct {
    const char *name;
    unsigned needs; /* CPU_ bits, all of them */
    /* Narrowest first, ended by a width of 0; none: not built. The widths of the two algorithms
     * are the same. */
    lane_kernel lanes[COSFAST_ALGORITHMS][LANE_CHOICES];
} kernel;

/* The kernels in use. */
typedef struct {
    const kernel *one; /* its first function takes one stream */
    const kernel *many;
} kernel_choice;

#define CPU_SHANI 1u  /* SHA extensions, SSSE3 and SSE4.1 */
#define CPU_AVX2 2u   /* AVX2, and an OS that saves YMM registers */
#define CPU_AVX512 4u /* AVX-512 F and BW, and an OS that saves ZMM registers */
#define CPU_ARMCE 8u  /* SHA-1 and SHA-256 instructions of the ARMv8 crypto extensions */

/* What the shared code must know of an algorithm; block size and padding are the same. */
typedef struct {
    size_t words; /* of the state; the digest is all of them, big-endian */
    uint32_t initial[MAX_WORDS];
} algorithm_traits;

#if COSFAST_GNU && !defined(_WIN32)
#pragma GCC visibility push(hidden)
#endif

unsigned cosfast_cpu_features(void);
kernel_choice cosfast_kernel_chosen(void);
size_t cosfast_pad(uint8_t padded[2 * BLOCK_SIZE], const uint8_t *tail, uint64_t length);
extern const algorithm_traits cosfast_algorithms[COSFAST_ALGORITHMS];
extern const uint32_t cosfast_sha256_k[64];
extern const kernel cosfast_kernels[]; /* cosfast_kernel_count() rows */

compress_fn cosfast_sha1_compress1_portable, cosfast_sha256_compress1_portable;
compress_fn cosfast_sha1_compress1_shani, cosfast_sha256_compress1_shani;
compress_fn cosfast_sha1_compress2_shani, cosfast_sha256_compress2_shani;
compress_fn cosfast_sha1_compress3_shani, cosfast_sha256_compress3_shani;
compress_fn cosfast_sha1_compress4_shani, cosfast_sha256_compress4_shani;
compress_fn cosfast_sha1_compress8_avx2, cosfast_sha256_compress8_avx2;
compress_fn cosfast_sha1_compress16_avx512, cosfast_sha256_compress16_avx512;
compress_fn cosfast_sha1_compress1_armce, cosfast_sha256_compress1_armce;
compress_fn cosfast_sha1_compress2_armce, cosfast_sha256_compress2_armce;
compress_fn cosfast_sha1_compress3_armce, cosfast_sha256_compress3_armce;
compress_fn cosfast_sha1_compress4_armce, cosfast_sha256_compress4_armce;

#if COSFAST_GNU && !defined(_WIN32)
#pragma GCC visibility pop
#endif

INLINE uint32_t load_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

INLINE void store_be32(uint8_t *p, uint32_t word) {
    p[0] = (uint8_t)(word >> 24);
    p[1] = (uint8_t)(word >> 16);
    p[2] = (uint8_t)(word >> 8);
    p[3] = (uint8_t)word;
}

INLINE void store_digest(uint8_t *digest, const uint32_t *h, size_t words) {
    for (size_t i = 0; i < words; i++) {
        store_be32(digest + 4 * i, h[i]);
    }
}

#endif
