#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Durable transitions per second with 1, 100 and 10,000 executions, each of which waits for its own commit,
# and the fdatasync rate of the same disk in the same run. AFFLUX_BUILD: the build folder (default build).
# BENCH_STORE_DIR: where to write (default: build, so that it is a disk and not memory).
# BENCH_STORE_SECONDS: of each measurement (default 3).

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${AFFLUX_BUILD:-build}
folder=$(mktemp -d "${BENCH_STORE_DIR:-$build}/bench-store.XXXXXX")
trap 'rm -rf "$folder"' EXIT

"$build/bench/bench_store" "$folder" "${BENCH_STORE_SECONDS:-3}"
