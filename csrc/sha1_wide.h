/*
 * SHA-1 of many streams in one wide register: word i of a register belongs to stream i, so that
 * the rounds read as for one stream. Before including this, a kernel says how its instruction set
 * does each step:
 *
 *   LANES, vec                           streams, and the register that holds a word of each
 *   add, xor2, xor3, rotl                arithmetic of words; rotl by a constant
 *   choose, parity, majority             FIPS 180-4 section 4.1.1
 *   broadcast, load, store               a constant; LANES words from and to memory
 *   load_block                           the next 16 words of every stream
 *   prefetch                             ask for memory that need not be there
 */
#ifndef COSFAST_SHA1_WIDE_H
#define COSFAST_SHA1_WIDE_H

/*
 * The chain that bounds the speed is a's rotation and one add for each round, so that add must come
 * last. The compiler knows that adds commute and would reorder them: KEEP hides a sum from it.
 */
#if COSFAST_GNU
#define KEEP(sum) __asm__("" : "+v"(sum))
#else
#define KEEP(sum) ((void)0)
#endif

INLINE vec add_now(vec x, vec y) {
    vec sum = add(x, y);
    KEEP(sum);
    return sum;
}

/* The schedule of FIPS 180-4 section 6.1.2, in a window of the last 16 words. */
#define WORD(t)                                                                                    \
    ((t) < 16 ? w[(t) % 16]                                                                        \
              : (w[(t) % 16] = rotl(xor3(xor2(w[((t) + 13) % 16], w[(t) % 16]), w[((t) + 8) % 16], \
                                         w[((t) + 2) % 16]),                                       \
                                    1)))

/* f takes b for its result where it can, so b moves on first. */
#define ROUND(a, b, c, d, e, f, k, t)                                                              \
    do {                                                                                           \
        vec moved;                                                                                 \
        e = add_now(e, add_now(WORD(t), k));                                                       \
        moved = rotl(b, 30);                                                                       \
        e = add_now(e, f(b, c, d));                                                                \
        e = add_now(e, rotl(a, 5));                                                                \
        b = moved;                                                                                 \
    } while (0)

/* Far enough for memory to answer in time. A prefetch past the end of the data does nothing. */
#define PREFETCH_AHEAD 512

/* Five rounds bring each variable back to its own name. Each five ask for the data of one stream:
 * all streams' requests at once would queue up and hold the block after this one back. */
#define FIVE_ROUNDS(f, k, t)                                                                       \
    do {                                                                                           \
        if ((t) / 5 < LANES) {                                                                     \
            prefetch((uintptr_t)data[(t) / 5 % LANES] + at + PREFETCH_AHEAD);                      \
        }                                                                                          \
        ROUND(a, b, c, d, e, f, k, (t) + 0);                                                       \
        ROUND(e, a, b, c, d, f, k, (t) + 1);                                                       \
        ROUND(d, e, a, b, c, f, k, (t) + 2);                                                       \
        ROUND(c, d, e, a, b, f, k, (t) + 3);                                                       \
        ROUND(b, c, d, e, a, f, k, (t) + 4);                                                       \
    } while (0)

#define TWENTY_ROUNDS(f, k, t)                                                                     \
    do {                                                                                           \
        FIVE_ROUNDS(f, k, (t) + 0);                                                                \
        FIVE_ROUNDS(f, k, (t) + 5);                                                                \
        FIVE_ROUNDS(f, k, (t) + 10);                                                               \
        FIVE_ROUNDS(f, k, (t) + 15);                                                               \
    } while (0)

INLINE void compress_wide(uint32_t *const h[LANES], const uint8_t *const data[LANES],
                          size_t blocks) {
    const vec k0 = broadcast(SHA1_K0), k1 = broadcast(SHA1_K1);
    const vec k2 = broadcast(SHA1_K2), k3 = broadcast(SHA1_K3);
    uint32_t state[5][LANES];
    vec a, b, c, d, e;
    for (size_t i = 0; i < 5 * LANES; i++) {
        state[i % 5][i / 5] = h[i / 5][i % 5];
    }
    a = load(state[0]);
    b = load(state[1]);
    c = load(state[2]);
    d = load(state[3]);
    e = load(state[4]);
    for (size_t at = 0; at < blocks * SHA1_BLOCK; at += SHA1_BLOCK) {
        const vec old_a = a, old_b = b, old_c = c, old_d = d, old_e = e;
        vec w[16];
        load_block(w, data, at);
        TWENTY_ROUNDS(choose, k0, 0);
        TWENTY_ROUNDS(parity, k1, 20);
        TWENTY_ROUNDS(majority, k2, 40);
        TWENTY_ROUNDS(parity, k3, 60);
        a = add(a, old_a);
        b = add(b, old_b);
        c = add(c, old_c);
        d = add(d, old_d);
        e = add(e, old_e);
    }
    store(state[0], a);
    store(state[1], b);
    store(state[2], c);
    store(state[3], d);
    store(state[4], e);
    for (size_t i = 0; i < 5 * LANES; i++) {
        h[i / 5][i % 5] = state[i % 5][i / 5];
    }
}

#endif
