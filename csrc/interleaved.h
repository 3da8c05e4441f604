/*
 * SHA-1 of one to four streams, interleaved. With SHA-1 instructions a stream alone mostly waits
 * for its last result; the rounds of the others fill that wait. Before including this, a kernel
 * says how its instruction set does each step:
 *
 *   stream                               the registers of one stream
 *   load_state, store_state              h0..h4 into the registers and back
 *   begin_block, end_block               take in the next 16 words; add the old state
 *   ROUNDS(stream, t)                    rounds 4t .. 4t+3; t is a constant
 */
#ifndef COSFAST_INTERLEAVED_H
#define COSFAST_INTERLEAVED_H

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

#define LOAD(i, unused) load_state(&s[i], h[i])
#define BEGIN(i, at) begin_block(&s[i], data[i] + (at))
#define FOUR_ROUNDS(i, t) ROUNDS(&s[i], t)
#define END(i, unused) end_block(&s[i])
#define STORE(i, unused) store_state(&s[i], h[i])

#define TWENTY_ROUNDS(t)                                                                           \
    do {                                                                                           \
        EACH(FOUR_ROUNDS, (t) + 0);                                                                \
        EACH(FOUR_ROUNDS, (t) + 1);                                                                \
        EACH(FOUR_ROUNDS, (t) + 2);                                                                \
        EACH(FOUR_ROUNDS, (t) + 3);                                                                \
        EACH(FOUR_ROUNDS, (t) + 4);                                                                \
    } while (0)

INLINE void compress_interleaved(uint32_t *const h[], const uint8_t *const data[], size_t blocks,
                                 const unsigned n) {
    stream s[4];
    EACH(LOAD, 0);
    for (size_t at = 0; at < blocks * SHA1_BLOCK; at += SHA1_BLOCK) {
        EACH(BEGIN, at);
        TWENTY_ROUNDS(0);
        TWENTY_ROUNDS(5);
        TWENTY_ROUNDS(10);
        TWENTY_ROUNDS(15);
        EACH(END, 0);
    }
    EACH(STORE, 0);
}

#endif
