/* What the machine itself allows: GB/s if nothing but its dependency chain took time. */
#ifndef COSFAST_BENCH_CHAIN_H
#define COSFAST_BENCH_CHAIN_H

#include <stddef.h>

/* Run the chain of that many blocks; the result depends on all of it. */
typedef unsigned chain_fn(size_t blocks);

typedef struct {
    const char *name;
    const char *kernel; /* the kernel that it bounds */
    size_t streams;     /* that the one chain carries along */
    chain_fn *run;
} chain;

/* Of SHA-1 and of SHA-256, ended by a NULL name; only those of this architecture. */
extern const chain chains[];
extern const chain sha256_chains[];

#endif
