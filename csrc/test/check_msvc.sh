#!/bin/sh
# Check the syntax of the core for Visual C++ on x86-64 and ARM64: as clang-cl compiles it, and with
# __clang__ undefined, which selects the code for Visual C++ itself. Of Microsoft's headers the core
# needs few declarations, which this script writes; the intrinsics are clang's.
# usage: check_msvc.sh CLANG
clang=$1
headers=build/msvc
passed=0 failed=0
mkdir -p $headers
cat >$headers/string.h <<'END'
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
size_t strlen(const char *);
int strcmp(const char *, const char *);
END
cat >$headers/windows.h <<'END'
#define PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE 30
int IsProcessorFeaturePresent(unsigned long);
END

# check NAME_OF_ARCHITECTURE TARGET OPTION...
check() {
    arch=$1 target=$2
    shift 2
    for file in $(awk '!/^#/ && NF { print $1 }' sources.txt); do
        flags=$(awk -v arch="$arch" -v file="$file" '$1 == file && ($2 == "any" || $2 == arch) {
            for (i = 3; i <= NF; i++) print $i }' sources.txt)
        if $clang --target="$target" -std=c11 -ffreestanding -fms-extensions -fsyntax-only -nostdlibinc \
            -Wall -Wextra -Werror -isystem $headers $flags "$@" "$file"; then
            passed=$((passed + 1))
        else
            echo "FAIL $file: $target $*"
            failed=$((failed + 1))
        fi
    done
}

check x86 x86_64-pc-windows-msvc
check x86 x86_64-pc-windows-msvc -U__clang__
check arm64 aarch64-pc-windows-msvc
check arm64 aarch64-pc-windows-msvc -U__clang__
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
