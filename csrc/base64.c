/* Standard base64: three bytes become four characters. */
#include "cosfast_base64.h"

#include <stdint.h>

static const char ALPHABET[64] = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
                                  'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
                                  'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
                                  'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
                                  '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/'};

/* Write the four characters of the 24 bits of `group`. */
static char *put(char *text, uint32_t group) {
    text[0] = ALPHABET[group >> 18];
    text[1] = ALPHABET[group >> 12 & 63];
    text[2] = ALPHABET[group >> 6 & 63];
    text[3] = ALPHABET[group & 63];
    return text + 4;
}

size_t cosfast_base64_encode(const void *data, size_t len, char *text) {
    const uint8_t *byte = data;
    char *at = text;
    for (; len >= 3; len -= 3, byte += 3) {
        at = put(at, (uint32_t)byte[0] << 16 | (uint32_t)byte[1] << 8 | byte[2]);
    }
    if (len > 0) {
        at = put(at, (uint32_t)byte[0] << 16 | (len > 1 ? (uint32_t)byte[1] << 8 : 0));
        at[-1] = '=';
        if (len == 1) {
            at[-2] = '=';
        }
    }
    return (size_t)(at - text);
}
