/*
 * cosfast: SHA-1 (FIPS 180-4) whose state can be taken out before the end and put back in.
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

#define COSFAST_SHA1_BLOCK_SIZE 64
#define COSFAST_SHA1_DIGEST_SIZE 20

/*
 * A SHA-1 under way. The fields are the exported state, at any time and on any machine:
 * the chaining words h0..h4 after the last whole block, the number of bytes taken in, and the
 * length % 64 bytes that wait for their block (what follows them in `pending` means nothing).
 */
typedef struct {
    uint32_t h[5];
    uint64_t length;
    uint8_t pending[COSFAST_SHA1_BLOCK_SIZE];
} cosfast_sha1;

void cosfast_sha1_init(cosfast_sha1 *ctx);

/* Take in `len` bytes; `data` may be NULL if `len` is 0. False, and the context untouched, if
 * the total would be 2^61 bytes or more: FIPS 180-4's limit is 2^64 bits. */
bool cosfast_sha1_update(cosfast_sha1 *ctx, const void *data, size_t len);

/* The digest of what was taken in so far. The context does not change and can go on. */
void cosfast_sha1_digest(const cosfast_sha1 *ctx, uint8_t digest[COSFAST_SHA1_DIGEST_SIZE]);

/* Put back a state: `pending` holds length % 64 bytes and may be NULL where that is 0.
 * False, and the context untouched, where `length` is 2^61 or more. */
bool cosfast_sha1_import(cosfast_sha1 *ctx, const uint32_t h[5], uint64_t length,
                         const uint8_t *pending);

/* One of many independent chains: whole blocks to compress into `h`. `data` may be NULL where
 * `blocks` is 0. */
typedef struct {
    uint32_t h[5];
    const uint8_t *data;
    size_t blocks;
} cosfast_stream;

/* Compress every stream's blocks into its `h`, many streams at a time. They may differ in length;
 * `data` and `blocks` stay as they are. */
void cosfast_sha1_compress_many(cosfast_stream *streams, size_t count);

/* The digests of `count` whole messages, many at a time: digests[i] is that of the len[i] bytes at
 * data[i], which may be NULL where len[i] is 0. */
void cosfast_sha1_digest_many(const uint8_t *const data[], const size_t len[], size_t count,
                              uint8_t (*digests)[COSFAST_SHA1_DIGEST_SIZE]);

/*
 * Kernels: the same arithmetic in several instruction sets, numbered from 0. All names exist in
 * every build; `built` says that this build has the code, `supported` that this CPU and OS run it.
 */
size_t cosfast_kernel_count(void);
const char *cosfast_kernel_name(size_t kernel); /* NULL where there is no such kernel */
bool cosfast_kernel_built(size_t kernel);
bool cosfast_kernel_supported(size_t kernel);

/* The kernel in use for one stream, and for many. */
size_t cosfast_kernel_one(void);
size_t cosfast_kernel_many(void);

#define COSFAST_SELECTED 0
#define COSFAST_KERNEL_UNKNOWN 1
#define COSFAST_KERNEL_UNSUPPORTED 2

/* Use this kernel alone from now on, above the portable one for an operation that it lacks; NULL
 * goes back to the best for each operation. On failure the choice stays as it was. */
int cosfast_select(const char *name);

#ifdef __cplusplus
}
#endif

#endif
