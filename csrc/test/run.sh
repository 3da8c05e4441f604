#!/bin/sh
# Run one configuration of the tests, show its report and keep it in build/<name>.log. Where a tool
# is missing the whole configuration counts as one skipped test.
# usage: run.sh NAME 'COMPILER FLAGS that must work' COMMAND...
name=$1 compiler=$2
shift 2
mkdir -p build
log=build/$name.log

skip() {
    echo "skip $name: $1" >"$log"
    echo "0 passed, 0 failed, 1 skipped" >>"$log"
    cat "$log"
    exit 0
}

if [ -n "$compiler" ]; then
    echo 'int main(void) { return 0; }' >build/probe.c
    $compiler -o build/probe build/probe.c 2>/dev/null || skip "'$compiler' does not work here"
fi
for argument; do
    case $argument in
    EMULATOR=*)
        emulator=${argument#EMULATOR=}
        command -v "${emulator%% *}" >/dev/null || skip "no ${emulator%% *}"
        ;;
    esac
done

echo "== $name" >"$log"
"$@" >>"$log" 2>&1
status=$?
cat "$log"
exit $status
