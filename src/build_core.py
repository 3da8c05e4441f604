"""The cffi binding of the C core: `cosfast._core`, which exports `ffi` and `lib` and nothing else.

The declarations are written by hand from csrc/cosfast.h, csrc/cosfast_files.h and
csrc/cosfast_base64.h, and the compiler checks them against these headers. The Python API on top of
them is in cosfast/hashing, cosfast/parts and cosfast/transfer/bodies.py.
"""

from __future__ import annotations

from cffi import FFI
from core_sources import CSRC, MSVC, portable_only, portable_sources

ffibuilder = FFI()

ffibuilder.cdef("""
    const char *cosfast_version(void);

    #define COSFAST_SHA1 0
    #define COSFAST_SHA256 1
    size_t cosfast_digest_size(int algorithm);

    typedef struct {
        uint32_t h[8];
        uint64_t length;
        uint8_t pending[64];
        int algorithm;
    } cosfast_context;

    void cosfast_init(cosfast_context *ctx, int algorithm);
    bool cosfast_update(cosfast_context *ctx, const void *data, size_t len);
    void cosfast_digest(const cosfast_context *ctx, uint8_t *digest);
    bool cosfast_import(cosfast_context *ctx, int algorithm, const uint32_t *h, uint64_t length,
                        const uint8_t *pending);
    void cosfast_hash(int algorithm, const void *data, size_t len, uint8_t *digest);

    typedef struct {
        uint32_t h[8];
        const uint8_t *data;
        size_t blocks;
    } cosfast_stream;

    void cosfast_compress_many(int algorithm, cosfast_stream *streams, size_t count);
    void cosfast_hash_many(int algorithm, const uint8_t *const data[], const size_t len[],
                           size_t count, uint8_t *digests);

    #define COSFAST_HAS_FILES ...
    #define COSFAST_FILE_OTHER ...
    #define COSFAST_FILE_CHANGED ...
    void cosfast_hash_files(int algorithm, const char *paths, size_t count, size_t limit,
                            uint8_t *heap, size_t room, int32_t errors[], uint64_t sizes[],
                            uint8_t *digests);

    size_t cosfast_base64_encode(const void *data, size_t len, char *text);

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
    '#include "cosfast.h"\n#include "cosfast_files.h"\n#include "cosfast_base64.h"',
    sources=portable_sources(),
    include_dirs=[CSRC],
    define_macros=[("COSFAST_PORTABLE", "1")] if portable_only() else [],
    extra_compile_args=COMPILE_ARGS,
)
