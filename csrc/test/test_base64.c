/* Base64: the vectors of RFC 4648, section 10, and every byte at every place of a group. */
#include <string.h>

#include "../cosfast_base64.h"
#include "check.h"

static void encodes_to(const char *data, size_t len, const char *wanted) {
    char text[64];
    memset(text, '#', sizeof text);
    size_t count = cosfast_base64_encode(data, len, text);
    CHECK(count == strlen(wanted));
    CHECK(memcmp(text, wanted, count) == 0);
    CHECK(text[count] == '#');
}

static void known_answers(void) {
    encodes_to("", 0, "");
    encodes_to("f", 1, "Zg==");
    encodes_to("fo", 2, "Zm8=");
    encodes_to("foo", 3, "Zm9v");
    encodes_to("foob", 4, "Zm9vYg==");
    encodes_to("fooba", 5, "Zm9vYmE=");
    encodes_to("foobar", 6, "Zm9vYmFy");
    encodes_to("\xfb\xef\xff", 3, "++//");
}

static int value_of(char character) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return (int)(strchr(alphabet, character) - alphabet);
}

static void every_byte_comes_back(void) {
    for (int byte = 0; byte < 256; byte++) {
        for (int place = 0; place < 3; place++) {
            unsigned char data[3] = {0x5a, 0xa5, 0x3c};
            char text[4];
            data[place] = (unsigned char)byte;
            CHECK(cosfast_base64_encode(data, sizeof data, text) == sizeof text);
            unsigned group = 0;
            for (int i = 0; i < 4; i++) {
                group = group << 6 | (unsigned)value_of(text[i]);
            }
            CHECK(group == ((unsigned)data[0] << 16 | (unsigned)data[1] << 8 | data[2]));
        }
    }
}

void test_base64(void) {
    run_test("base64 of known answers", NULL, known_answers);
    run_test("base64 of every byte", NULL, every_byte_comes_back);
}
