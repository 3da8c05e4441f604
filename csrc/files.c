/* Small files opened, read, compared with what they were, and hashed in batches. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
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

static bool same_file(const struct stat *before, const struct stat *after) {
#if defined(__APPLE__)
    const struct timespec a = before->st_mtimespec, b = after->st_mtimespec;
#else
    const struct timespec a = before->st_mtim, b = after->st_mtim;
#endif
    return before->st_size == after->st_size && a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Read `len` bytes: 0, an error number, or COSFAST_FILE_CHANGED where the file is shorter. */
static int32_t read_whole(int fd, uint8_t *data, size_t len) {
    while (len > 0) {
        const ssize_t got = read(fd, data, len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? errno : COSFAST_FILE_CHANGED;
        }
        data += got;
        len -= (size_t)got;
    }
    return 0;
}

/* Read a plain file of at most `limit` bytes and see that it stayed as it was: 0, an error number,
 * or COSFAST_FILE_ something. The caller has made sure that `limit` bytes fit. */
static int32_t read_small(int fd, size_t limit, uint8_t *data, size_t *size) {
    struct stat before, after;
    if (fstat(fd, &before) != 0) {
        return errno;
    }
    if (!S_ISREG(before.st_mode) || (uintmax_t)before.st_size > limit) {
        return COSFAST_FILE_OTHER;
    }
    *size = (size_t)before.st_size;
    const int32_t error = read_whole(fd, data, *size);
    if (error != 0) {
        return error;
    }
    if (fstat(fd, &after) != 0) {
        return errno;
    }
    return same_file(&before, &after) ? 0 : COSFAST_FILE_CHANGED;
}

static void hash_batch(batch *b, uint8_t (*digests)[COSFAST_SHA1_DIGEST_SIZE]) {
    uint8_t found[BATCH][COSFAST_SHA1_DIGEST_SIZE];
    cosfast_sha1_digest_many(b->data, b->len, b->count, found);
    for (size_t i = 0; i < b->count; i++) {
        memcpy(digests[b->index[i]], found[i], sizeof found[i]);
    }
    b->count = 0;
    b->used = 0;
}

void cosfast_digest_files(const char *paths, size_t count, size_t limit, uint8_t *heap, size_t room,
                          int32_t errors[], uint64_t sizes[],
                          uint8_t (*digests)[COSFAST_SHA1_DIGEST_SIZE]) {
    batch b = {.count = 0, .used = 0};
    for (size_t i = 0; i < count; i++, paths += strlen(paths) + 1) {
        const int fd = open_plain(paths);
        if (fd < 0) {
            errors[i] = errno;
            continue;
        }
        if (b.count == BATCH || limit > room - b.used) {
            hash_batch(&b, digests);
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
    hash_batch(&b, digests);
}

#else

void cosfast_digest_files(const char *paths, size_t count, size_t limit, uint8_t *heap, size_t room,
                          int32_t errors[], uint64_t sizes[],
                          uint8_t (*digests)[COSFAST_SHA1_DIGEST_SIZE]) {
    (void)paths, (void)limit, (void)heap, (void)room, (void)sizes, (void)digests;
    for (size_t i = 0; i < count; i++) {
        errors[i] = COSFAST_FILE_OTHER;
    }
}

#endif
