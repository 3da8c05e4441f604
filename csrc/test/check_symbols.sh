#!/bin/sh
# Check that every symbol that the objects show to the linker starts with cosfast_.
# usage: check_symbols.sh object...
passed=0 failed=0
for object; do
    foreign=$(nm -g --defined-only "$object" | awk 'NF == 3 { print $3 }' | grep -Ev '^_?cosfast_')
    if [ -z "$foreign" ]; then
        echo "ok   symbols of $object"
        passed=$((passed + 1))
    else
        echo "FAIL symbols of $object without the prefix cosfast_:" $foreign
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
