#!/bin/sh
# Compile with clang for a system that is not here, x86-64 and ARM64; nothing is linked or run.
# msvc: the core, as clang-cl sees it, and with __clang__ undefined, which selects the code for Visual
#   C++ itself. Of Microsoft's headers it needs few declarations, which this script writes; the
#   intrinsics are clang's.
# macos: the core, its tests and the example, with Apple's headers in a folder.
# usage: check_compile.sh CLANG msvc | CLANG macos HEADERS
clang=$1 system=$2 headers=${3:-build/$2}
core=$(awk '!/^#/ && NF { print $1 }' sources.txt)
passed=0 failed=0

# check ARCHITECTURE 'FILES' OPTION...
check() {
    arch=$1 files=$2
    shift 2
    for file in $files; do
        flags=$(awk -v arch="$arch" -v file="$file" '$1 == file && ($2 == "any" || $2 == arch) {
            for (i = 3; i <= NF; i++) print $i }' sources.txt)
        if $clang -std=c11 -O2 -Wall -Wextra -Werror -nostdlibinc -isystem "$headers" -I. \
            -c -o /dev/null $flags "$@" "$file"; then
            passed=$((passed + 1))
        else
            echo "FAIL $file: $*"
            failed=$((failed + 1))
        fi
    done
}

check_msvc() {
    mkdir -p "$headers"
    cat >"$headers/string.h" <<'END'
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
size_t strlen(const char *);
int strcmp(const char *, const char *);
END
    cat >"$headers/windows.h" <<'END'
#define PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE 30
int IsProcessorFeaturePresent(unsigned long);
END
    check x86 "$core" --target=x86_64-pc-windows-msvc -ffreestanding
    check x86 "$core" --target=x86_64-pc-windows-msvc -ffreestanding -fms-extensions -U__clang__
    check arm64 "$core" --target=aarch64-pc-windows-msvc -ffreestanding
    check arm64 "$core" --target=aarch64-pc-windows-msvc -ffreestanding -fms-extensions -U__clang__
}

check_macos() {
    check x86 "$core $(echo test/*.c example/*.c)" --target=x86_64-apple-macos11 -Wpedantic
    check arm64 "$core $(echo test/*.c example/*.c)" --target=arm64-apple-macos11 -Wpedantic
}

"check_$system"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
