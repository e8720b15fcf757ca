#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Operations per second of the table service through the store, over 10,000 keys and over a million, without
# HTTP. AFFLUX_BUILD: the build folder (default build). BENCH_STORE_DIR: where to write (default: build, so
# that it is a disk and not memory). BENCH_STORE_SECONDS: of each measurement (default 3).

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${AFFLUX_BUILD:-build}
for keys in 10000 1000000; do
    folder=$(mktemp -d "${BENCH_STORE_DIR:-$build}/bench-dynamodb.XXXXXX")
    trap 'rm -rf "$folder"' EXIT
    "$build/bench/bench_dynamodb" "$folder" "$keys" "${BENCH_STORE_SECONDS:-3}"
    rm -rf "$folder"
done
