/* What the files of the core share and callers do not see. */
#ifndef COSFAST_SHA1_IMPL_H
#define COSFAST_SHA1_IMPL_H

#include "cosfast.h"

/* COSFAST_PORTABLE leaves out all kernels that need compiler flags of their own. */
#if !defined(COSFAST_PORTABLE) && (defined(__x86_64__) || defined(_M_X64))
#define SHA1_X86 1
#else
#define SHA1_X86 0
#endif

/* The ARM kernels load bytes as vectors of words, which big-endian ARM lays out another way. */
#if !defined(COSFAST_PORTABLE) && defined(__aarch64__) && !defined(__AARCH64EB__)
#define SHA1_ARM64 1
#elif !defined(COSFAST_PORTABLE) && defined(_M_ARM64)
#define SHA1_ARM64 1
#else
#define SHA1_ARM64 0
#endif

/* GCC, Clang, and Clang in Visual C++'s clothes. */
#if defined(__GNUC__) || defined(__clang__)
#define SHA1_GNU 1
#define SHA1_INLINE static inline __attribute__((always_inline))
#else
#define SHA1_GNU 0
#define SHA1_INLINE static __forceinline /* Visual C++ */
#endif

#define SHA1_BLOCK COSFAST_SHA1_BLOCK_SIZE
#define SHA1_DIGEST COSFAST_SHA1_DIGEST_SIZE

/* FIPS 180-4 section 4.2.1, one constant for each twenty rounds. */
#define SHA1_K0 0x5a827999u
#define SHA1_K1 0x6ed9eba1u
#define SHA1_K2 0x8f1bbcdcu
#define SHA1_K3 0xca62c1d6u

/* Whole blocks of one stream, compressed into h. */
typedef void sha1_compress_fn(uint32_t h[5], const uint8_t *data, size_t blocks);

/* The same number of blocks of each of a fixed number of streams, compressed into their h. Two
 * lanes may share data; lanes whose result nobody wants may share h. */
typedef void sha1_many_fn(uint32_t *const h[], const uint8_t *const data[], size_t blocks);

/* The most streams that any kernel takes at once. */
#define SHA1_MAX_LANES 16

typedef struct {
    size_t width;  /* streams at once */
    unsigned rate; /* MB/s with every lane busy; only the ratios matter (see kernels.c) */
    sha1_many_fn *compress;
} sha1_lanes;

/* A row of the table of kernels. */
#define SHA1_LANE_CHOICES 4
typedef struct {
    const char *name;
    unsigned needs;                      /* CPU_ bits, all of them */
    sha1_compress_fn *compress;          /* NULL: none of its own for one stream */
    sha1_lanes lanes[SHA1_LANE_CHOICES]; /* ended by a width of 0; none at all: not built */
} sha1_kernel;

/* The rows in use. */
typedef struct {
    const sha1_kernel *one;
    const sha1_kernel *many;
} sha1_choice;

#define CPU_SHANI 1u  /* SHA extensions, SSSE3 and SSE4.1 */
#define CPU_AVX2 2u   /* AVX2, and an OS that saves YMM registers */
#define CPU_AVX512 4u /* AVX-512 F and BW, and an OS that saves ZMM registers */
#define CPU_ARMCE 8u  /* SHA-1 instructions of the ARMv8 crypto extensions */

#if SHA1_GNU && !defined(_WIN32)
#pragma GCC visibility push(hidden)
#endif

unsigned sha1_cpu_features(void);
sha1_choice sha1_chosen(void);
size_t sha1_pad(uint8_t padded[2 * SHA1_BLOCK], const uint8_t *tail, uint64_t length);
void sha1_store_digest(uint8_t digest[SHA1_DIGEST], const uint32_t h[5]);
extern const uint32_t sha1_initial[5];
extern const sha1_kernel sha1_kernels[]; /* cosfast_kernel_count() rows */

sha1_compress_fn sha1_compress_portable;
sha1_compress_fn sha1_compress_shani;
sha1_compress_fn sha1_compress_armce;

sha1_many_fn sha1_many1_portable;
sha1_many_fn sha1_many1_shani;
sha1_many_fn sha1_many2_shani;
sha1_many_fn sha1_many3_shani;
sha1_many_fn sha1_many4_shani;
sha1_many_fn sha1_many8_avx2;
sha1_many_fn sha1_many16_avx512;
sha1_many_fn sha1_many1_armce;
sha1_many_fn sha1_many2_armce;
sha1_many_fn sha1_many3_armce;
sha1_many_fn sha1_many4_armce;

#if SHA1_GNU && !defined(_WIN32)
#pragma GCC visibility pop
#endif

SHA1_INLINE uint32_t sha1_load_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

SHA1_INLINE void sha1_store_be32(uint8_t *p, uint32_t word) {
    p[0] = (uint8_t)(word >> 24);
    p[1] = (uint8_t)(word >> 16);
    p[2] = (uint8_t)(word >> 8);
    p[3] = (uint8_t)word;
}

#endif
