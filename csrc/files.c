/* Small files opened, read, compared with what they were, and hashed in batches. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
/* On a 32-bit system, files of 2 GiB and more and times after 2038 would be errors. */
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#endif

#include "cosfast_files.h"

#include <string.h>

#if COSFAST_HAS_FILES

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files hashed in one go: four rounds of the widest kernel, which hides their different lengths. */
#define BATCH 64

/* What was read into the heap and is not hashed yet. */
typedef struct {
    const uint8_t *data[BATCH];
    size_t len[BATCH];
    size_t index[BATCH]; /* which file of the call */
    size_t count;
    size_t used; /* bytes of the heap */
} batch;

static int open_plain(const char *path) {
    /* O_NONBLOCK: a named pipe must be refused, not waited for. */
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    int fd;
    do {
        fd = open(path, flags);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static bool same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The ctime too: the mtime can be put back after a change. */
static bool same_file(const struct stat *before, const struct stat *after) {
#if defined(__APPLE__)
    const bool same_stamps = same_time(before->st_mtimespec, after->st_mtimespec) &&
                             same_time(before->st_ctimespec, after->st_ctimespec);
#else
    const bool same_stamps =
        same_time(before->st_mtim, after->st_mtim) && same_time(before->st_ctim, after->st_ctim);
#endif
    return before->st_size == after->st_size && same_stamps;
}

/* Read up to `len` bytes, fewer only if the file ends: how many into `got`; 0 or an error number.
 */
static int32_t read_up_to(int fd, uint8_t *data, size_t len, size_t *got) {
    *got = 0;
    while (*got < len) {
        const ssize_t count = read(fd, data + *got, len - *got);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno;
        }
        if (count == 0) {
            break;
        }
        *got += (size_t)count;
    }
    return 0;
}

/* Read a plain file of at most `limit` bytes and see that it stayed as it was: 0, an error number,
 * or COSFAST_FILE_ something. The caller has made sure that `limit` bytes fit. */
static int32_t read_small(int fd, size_t limit, uint8_t *data, size_t *size) {
    struct stat before, after;
    uint8_t extra;
    size_t got, beyond;
    if (fstat(fd, &before) != 0) {
        return errno;
    }
    if (!S_ISREG(before.st_mode) || (uintmax_t)before.st_size > limit) {
        return COSFAST_FILE_OTHER;
    }
    *size = (size_t)before.st_size;
    int32_t error = read_up_to(fd, data, *size, &got);
    if (error == 0) {
        error = read_up_to(fd, &extra, 1, &beyond);
    }
    if (error != 0) {
        return error;
    }
    if (fstat(fd, &after) != 0) {
        return errno;
    }
    if (!same_file(&before, &after)) {
        return COSFAST_FILE_CHANGED;
    }
    return got == *size && beyond == 0 ? 0 : COSFAST_FILE_OTHER;
}

static void hash_batch(cosfast_algorithm algorithm, batch *b, uint8_t *digests) {
    const size_t digest_size = cosfast_digest_size(algorithm);
    uint8_t found[BATCH * COSFAST_MAX_DIGEST_SIZE];
    cosfast_hash_many(algorithm, b->data, b->len, b->count, found);
    for (size_t i = 0; i < b->count; i++) {
        memcpy(digests + b->index[i] * digest_size, found + i * digest_size, digest_size);
    }
    b->count = 0;
    b->used = 0;
}

void cosfast_hash_files(cosfast_algorithm algorithm, const char *paths, size_t count, size_t limit,
                        uint8_t *heap, size_t room, int32_t errors[], uint64_t sizes[],
                        uint8_t *digests) {
    batch b = {.count = 0, .used = 0};
    for (size_t i = 0; i < count; i++, paths += strlen(paths) + 1) {
        const int fd = open_plain(paths);
        if (fd < 0) {
            errors[i] = errno;
            continue;
        }
        if (b.count == BATCH || limit > room - b.used) {
            hash_batch(algorithm, &b, digests);
        }
        uint8_t *data = heap + b.used;
        size_t size = 0;
        errors[i] = read_small(fd, limit, data, &size);
        close(fd);
        if (errors[i] == 0) {
            sizes[i] = size;
            b.data[b.count] = data;
            b.len[b.count] = size;
            b.index[b.count] = i;
            b.count++;
            b.used += size;
        }
    }
    hash_batch(algorithm, &b, digests);
}

#else

void cosfast_hash_files(cosfast_algorithm algorithm, const char *paths, size_t count, size_t limit,
                        uint8_t *heap, size_t room, int32_t errors[], uint64_t sizes[],
                        uint8_t *digests) {
    (void)algorithm, (void)paths, (void)limit, (void)heap, (void)room, (void)sizes, (void)digests;
    for (size_t i = 0; i < count; i++) {
        errors[i] = COSFAST_FILE_OTHER;
    }
}

#endif
