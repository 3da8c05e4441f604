/* A test is a function that CHECKs; a failed CHECK says where and fails its test. */
#ifndef COSFAST_TEST_CHECK_H
#define COSFAST_TEST_CHECK_H

#include "../cosfast.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            check_failed(__FILE__, __LINE__, #condition);                                          \
        }                                                                                          \
    } while (0)

/* The most bytes of a digest. */
#define MAX_SIZE COSFAST_MAX_DIGEST_SIZE

void check_failed(const char *file, int line, const char *condition);

/* Run one test and report it; `of` says what it was run on and may be NULL. */
void run_test(const char *name, const char *of, void (*test)(void));

/* Report a test as skipped. */
void skip_test(const char *name, const char *of, const char *reason);

/* Run a test with each algorithm. */
void run_test_of_algorithms(const char *name, void (*test)(cosfast_algorithm algorithm));

/* Run a test with each algorithm under each kernel of this build in turn, forced; those that this
 * CPU lacks are reported as skipped. The environment's KERNEL restricts this to one kernel. */
void run_test_of_kernels(const char *name, void (*test)(cosfast_algorithm, size_t kernel));

/* The summary as the last line; the exit status. */
int finish_tests(void);

/* Random cases for each kernel: the environment's CASES, or a fast share. */
size_t random_cases(void);

/* splitmix64: the same numbers everywhere from the same seed. */
typedef struct {
    uint64_t state;
} rng;

uint64_t rng_next(rng *r);
size_t rng_below(rng *r, size_t end);
void rng_fill(rng *r, uint8_t *bytes, size_t len);
void rng_state(rng *r, uint32_t h[COSFAST_MAX_WORDS]);

void test_base64(void);
void test_context(void);
void test_files(void);
void test_kernels(void);
void test_many(void);
void test_pages(void);
void test_selection(void);
void test_threads(void);

#endif
