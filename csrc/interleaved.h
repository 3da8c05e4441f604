/*
 * One to four streams, interleaved. With SHA instructions a stream alone mostly waits for its last
 * result; the rounds of the others fill that wait. Include this once for each algorithm, after
 * defining
 *
 *   ALGORITHM(name)       the name with the algorithm's prefix
 *   GROUPS                groups of four rounds in a block
 *
 * and these, with that prefix, in the instruction set's own way:
 *
 *   stream                               the registers of one stream
 *   load_state, store_state              the chaining words into the registers and back
 *   begin_block, end_block               take in the next 16 words; add the old state
 *   four_rounds(stream, t)               rounds 4t .. 4t+3; t is a constant
 *
 * It defines interleaved(h, data, blocks, n) with the prefix.
 */

/* The statement for each of the first n streams. n is a constant once this is inlined, so that the
 * tests vanish and the streams live in registers. */
#define EACH(STATEMENT, t)                                                                         \
    do {                                                                                           \
        STATEMENT(0, t);                                                                           \
        if (n > 1) {                                                                               \
            STATEMENT(1, t);                                                                       \
        }                                                                                          \
        if (n > 2) {                                                                               \
            STATEMENT(2, t);                                                                       \
        }                                                                                          \
        if (n > 3) {                                                                               \
            STATEMENT(3, t);                                                                       \
        }                                                                                          \
    } while (0)

#define LOAD(i, unused) ALGORITHM(load_state)(&s[i], h[i])
#define BEGIN(i, at) ALGORITHM(begin_block)(&s[i], data[i] + (at))
#define FOUR_ROUNDS(i, t) ALGORITHM(four_rounds)(&s[i], t)
#define END(i, unused) ALGORITHM(end_block)(&s[i])
#define STORE(i, unused) ALGORITHM(store_state)(&s[i], h[i])

#define FOUR_GROUPS(t)                                                                             \
    do {                                                                                           \
        EACH(FOUR_ROUNDS, (t) + 0);                                                                \
        EACH(FOUR_ROUNDS, (t) + 1);                                                                \
        EACH(FOUR_ROUNDS, (t) + 2);                                                                \
        EACH(FOUR_ROUNDS, (t) + 3);                                                                \
    } while (0)

INLINE void ALGORITHM(interleaved)(uint32_t *const h[], const uint8_t *const data[], size_t blocks,
                                   const unsigned n) {
    ALGORITHM(stream) s[4];
    EACH(LOAD, 0);
    for (size_t at = 0; at < blocks * BLOCK_SIZE; at += BLOCK_SIZE) {
        EACH(BEGIN, at);
        FOUR_GROUPS(0);
        FOUR_GROUPS(4);
        FOUR_GROUPS(8);
        FOUR_GROUPS(12);
#if GROUPS > 16
        FOUR_GROUPS(16);
#endif
        EACH(END, 0);
    }
    EACH(STORE, 0);
}

#undef EACH
#undef LOAD
#undef BEGIN
#undef FOUR_ROUNDS
#undef END
#undef STORE
#undef FOUR_GROUPS
#undef ALGORITHM
#undef GROUPS
