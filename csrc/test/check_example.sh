#!/bin/sh
# Run the example program on 200,000 bytes and compare with the output that README.md shows; then on
# bytes that Windows would change in a stream of text. Lines end with a carriage return there.
# usage: check_example.sh PROGRAM...    the program, after an emulator if need be
passed=0 failed=0

# compare NAME FOUND WANTED
compare() {
    if [ -n "$3" ] && [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok   $1"
    else
        failed=$((failed + 1))
        echo "FAIL $1, which printed:"
        echo "$2"
    fi
}

found=$(yes cosfast | head -c 200000 | "$@" sha256 65536 | tr -d '\r')
wanted=$(sed -n '/^    \$ yes cosfast/,/^    sha256/p' README.md | sed -n '2,$s/^    //p')
compare "example program" "$found" "$wanted"

found=$(printf 'a\r\nb\032c' | "$@" sha1 | tr -d '\r' | tail -n 1)
compare "example program on bytes that are no text" "$found" "sha1 1298ce3cc2a06f16a1dd992fc7e14162083dfc95"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
