#!/bin/sh
# Sanitizer flags that miss the kernels test nothing: look for their calls in each kernel's object.
# usage: check_sanitizers.sh 'symbol prefixes' object...
prefixes=$1
shift
passed=0 failed=0 skipped=0
for object; do
    symbols=$(nm "$object")
    if ! echo "$symbols" | grep -q ' T '; then
        echo "skip (not in this build) sanitizer calls in $object"
        skipped=$((skipped + 1))
        continue
    fi
    for prefix in $prefixes; do
        if echo "$symbols" | grep -q " U $prefix"; then
            echo "ok   $prefix calls in $object"
            passed=$((passed + 1))
        else
            echo "FAIL no $prefix calls in $object"
            failed=$((failed + 1))
        fi
    done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
