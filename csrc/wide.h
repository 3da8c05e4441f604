/*
 * Many streams in wide registers: word i of a register belongs to stream i, so that the rounds read
 * as for one stream. Before including this, a kernel says how its instruction set does each step:
 *
 *   LANES, vec                           streams, and the register that holds a word of each
 *   add, xor2, xor3, rotl, rotr, shr     arithmetic of words; rotations and shifts by a constant
 *   choose, parity, majority             FIPS 180-4 section 4.1
 *   broadcast, load, store               a constant; a register from and to memory
 *   load_half(w, rows, at)               eight words of every stream, from byte `at` of its row
 *   prefetch                             ask for memory that need not be there
 */
#ifndef COSFAST_WIDE_H
#define COSFAST_WIDE_H

/* The compiler knows that adds commute and would reorder them; KEEP hides a sum from it. FRESH
 * hides that a pointer is always the same, so that what it points to is not loaded once for all
 * blocks, which would fill the registers. */
#if COSFAST_GNU
#define KEEP(sum) __asm__("" : "+v"(sum))
#define FRESH(pointer) __asm__("" : "+r"(pointer))
#else
#define KEEP(sum) ((void)0)
#define FRESH(pointer) ((void)0)
#endif

INLINE vec add_now(vec x, vec y) {
    vec sum = add(x, y);
    KEEP(sum);
    return sum;
}

/* Far enough for memory to answer in time. A prefetch past the end of the data does nothing. */
#define PREFETCH_AHEAD 512

/*
 * The next block of every stream, copied during the rounds of this one, a stream at a time. Streams
 * a power of two apart share a set of the caches, which holds fewer lines than there are streams:
 * what is only prefetched is evicted again before its block comes.
 */
typedef struct {
    uint8_t rows[LANES][BLOCK_SIZE];
} blocks_ahead;

INLINE void copy_block(blocks_ahead *ahead, size_t stream, const uint8_t *from) {
    for (size_t i = 0; i < BLOCK_SIZE; i += sizeof(vec)) {
        store(ahead->rows[stream] + i, load(from + i));
    }
}

#define AHEAD(stream)                                                                              \
    do {                                                                                           \
        if ((stream) < LANES) {                                                                    \
            copy_block(&ahead, (stream) % LANES, data[(stream) % LANES] + next);                   \
            prefetch((uintptr_t)data[(stream) % LANES] + at + PREFETCH_AHEAD);                     \
        }                                                                                          \
    } while (0)

INLINE void load_states(vec *state, uint32_t *const h[LANES], const size_t words) {
    uint32_t rows[MAX_WORDS][LANES];
    for (size_t i = 0; i < LANES; i++) {
        for (size_t j = 0; j < words; j++) {
            rows[j][i] = h[i][j];
        }
    }
    for (size_t i = 0; i < words; i++) {
        state[i] = load(rows[i]);
    }
}

INLINE void store_states(uint32_t *const h[LANES], const vec *state, const size_t words) {
    uint32_t rows[MAX_WORDS][LANES];
    for (size_t i = 0; i < words; i++) {
        store(rows[i], state[i]);
    }
    for (size_t i = 0; i < LANES; i++) {
        for (size_t j = 0; j < words; j++) {
            h[i][j] = rows[j][i];
        }
    }
}

/* SHA-1. The schedule of FIPS 180-4 section 6.1.2, in a window of 16 words: word t+16 takes the
 * place of word t as soon as that is used, so that it is there long before its round. */
#define SHA1_SCHEDULE(t)                                                                           \
    do {                                                                                           \
        if ((t) < 64) {                                                                            \
            vec sum = xor2(w[(t) % 16], w[((t) + 13) % 16]);                                       \
            w[(t) % 16] = rotl(xor3(sum, w[((t) + 2) % 16], w[((t) + 8) % 16]), 1);                \
        }                                                                                          \
    } while (0)

/* The chain that bounds the speed is a's rotation and one add for each round, so that add must come
 * last. f takes b for its result if it can, so b moves on first. */
#define SHA1_ROUND(a, b, c, d, e, f, k, t)                                                         \
    do {                                                                                           \
        vec moved;                                                                                 \
        e = add_now(e, add_now(w[(t) % 16], k));                                                   \
        moved = rotl(b, 30);                                                                       \
        e = add_now(e, f(b, c, d));                                                                \
        e = add_now(e, rotl(a, 5));                                                                \
        b = moved;                                                                                 \
        SHA1_SCHEDULE(t);                                                                          \
    } while (0)

/* Five rounds bring each variable back to its own name. */
#define FIVE_ROUNDS(f, k, t)                                                                       \
    do {                                                                                           \
        AHEAD((t) / 5);                                                                            \
        SHA1_ROUND(a, b, c, d, e, f, k, (t) + 0);                                                  \
        SHA1_ROUND(e, a, b, c, d, f, k, (t) + 1);                                                  \
        SHA1_ROUND(d, e, a, b, c, f, k, (t) + 2);                                                  \
        SHA1_ROUND(c, d, e, a, b, f, k, (t) + 3);                                                  \
        SHA1_ROUND(b, c, d, e, a, f, k, (t) + 4);                                                  \
    } while (0)

#define TWENTY_ROUNDS(f, k, t)                                                                     \
    do {                                                                                           \
        FIVE_ROUNDS(f, k, (t) + 0);                                                                \
        FIVE_ROUNDS(f, k, (t) + 5);                                                                \
        FIVE_ROUNDS(f, k, (t) + 10);                                                               \
        FIVE_ROUNDS(f, k, (t) + 15);                                                               \
    } while (0)

