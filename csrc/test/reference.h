/* SHA-1 and SHA-256 the slow way, straight from FIPS 180-4 sections 6.1 and 6.2 and sharing nothing
 * with the core but the numbers of the algorithms, for tests and the fuzzer to compare with. */
#ifndef COSFAST_TEST_REFERENCE_H
#define COSFAST_TEST_REFERENCE_H

#include "../cosfast.h"

/* Words of the state, and bytes of the digest. */
size_t reference_words(cosfast_algorithm algorithm);
size_t reference_size(cosfast_algorithm algorithm);

void reference_initial(cosfast_algorithm algorithm, uint32_t *h);
void reference_compress(cosfast_algorithm algorithm, uint32_t *h, const uint8_t *data,
                        size_t blocks);
void reference_digest(cosfast_algorithm algorithm, const uint8_t *data, size_t len,
                      uint8_t *digest);

#endif
