#include "check.h"

int main(void) {
    test_threads(); /* before anything else hashes: it tests the race of first uses */
    test_selection();
    test_base64();
    test_context();
    test_files();
    test_kernels();
    test_many();
    test_pages();
    return finish_tests();
}
