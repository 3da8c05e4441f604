/* SHA-1 the slow way, straight from FIPS 180-4 section 6.1 and sharing nothing with the core, for
 * tests and the fuzzer to compare with. */
#ifndef COSFAST_TEST_REFERENCE_H
#define COSFAST_TEST_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

void reference_compress(uint32_t h[5], const uint8_t *data, size_t blocks);
void reference_digest(const uint8_t *data, size_t len, uint8_t digest[20]);

#endif
