#!/bin/sh
# All benchmarks, each a ratio against a named peer measured in the same run. Called by `make bench`.
#   QUICK=1                 few rounds, for a first look
#   SETTLEMENTS=10000000    of the cache whose screens are timed last
set -eu
cd "$(dirname "$0")/../.."
export B=${B:-build}
build=$B/tests/bench
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT INT TERM

for n in 2000 100000; do
    "$build/synth_cache" "$data/$n" "$n" devnet
done
code=0
"$build/bench_tui" --souk "$PWD/souk" --data2k "$data/2000" --data100k "$data/100000" \
    ${QUICK:+--quick} || code=$?
node tests/bench/bench_sync.mjs || code=$?
node tests/bench/bench_index.mjs || code=$?
node tests/bench/bench_call.mjs || code=$?
node tests/bench/bench_walrus.mjs "$build/walrus_kernels" || code=$?
node tests/bench/bench_run.mjs "$build/bare_ort" || code=$?
echo "the cache of 100000 models with ${SETTLEMENTS:-1000000} settlements more"
"$build/scale" "$data/100000" "${SETTLEMENTS:-1000000}" || code=$?
exit "$code"