INLINE void sha1_wide(uint32_t *const h[LANES], const uint8_t *const data[LANES], size_t blocks) {
    const vec k0 = broadcast(SHA1_K0), k1 = broadcast(SHA1_K1);
    const vec k2 = broadcast(SHA1_K2), k3 = broadcast(SHA1_K3);
    blocks_ahead ahead;
    vec state[5];
    load_states(state, h, 5);
    for (size_t i = 0; i < LANES && blocks > 0; i++) {
        copy_block(&ahead, i, data[i]);
    }
    for (size_t at = 0; at < blocks * BLOCK_SIZE; at += BLOCK_SIZE) {
        /* There is none after the last block, which is copied twice. */
        const size_t next = at + BLOCK_SIZE < blocks * BLOCK_SIZE ? at + BLOCK_SIZE : at;
        vec a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], w[16];
        load_half(w, ahead.rows, 0);
        load_half(w + 8, ahead.rows, BLOCK_SIZE / 2);
        TWENTY_ROUNDS(choose, k0, 0);
        TWENTY_ROUNDS(parity, k1, 20);
        TWENTY_ROUNDS(majority, k2, 40);
        TWENTY_ROUNDS(parity, k3, 60);
        state[0] = add(state[0], a);
        state[1] = add(state[1], b);
        state[2] = add(state[2], c);
        state[3] = add(state[3], d);
        state[4] = add(state[4], e);
    }
    store_states(h, state, 5);
}

/* SHA-256. The schedule of FIPS 180-4 section 6.2.2: word t+16 takes the place of word t, which is
 * used by then, so that it is there long before its round. */
#define SIGMA(x, m, n, o) xor3(rotr(x, m), rotr(x, n), rotr(x, o))
#define SCHEDULE_SIGMA(x, m, n, o) xor3(rotr(x, m), rotr(x, n), shr(x, o))
#define SHA256_SCHEDULE(t)                                                                         \
    do {                                                                                           \
        if ((t) < 48) {                                                                            \
            w[(t) % 16] = add_now(w[(t) % 16], w[((t) + 9) % 16]);                                 \
            w[(t) % 16] = add_now(w[(t) % 16], SCHEDULE_SIGMA(w[((t) + 1) % 16], 7, 18, 3));       \
            w[(t) % 16] = add_now(w[(t) % 16], SCHEDULE_SIGMA(w[((t) + 14) % 16], 17, 19, 10));    \
        }                                                                                          \
    } while (0)

#define SHA256_ROUND(a, b, c, d, e, f, g, h, t)                                                    \
    do {                                                                                           \
        h = add_now(h, add_now(w[(t) % 16], broadcast(k[t])));                                     \
        SHA256_SCHEDULE(t);                                                                        \
        h = add_now(h, choose(e, f, g));                                                           \
        h = add_now(h, SIGMA(e, 6, 11, 25));                                                       \
        d = add_now(d, h);                                                                         \
        h = add_now(h, majority(a, b, c));                                                         \
        h = add_now(h, SIGMA(a, 2, 13, 22));                                                       \
    } while (0)

/* Eight rounds bring each variable back to its own name. */
#define EIGHT_ROUNDS(t)                                                                            \
    do {                                                                                           \
        AHEAD((t) / 4);                                                                            \
        SHA256_ROUND(a, b, c, d, e, f, g, h, (t) + 0);                                             \
        SHA256_ROUND(h, a, b, c, d, e, f, g, (t) + 1);                                             \
        SHA256_ROUND(g, h, a, b, c, d, e, f, (t) + 2);                                             \
        SHA256_ROUND(f, g, h, a, b, c, d, e, (t) + 3);                                             \
        AHEAD((t) / 4 + 1);                                                                        \
        SHA256_ROUND(e, f, g, h, a, b, c, d, (t) + 4);                                             \
        SHA256_ROUND(d, e, f, g, h, a, b, c, (t) + 5);                                             \
        SHA256_ROUND(c, d, e, f, g, h, a, b, (t) + 6);                                             \
        SHA256_ROUND(b, c, d, e, f, g, h, a, (t) + 7);                                             \
    } while (0)

INLINE void sha256_wide(uint32_t *const states[LANES], const uint8_t *const data[LANES],
                        size_t blocks) {
    blocks_ahead ahead;
    vec state[8];
    load_states(state, states, 8);
    for (size_t i = 0; i < LANES && blocks > 0; i++) {
        copy_block(&ahead, i, data[i]);
    }
    for (size_t at = 0; at < blocks * BLOCK_SIZE; at += BLOCK_SIZE) {
        /* There is none after the last block, which is copied twice. */
        const size_t next = at + BLOCK_SIZE < blocks * BLOCK_SIZE ? at + BLOCK_SIZE : at;
        vec a = state[0], b = state[1], c = state[2], d = state[3];
        vec e = state[4], f = state[5], g = state[6], h = state[7], w[16];
        const uint32_t *k = cosfast_sha256_k;
        FRESH(k);
        load_half(w, ahead.rows, 0);
        load_half(w + 8, ahead.rows, BLOCK_SIZE / 2);
        EIGHT_ROUNDS(0);
        EIGHT_ROUNDS(8);
        EIGHT_ROUNDS(16);
        EIGHT_ROUNDS(24);
        EIGHT_ROUNDS(32);
        EIGHT_ROUNDS(40);
        EIGHT_ROUNDS(48);
        EIGHT_ROUNDS(56);
        state[0] = add(state[0], a);
        state[1] = add(state[1], b);
        state[2] = add(state[2], c);
        state[3] = add(state[3], d);
        state[4] = add(state[4], e);
        state[5] = add(state[5], f);
        state[6] = add(state[6], g);
        state[7] = add(state[7], h);
    }
    store_states(states, state, 8);
}

#endif
