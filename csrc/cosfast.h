/*
 * cosfast: SHA-1 and SHA-256 (FIPS 180-4) whose state can be exported before the end and imported.
 *
 * No allocation, no global state but the choice of kernel. Every function may be called from any
 * thread; one context or one array of streams belongs to one thread at a time. Lengths are bytes
 * and blocks are 64 bytes unless a comment says otherwise.
 */
#ifndef COSFAST_H
#define COSFAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COSFAST_VERSION "0.1.0"

/* The version that the library was built as; COSFAST_VERSION is that of this header. */
const char *cosfast_version(void);

/* Every function that takes an algorithm takes one of these and nothing else. */
typedef enum { COSFAST_SHA1, COSFAST_SHA256 } cosfast_algorithm;
#define COSFAST_ALGORITHMS 2

/* Both algorithms. */
#define COSFAST_BLOCK_SIZE 64

/* SHA-1 has 5 words of 4 bytes in its state and its digest, SHA-256 has 8. */
#define COSFAST_MAX_WORDS 8
#define COSFAST_MAX_DIGEST_SIZE 32

/* The bytes of a digest: 20 or 32. */
size_t cosfast_digest_size(cosfast_algorithm algorithm);

/*
 * A hash in progress. The fields are the exported state, at any time and on any machine: the
 * chaining words after the last whole block (of SHA-1 the first five of `h`), the number of bytes
 * hashed, and the length % 64 bytes that wait for their block (the rest of `pending` means
 * nothing).
 */
typedef struct {
    uint32_t h[COSFAST_MAX_WORDS];
    uint64_t length;
    uint8_t pending[COSFAST_BLOCK_SIZE];
    cosfast_algorithm algorithm;
} cosfast_context;

void cosfast_init(cosfast_context *ctx, cosfast_algorithm algorithm);

/* Hash `len` more bytes; `data` may be NULL if `len` is 0. False, and the context unchanged, if the
 * total would be 2^61 bytes or more: FIPS 180-4's limit is 2^64 bits. */
bool cosfast_update(cosfast_context *ctx, const void *data, size_t len);

/* The digest of the bytes so far, cosfast_digest_size() bytes. The context does not change and can
 * be updated further. */
void cosfast_digest(const cosfast_context *ctx, uint8_t *digest);

/* Import a state: `h` holds the algorithm's words, `pending` length % 64 bytes; `pending` may be
 * NULL if that is 0. False, and the context unchanged, if `length` is 2^61 or more. */
bool cosfast_import(cosfast_context *ctx, cosfast_algorithm algorithm, const uint32_t *h,
                    uint64_t length, const uint8_t *pending);

/* The digest of one whole message, without a context. */
void cosfast_hash(cosfast_algorithm algorithm, const void *data, size_t len, uint8_t *digest);

/* One of many independent chains: whole blocks to compress into `h`. `data` may be NULL if `blocks`
 * is 0. */
typedef struct {
    uint32_t h[COSFAST_MAX_WORDS];
    const uint8_t *data;
    size_t blocks;
} cosfast_stream;

/* Compress every stream's blocks into its `h`, many streams at a time. They may differ in length;
 * `data` and `blocks` do not change. */
void cosfast_compress_many(cosfast_algorithm algorithm, cosfast_stream *streams, size_t count);

/* The digests of `count` whole messages, many at a time: message i is the len[i] bytes at data[i],
 * which may be NULL if len[i] is 0. The digests are written one after the other. */
void cosfast_hash_many(cosfast_algorithm algorithm, const uint8_t *const data[], const size_t len[],
                       size_t count, uint8_t *digests);

/*
 * Kernels: the same arithmetic in several instruction sets, numbered from 0. Each has both
 * algorithms. All names exist in every build; `built` says that this build has the code,
 * `supported` that this CPU and OS run it.
 */
size_t cosfast_kernel_count(void);
const char *cosfast_kernel_name(size_t kernel); /* NULL if there is no such kernel */
bool cosfast_kernel_built(size_t kernel);
bool cosfast_kernel_supported(size_t kernel);

/* The kernel in use for one stream, and for many; it is the same for both algorithms. */
size_t cosfast_kernel_one(void);
size_t cosfast_kernel_many(void);

#define COSFAST_SELECTED 0
#define COSFAST_KERNEL_UNKNOWN 1
#define COSFAST_KERNEL_UNSUPPORTED 2

/* Use only this kernel from now on, and the portable one for an operation that it lacks; NULL
 * returns to the best for each operation. On failure the choice does not change. */
int cosfast_select(const char *name);

#ifdef __cplusplus
}
#endif

#endif
