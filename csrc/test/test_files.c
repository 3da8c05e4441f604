/* Small files on disk, hashed many at a time: each as if alone, each failure its own. */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE /* mkdtemp */
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cosfast_files.h"
#include "check.h"
#include "reference.h"

#if COSFAST_HAS_FILES

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 150 /* more than the core hashes in one go */
#define LIMIT 5000
#define NAME 128

static char folder[] = "/tmp/cosfast-test-XXXXXX";

static size_t size_of(size_t number) {
    static const size_t SIZES[] = {0, 1, 55, 56, 63, 64, 65, 4095, 4096, LIMIT};
    const size_t count = sizeof SIZES / sizeof SIZES[0];
    return number < count ? SIZES[number] : number * 37 % LIMIT;
}

static void content_of(size_t number, uint8_t *data) {
    rng r = {number};
    rng_fill(&r, data, size_of(number));
}

static char *name_of(size_t number, char *name) {
    snprintf(name, NAME, "%s/%zu", folder, number);
    return name;
}

/* Append a path, with its zero byte, and return where the next one goes. */
static char *add_path(char *end, const char *path) {
    const size_t size = strlen(path) + 1;
    memcpy(end, path, size);
    return end + size;
}

static void write_files(void) {
    for (size_t i = 0; i < FILES; i++) {
        uint8_t data[LIMIT];
        char name[NAME];
        FILE *file = fopen(name_of(i, name), "wb");
        CHECK(file != NULL);
        if (file != NULL) {
            content_of(i, data);
            CHECK(fwrite(data, 1, size_of(i), file) == size_of(i));
            CHECK(fclose(file) == 0);
        }
    }
}

static void remove_files(void) {
    for (size_t i = 0; i < FILES; i++) {
        char name[NAME];
        remove(name_of(i, name));
    }
    rmdir(folder);
}

static void whole_files(cosfast_algorithm algorithm) {
    static char paths[FILES * NAME];
    static uint8_t heap[2 * LIMIT + 100]; /* room for two of them: many rounds */
    int32_t errors[FILES];
    uint64_t sizes[FILES];
    uint8_t digests[FILES * MAX_SIZE];
    char *end = paths;
    for (size_t i = 0; i < FILES; i++) {
        char name[NAME];
        end = add_path(end, name_of(i, name));
    }
    cosfast_hash_files(algorithm, paths, FILES, LIMIT, heap, sizeof heap, errors, sizes, digests);
    for (size_t i = 0; i < FILES; i++) {
        uint8_t data[LIMIT], expected[MAX_SIZE];
        content_of(i, data);
        reference_digest(algorithm, data, size_of(i), expected);
        CHECK(errors[i] == 0 && sizes[i] == size_of(i));
        const size_t digest_size = reference_size(algorithm);
        CHECK(memcmp(digests + i * digest_size, expected, digest_size) == 0);
    }
}

static void failures(cosfast_algorithm algorithm) {
    char paths[5 * NAME], name[NAME], pipe_name[NAME];
    uint8_t heap[LIMIT], digests[5 * MAX_SIZE];
    int32_t errors[5];
    uint64_t sizes[5];
    snprintf(pipe_name, sizeof pipe_name, "%s/pipe", folder);
    CHECK(mkfifo(pipe_name, 0600) == 0);
    char *end = add_path(paths, "/nowhere/at/all");
    end = add_path(end, folder);
    end = add_path(end, pipe_name);
    end = add_path(end, name_of(9, name)); /* larger than this call's limit */
    add_path(end, name_of(8, name));
    cosfast_hash_files(algorithm, paths, 5, size_of(8), heap, sizeof heap, errors, sizes, digests);
    CHECK(errors[0] == ENOENT);
    CHECK(errors[1] == COSFAST_FILE_OTHER);
    CHECK(errors[2] == COSFAST_FILE_OTHER);
    CHECK(errors[3] == COSFAST_FILE_OTHER);
    CHECK(errors[4] == 0 && sizes[4] == size_of(8));
    cosfast_hash_files(algorithm, "", 0, LIMIT, heap, sizeof heap, errors, sizes, digests);
    remove(pipe_name);
}

/* The kernel's own files: one says 0 bytes and has more, one says 4096 and has fewer. */
static void wrong_sizes(cosfast_algorithm algorithm) {
    static const char *const NAMES[] = {"/proc/version",
                                        "/sys/kernel/mm/transparent_hugepage/enabled"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        uint8_t heap[LIMIT], digest[32];
        int32_t error = 0;
        uint64_t size = 0;
        if (access(NAMES[i], R_OK) != 0) {
            continue;
        }
        cosfast_hash_files(algorithm, NAMES[i], 1, LIMIT, heap, sizeof heap, &error, &size, digest);
        CHECK(error == COSFAST_FILE_OTHER);
    }
}

/* Sizes that no 32-bit off_t or size_t holds; the last two are small in their low 32 bits. */
static void large_files(cosfast_algorithm algorithm) {
    static const int64_t SIZES[] = {INT64_C(1) << 31, INT64_C(1) << 32, (INT64_C(5) << 32) + 100};
    char name[NAME];
    snprintf(name, sizeof name, "%s/large", folder);
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        uint8_t heap[LIMIT], digest[MAX_SIZE];
        int32_t error = 0;
        uint64_t size = 0;
        FILE *file = fopen(name, "wb");
        CHECK(file != NULL && ftruncate(fileno(file), SIZES[i]) == 0 && fclose(file) == 0);
        cosfast_hash_files(algorithm, name, 1, LIMIT, heap, sizeof heap, &error, &size, digest);
        CHECK(error == COSFAST_FILE_OTHER);
    }
    remove(name);
}

void test_files(void) {
    if (mkdtemp(folder) == NULL) {
        skip_test("files", NULL, "no temporary folder can be made");
        return;
    }
    write_files();
    run_test_of_algorithms("files whole", whole_files);
    run_test_of_algorithms("files that fail", failures);
    run_test_of_algorithms("files of a wrong size", wrong_sizes);
    run_test_of_algorithms("files above 4 GiB", large_files);
    remove_files();
}

#else

/* Every file is left to the caller, and nothing else is written. */
static void left_alone(cosfast_algorithm algorithm) {
    static const char PATHS[] = "core_test\0nowhere";
    uint8_t heap[64] = {1}, digests[2 * MAX_SIZE] = {2};
    int32_t errors[3] = {0, 0, 3};
    uint64_t sizes[2] = {4, 5};
    cosfast_hash_files(algorithm, PATHS, 2, sizeof heap, heap, sizeof heap, errors, sizes, digests);
    CHECK(errors[0] == COSFAST_FILE_OTHER && errors[1] == COSFAST_FILE_OTHER && errors[2] == 3);
    CHECK(heap[0] == 1 && digests[0] == 2 && sizes[0] == 4 && sizes[1] == 5);
    cosfast_hash_files(algorithm, "", 0, sizeof heap, heap, sizeof heap, errors, sizes, digests);
    CHECK(errors[0] == COSFAST_FILE_OTHER);
}

void test_files(void) { run_test_of_algorithms("files left to the caller", left_alone); }

#endif
