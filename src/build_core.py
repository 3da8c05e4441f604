"""The cffi binding of the C core: `cosfast._core`, which exports `ffi` and `lib` and nothing else.

The declarations are written by hand from csrc/cosfast.h and csrc/cosfast_files.h; the compiler
checks them against those.
What they mean in Python stands in cosfast/hashing and cosfast/parts.
"""

from __future__ import annotations

from cffi import FFI
from core_sources import CSRC, MSVC, portable_only, portable_sources

ffibuilder = FFI()

ffibuilder.cdef("""
    const char *cosfast_version(void);

    typedef struct {
        uint32_t h[5];
        uint64_t length;
        uint8_t pending[64];
    } cosfast_sha1;

    void cosfast_sha1_init(cosfast_sha1 *ctx);
    bool cosfast_sha1_update(cosfast_sha1 *ctx, const void *data, size_t len);
    void cosfast_sha1_digest(const cosfast_sha1 *ctx, uint8_t digest[20]);
    bool cosfast_sha1_import(cosfast_sha1 *ctx, const uint32_t h[5], uint64_t length,
                             const uint8_t *pending);

    typedef struct {
        uint32_t h[5];
        const uint8_t *data;
        size_t blocks;
    } cosfast_stream;

    void cosfast_sha1_compress_many(cosfast_stream *streams, size_t count);
    void cosfast_sha1_digest_many(const uint8_t *const data[], const size_t len[], size_t count,
                                  uint8_t (*digests)[20]);

    #define COSFAST_HAS_FILES ...
    #define COSFAST_FILE_OTHER ...
    #define COSFAST_FILE_CHANGED ...
    void cosfast_digest_files(const char *paths, size_t count, size_t limit, uint8_t *heap,
                              size_t room, int32_t errors[], uint64_t sizes[],
                              uint8_t (*digests)[20]);

    size_t cosfast_kernel_count(void);
    const char *cosfast_kernel_name(size_t kernel);
    bool cosfast_kernel_built(size_t kernel);
    bool cosfast_kernel_supported(size_t kernel);
    size_t cosfast_kernel_one(void);
    size_t cosfast_kernel_many(void);

    #define COSFAST_SELECTED ...
    #define COSFAST_KERNEL_UNKNOWN ...
    #define COSFAST_KERNEL_UNSUPPORTED ...
    int cosfast_select(const char *name);
""")


COMPILE_ARGS = ["/std:c11", "/O2"] if MSVC else ["-std=c11", "-O3", "-fvisibility=hidden"]

ffibuilder.set_source(
    "cosfast._core",
    '#include "cosfast.h"\n#include "cosfast_files.h"',
    sources=portable_sources(),
    include_dirs=[CSRC],
    define_macros=[("COSFAST_PORTABLE", "1")] if portable_only() else [],
    extra_compile_args=COMPILE_ARGS,
)
