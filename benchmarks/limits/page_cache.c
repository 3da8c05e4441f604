/* Reads files and discards their bytes: the cost of the system calls and the copy. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

enum {
    BUFFER = 256 * 1024
}; /* bytes: stays in a core's own cache, as hashlib.file_digest's does */

/* Read the bytes from `start` to `end`, or to the end of the file; return their number, or
 * -1 if the file cannot be read. */
int64_t limit_read_range(const char *path, int64_t start, int64_t end) {
    static _Thread_local uint8_t buffer[BUFFER];
    int64_t at = start;
    ssize_t count = -1;
    int file = open(path, O_RDONLY);
    if (file < 0) {
        return -1;
    }
    while (at < end) {
        count = pread(file, buffer, end - at < BUFFER ? (size_t)(end - at) : BUFFER, at);
        if (count <= 0) {
            break;
        }
        at += count;
    }
    close(file);
    return count < 0 ? -1 : at - start;
}

/* Read whole files one after another; return the total bytes, or -1 if one cannot be read. */
int64_t limit_read_files(const char *const paths[], size_t count) {
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t bytes = limit_read_range(paths[i], 0, INT64_MAX);
        if (bytes < 0) {
            return -1;
        }
        total += bytes;
    }
    return total;
}
