/*
 * Prints the chaining state after each part of standard input, and the digest at the end. A part
 * that ends within a block gives the state after its last whole block.
 *
 * usage: states sha1|sha256 [PART_SIZE] < FILE    PART_SIZE is a multiple of 64, by default 1 MiB
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#endif

#include "cosfast.h"

static void print_words(const uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf(" %08" PRIx32, words[i]);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    const size_t part_size = argc > 2 ? strtoul(argv[2], NULL, 10) : 1 << 20;
    const bool named = strcmp(name, "sha1") == 0 || strcmp(name, "sha256") == 0;
    uint8_t digest[COSFAST_MAX_DIGEST_SIZE], *part = malloc(part_size);
    if (!named || part_size == 0 || part_size % COSFAST_BLOCK_SIZE != 0 || part == NULL) {
        fprintf(stderr, "usage: states sha1|sha256 [PART_SIZE], a multiple of 64 (cosfast %s)\n",
                cosfast_version());
        return EXIT_FAILURE;
    }
#if defined(_WIN32)
    _setmode(_fileno(stdin), _O_BINARY); /* otherwise it drops carriage returns */
#endif
    const cosfast_algorithm algorithm = strcmp(name, "sha1") == 0 ? COSFAST_SHA1 : COSFAST_SHA256;
    const size_t digest_size = cosfast_digest_size(algorithm);

    cosfast_context ctx;
    cosfast_init(&ctx, algorithm);
    for (size_t len; (len = fread(part, 1, part_size, stdin)) > 0;) {
        cosfast_update(&ctx, part, len);
        printf("%8" PRIu64, ctx.length);
        print_words(ctx.h, digest_size / 4);
    }
    free(part);

    /* The same state in a new context, as another process or machine would import it. */
    cosfast_context resumed;
    cosfast_import(&resumed, algorithm, ctx.h, ctx.length, ctx.pending);
    cosfast_digest(&resumed, digest);
    printf("%s ", name);
    for (size_t i = 0; i < digest_size; i++) {
        printf("%02x", digest[i]);
    }
    printf("\n");
    return EXIT_SUCCESS;
}
