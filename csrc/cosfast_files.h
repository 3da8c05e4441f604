/*
 * The digests of many small files in one call, for callers whose own way of opening and reading a
 * file costs more than hashing it. POSIX systems have it; COSFAST_HAS_FILES says so.
 */
#ifndef COSFAST_FILES_H
#define COSFAST_FILES_H

#include "cosfast.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define COSFAST_HAS_FILES 0
#else
#define COSFAST_HAS_FILES 1
#endif

/* What stands in `errors` beside 0 and the system's positive numbers. */
#define COSFAST_FILE_OTHER                                                                         \
    (-1) /* left alone: no plain file, one of more than `limit` bytes, or one                      \
          * whose content ends elsewhere than at its st_size, as in /proc */
#define COSFAST_FILE_CHANGED (-2) /* its size, mtime or ctime changed while it was read */

/*
 * Read files of up to `limit` bytes whole and hash them side by side.
 *
 * paths:   `count` paths behind one another, each ended by a zero byte.
 * heap:    `room` bytes to read into, at least `limit`; more hashes more files side by side.
 * errors:  one a file: 0, an error number of the system, or one of the above.
 * sizes:   one a file: its bytes, if `errors` is 0.
 * digests: one a file, one after the other: set if `errors` is 0.
 *
 * If the system has no such files (COSFAST_HAS_FILES 0), every error is COSFAST_FILE_OTHER.
 */
void cosfast_hash_files(cosfast_algorithm algorithm, const char *paths, size_t count, size_t limit,
                        uint8_t *heap, size_t room, int32_t errors[], uint64_t sizes[],
                        uint8_t *digests);

#ifdef __cplusplus
}
#endif

#endif
