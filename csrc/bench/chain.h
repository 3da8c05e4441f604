/* What the machine itself allows: GB/s if nothing took time but a kernel's dependency chain, or but
 * its number of vector operations. */
#ifndef COSFAST_BENCH_CHAIN_H
#define COSFAST_BENCH_CHAIN_H

#include <stddef.h>

/* Run the chain of that many blocks; the result depends on all of it. */
typedef unsigned chain_fn(size_t blocks);

typedef struct {
    const char *name;
    const char *kernel; /* the kernel that it bounds; the slowest one of a kernel is its limit */
    size_t streams;     /* that the one chain carries along */
    chain_fn *run;
} chain;

/* Of SHA-1 and of SHA-256, ended by a NULL name; only those of this architecture. */
extern const chain chains[];
extern const chain sha256_chains[];

#endif
