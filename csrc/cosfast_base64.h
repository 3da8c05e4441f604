/* Standard base64 (RFC 4648, section 4), for callers that send bytes as text. */
#ifndef COSFAST_BASE64_H
#define COSFAST_BASE64_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Write `len` bytes as base64, padded with `=`, without line breaks and without a zero byte.
 *
 * text: room for 4 characters for each 3 bytes, the last group being a whole one.
 *
 * Return the number of characters.
 */
size_t cosfast_base64_encode(const void *data, size_t len, char *text);

#ifdef __cplusplus
}
#endif

#endif
