#!/bin/sh
# Run the example program on 200,000 bytes and compare with the output that README.md shows.
# usage: check_example.sh PROGRAM...    the program, after an emulator if need be
found=$(yes cosfast | head -c 200000 | "$@" sha256 65536)
wanted=$(sed -n '/^    \$ yes cosfast/,/^    sha256/p' README.md | sed -n '2,$s/^    //p')
if [ -n "$wanted" ] && [ "$found" = "$wanted" ]; then
    echo "ok   example program"
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "FAIL example program, which printed:"
    echo "$found"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
