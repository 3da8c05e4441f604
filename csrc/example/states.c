/*
 * Prints the chaining state after each part of standard input, and the digest at the end. A part
 * that ends within a block gives the state after its last whole block.
 *
 * usage: states [PART_SIZE] < FILE        PART_SIZE is a multiple of 64, by default 1 MiB
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cosfast.h"

static void print_words(const uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf(" %08" PRIx32, words[i]);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    const size_t part_size = argc > 1 ? strtoul(argv[1], NULL, 10) : 1 << 20;
    uint8_t digest[COSFAST_SHA1_DIGEST_SIZE], *part = malloc(part_size);
    if (part_size == 0 || part_size % COSFAST_SHA1_BLOCK_SIZE != 0 || part == NULL) {
        fprintf(stderr, "usage: states [PART_SIZE], a multiple of 64 (cosfast %s)\n",
                cosfast_version());
        return EXIT_FAILURE;
    }

    cosfast_sha1 sha1;
    cosfast_sha1_init(&sha1);
    for (size_t len; (len = fread(part, 1, part_size, stdin)) > 0;) {
        cosfast_sha1_update(&sha1, part, len);
        printf("%12" PRIu64, sha1.length);
        print_words(sha1.h, 5);
    }
    free(part);

    /* The same state in a new context, as another process or machine would import it. */
    cosfast_sha1 resumed;
    cosfast_sha1_import(&resumed, sha1.h, sha1.length, sha1.pending);
    cosfast_sha1_digest(&resumed, digest);
    printf("sha1 ");
    for (size_t i = 0; i < sizeof digest; i++) {
        printf("%02x", digest[i]);
    }
    printf("\n");
    return EXIT_SUCCESS;
}
