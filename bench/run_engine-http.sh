#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# http:invoke through the whole engine: executions that fetch a page of 400 records (77 KB) from nginx, shape
# them with JSONata, and keep both (two commits each; Express: none), beside the plain client, which only
# fetches. Each line: what, how many in flight, per second, MB/s of pages, cores used, MB of memory. Data
# folders lie in TMPDIR. TYPE/N: an engine of N loops.
#
#   BENCH_SECONDS=3
#   BENCH_IN_FLIGHT="100 1000"

set -euo pipefail

here=$(dirname "$(realpath "$0")")
bench=${AFFLUX_BUILD:-build}/bench/bench_http
seconds=${BENCH_SECONDS-3}
# shellcheck source=bench/origin.sh
source "$here/origin.sh"

show() {
    awk -F '\t' -v what="$1" -v n="$2" '{
        printf "engine-http %-10s %5d in flight %7d/s %6d MB/s %5.2f cores %5s MB\n", what, n, $1, $2, $3, $4 }'
}

run_engine() {
    mkdir "$work/data"
    "${bench%/*}/bench_engine_http" "$1" "$work/data" "$origin/page/" 400 "$2" "$seconds" "$3" | show "$1/$3" "$2"
    rm -rf "$work/data"
}

start_nginx
for n in ${BENCH_IN_FLIGHT-100 1000}; do
    "$bench" "$origin/page/" 400 "$n" "$seconds" | show client "$n"
    for loops in 1 2; do
        run_engine EXPRESS "$n" "$loops"
        run_engine STANDARD "$n" "$loops"
    done
done
