#!/bin/sh
# Runs test programs and adds up what they counted.
#
#   tests/run.sh NAME=COMMAND…
#
# Each command is one runner: cmocka, node's test runner, or anything that ends in
# "N passed, N failed". Its output is shown only when something in it failed. A runner that
# exits non-zero, or counts no test at all, is a failure. Ends with the sum of all.
set -u
pass=0 fail=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Prints "passed failed" as the runner itself counted them.
count() {
    awk '
        /^\[  PASSED  \] [0-9]+ test/ { p += $4 }
        /^\[  FAILED  \] [0-9]+ test/ { f += $4 }
        /^[#ℹ] pass [0-9]+/ { p += $3 }
        /^[#ℹ] fail [0-9]+/ { f += $3 }
        /^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3 }
        END { print p + 0, f + 0 }' "$log"
}

for runner; do
    name=${runner%%=*} command=${runner#*=}
    start=$(date +%s)
    sh -c "$command" >"$log" 2>&1 </dev/null
    code=$?
    set -- $(count)
    p=$1 f=$2
    if [ "$code" != 0 ] && [ "$f" = 0 ]; then f=1; fi
    if [ "$code" = 0 ] && [ "$p" = 0 ]; then f=1; fi
    if [ "$f" != 0 ]; then
        echo "--- $name: FAILED (exit $code)"
        tail -n 200 "$log"
    fi
    printf '%-28s %5d passed %3d failed %4d s\n' "$name" "$p" "$f" $(($(date +%s) - start))
    pass=$((pass + p)) fail=$((fail + f))
done
echo
echo "$pass passed, $fail failed"
[ "$fail" = 0 ]
