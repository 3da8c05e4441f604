/*
 * libFuzzer target. The input is a program of one-byte operations with their operands; everything
 * that the core says is compared with the reference. The highest bit of an operation chooses the
 * algorithm. Operands lie in heap blocks of their exact size, so that AddressSanitizer sees a read
 * beside them.
 */
#include <stdlib.h>
#include <string.h>

#include "../cosfast.h"
#include "../test/reference.h"

enum { MOST_STREAMS = 64, MOST_MESSAGE = 1 << 14 };

typedef struct {
    const uint8_t *at;
    size_t left;
} input;

/* What the context under test has taken in. */
typedef struct {
    cosfast_context ctx;
    uint8_t message[MOST_MESSAGE];
    size_t len;
} session;

static void must(int condition) {
    if (!condition) {
        abort();
    }
}

static size_t take(input *in) {
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

/* A block of its own with the next bytes of the input: as many as asked for, or as there are. */
static uint8_t *take_bytes(input *in, size_t *len) {
    uint8_t *bytes;
    *len = *len < in->left ? *len : in->left;
    bytes = malloc(*len > 0 ? *len : 1);
    must(bytes != NULL);
    memcpy(bytes, in->at, *len);
    in->at += *len;
    in->left -= *len;
    return bytes;
}

static void begin(session *s, cosfast_algorithm algorithm) {
    cosfast_init(&s->ctx, algorithm);
    s->len = 0;
}

static void update(session *s, input *in) {
    size_t len = take(in) * (1 + take(in) % 8);
    uint8_t *bytes;
    len = len < MOST_MESSAGE - s->len ? len : MOST_MESSAGE - s->len;
    bytes = take_bytes(in, &len);
    cosfast_update(&s->ctx, bytes, len);
    memcpy(s->message + s->len, bytes, len);
    s->len += len;
    free(bytes);
}

static void check_digest(const session *s) {
    const cosfast_algorithm algorithm = s->ctx.algorithm;
    const size_t size = reference_size(algorithm);
    uint8_t digest[COSFAST_MAX_DIGEST_SIZE], expected[COSFAST_MAX_DIGEST_SIZE];
    cosfast_digest(&s->ctx, digest);
    reference_digest(algorithm, s->message, s->len, expected);
    must(s->ctx.length == s->len && memcmp(digest, expected, size) == 0);
    cosfast_hash(algorithm, s->message, s->len, digest);
    must(memcmp(digest, expected, size) == 0);
}

/* Out and in again, with no more of the pending bytes than the state has. */
static void export_import(session *s) {
    const cosfast_algorithm algorithm = s->ctx.algorithm;
    uint32_t h[COSFAST_MAX_WORDS];
    uint64_t length = s->ctx.length;
    size_t pending_len = (size_t)(length % 64);
    uint8_t *pending = malloc(pending_len > 0 ? pending_len : 1);
    must(pending != NULL);
    memcpy(h, s->ctx.h, sizeof h);
    memcpy(pending, s->ctx.pending, pending_len);
    memset(&s->ctx, 0xa5, sizeof s->ctx);
    must(cosfast_import(&s->ctx, algorithm, h, length, pending_len > 0 ? pending : NULL));
    free(pending);
}

static void import_any(input *in, cosfast_algorithm algorithm) {
    uint64_t length = 0;
    uint32_t h[COSFAST_MAX_WORDS] = {0};
    uint8_t pending[64] = {0};
    cosfast_context ctx, before;
    cosfast_init(&ctx, algorithm);
    before = ctx;
    for (int i = 0; i < 8; i++) {
        length = length << 8 | take(in);
    }
    if (cosfast_import(&ctx, algorithm, h, length, pending)) {
        must(length >> 61 == 0 && ctx.length == length);
    } else {
        must(length >> 61 != 0 && memcmp(&ctx, &before, sizeof ctx) == 0);
    }
}

static void compress_many(input *in, cosfast_algorithm algorithm) {
    cosfast_stream streams[MOST_STREAMS];
    uint32_t expected[MOST_STREAMS][COSFAST_MAX_WORDS];
    uint8_t *blocks[MOST_STREAMS];
    size_t count = take(in) % (MOST_STREAMS + 1);
    for (size_t i = 0; i < count; i++) {
        size_t len = take(in) % 16 * 64;
        blocks[i] = take_bytes(in, &len);
        memset(streams[i].h, (int)i, sizeof streams[i].h);
        streams[i].data = blocks[i];
        streams[i].blocks = len / 64;
        memcpy(expected[i], streams[i].h, sizeof expected[i]);
        reference_compress(algorithm, expected[i], blocks[i], len / 64);
    }
    cosfast_compress_many(algorithm, streams, count);
    for (size_t i = 0; i < count; i++) {
        must(memcmp(streams[i].h, expected[i], sizeof expected[i]) == 0);
        must(streams[i].data == blocks[i]);
        free(blocks[i]);
    }
}

static void hash_many(input *in, cosfast_algorithm algorithm) {
    uint8_t *messages[MOST_STREAMS];
    size_t len[MOST_STREAMS], count = take(in) % (MOST_STREAMS + 1);
    const size_t size = reference_size(algorithm);
    uint8_t *digests = malloc(count > 0 ? count * size : 1);
    must(digests != NULL);
    for (size_t i = 0; i < count; i++) {
        len[i] = take(in) * (1 + take(in) % 4);
        messages[i] = take_bytes(in, &len[i]);
    }
    cosfast_hash_many(algorithm, (const uint8_t *const *)messages, len, count, digests);
    for (size_t i = 0; i < count; i++) {
        uint8_t expected[COSFAST_MAX_DIGEST_SIZE];
        reference_digest(algorithm, messages[i], len[i], expected);
        must(memcmp(digests + i * size, expected, size) == 0);
        free(messages[i]);
    }
    free(digests);
}

/* A kernel that this machine lacks leaves the choice as it was. */
static void select_kernel(input *in) {
    size_t kernel = take(in) % cosfast_kernel_count();
    size_t before = cosfast_kernel_many();
    bool supported = cosfast_kernel_supported(kernel);
    must((cosfast_select(cosfast_kernel_name(kernel)) == COSFAST_SELECTED) == supported);
    must(cosfast_kernel_many() == (supported ? kernel : before));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static session s;
    input in = {data, size};
    must(cosfast_select(NULL) == COSFAST_SELECTED);
    begin(&s, COSFAST_SHA1);
    while (in.left > 0) {
        const size_t operation = take(&in);
        const cosfast_algorithm algorithm = operation < 128 ? COSFAST_SHA1 : COSFAST_SHA256;
        switch (operation % 8) {
        case 0:
            select_kernel(&in);
            break;
        case 1:
            begin(&s, algorithm);
            break;
        case 2:
            check_digest(&s);
            break;
        case 3:
            export_import(&s);
            break;
        case 4:
            import_any(&in, algorithm);
            break;
        case 5:
            compress_many(&in, algorithm);
            break;
        case 6:
            hash_many(&in, algorithm);
            break;
        default:
            update(&s, &in);
            break;
        }
    }
    check_digest(&s);
    return 0;
}
