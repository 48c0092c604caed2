#!/bin/sh
# The README's picture: souk on the devnet's default world, drawn from a real terminal screen.
#   screenshot.sh TTYSHOT SOUK OUT.png
set -eu
shot=$1 souk=$2 out=$3
data=$(mktemp -d)
trap '"$souk" devnet down --data "$data" --quiet; rm -rf "$data"' EXIT INT TERM
"$souk" devnet up --data "$data" --port 0
"$souk" sync --network devnet --data "$data" --quiet
SOUK_ASSETS=${SOUK_ASSETS:-$PWD/assets} "$shot" -s 140x36 -w 'of 2,000' -k jj -o "$out" -- \
    "$souk" --network devnet --offline --data "$data"
