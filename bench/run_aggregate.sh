#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# An aggregation from end to end: build/thirdparty has 1,000 locations of 4,000 rows, failed and rejected, asked for by 400
# (about 57 KB), on loopback and without latency. In the same run: wrk asking for the same pages and doing nothing with
# them, then `afflux aggregate` until the CSV is on the disk, on all cores and on one, then a Node script that does
# the same without anything that lasts (aggregate.mjs). Pages were rendered before. The third party shares the cores.
# Each line: who, seconds, rows/s, requests/s, seconds of CPU time and cores, MB of memory at most.
#
# Then many small ones: 3,000 locations of no to three rows, 100 calls at a time, where what counts is what a location costs: its
# steps and commits. Each line has the microseconds of CPU time per location.
#
#   BENCH_LOCATIONS=1000
#   BENCH_SMALL=3000
#   BENCH_CALLS=20
#   BENCH_SECONDS=5          of wrk
#   BENCH_DIR=               where the data goes (default: build, so that it is a disk and not memory)

set -euo pipefail

here=$(dirname "$(realpath "$0")")
build=$(realpath "${AFFLUX_BUILD:-build}")
locations=${BENCH_LOCATIONS-1000} small=${BENCH_SMALL-3000} calls=${BENCH_CALLS-20} seconds=${BENCH_SECONDS-5}
rows=4000 size=400
program=$build/src/cmd/afflux watch=$build/bench/bench_consolidate
work=$(mktemp -d "${BENCH_DIR:-$build}/bench-aggregate.XXXXXX")
party=
trap '[[ -z $party ]] || { kill "$party" && wait "$party"; } 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

# begin_party LOCATIONS ROWS MB: a third party with list.csv, at $origin.
begin_party() {
    [[ -z $party ]] || { kill "$party" && wait "$party"; } 2>/dev/null || true
    rm -f line list.csv
    "$build/thirdparty" --listen 127.0.0.1:0 --locations "$1" --rows "$2" --key '' --cache "$3" \
        --write-locations list.csv >line &
    party=$!
    until [[ -s line ]]; do sleep 0.05; done
    origin=$(grep -o 'http://[0-9.:]*' line)
}

requests() { curl -sS "$origin/_stats?brief" | sed 's/.*"requests":\([0-9]*\).*/\1/'; }

# measure WHO OUT COMMAND…
measure() {
    local who=$1 out=$2 before
    shift 2
    before=$(requests)
    "$watch" --time "$@" 2>&1 >said | tail -1 >took || { cat said took >&2; return 1; }
    awk -v who="$who" -v rows=$(($(wc -l <"$out") - 1)) -v requests=$(($(requests) - before)) '{
        printf "aggregate %-24s %6.2f s %8d rows/s %6d requests/s %6.2f s CPU %5.2f cores %5d MB\n",
            who, $1, rows / $1, requests / $1, $2, $2 / $1, $3 / 1024 }' took
    rm -rf data
}

export KEY=none
afflux() {
    measure "$1" report.csv "$program" aggregate --api "$origin/v1" --locations list.csv --auth api-key:X-Key=env:KEY \
        --out report.csv --data data --page-size $size --concurrency "$calls" --quiet "${@:2}"
}

begin_party "$locations" $rows 2000
echo "aggregate: $locations locations of $rows rows, $calls calls at a time"
if command -v wrk >/dev/null; then
    awk -F , -v rows=$rows -v size=$size 'NR > 1 {
        for (offset = 0; offset < rows; offset += size)
            print "/v1/" $1 "/get-data?state=" (offset < rows / 2 ? "failed" : "rejected") "&limit=" size \
                "&offset=" offset % (rows / 2) }' list.csv >paths
    export PATHS=$work/paths
    wrk -t 1 -c "$calls" -d "${seconds}s" -s "$here/aggregate.lua" "$origin" >/dev/null
    wrk -t 1 -c "$calls" -d "${seconds}s" -s "$here/aggregate.lua" "$origin" >said
    awk '/Non-2xx/ { wrong = " wrong answers: " $NF } /Requests\/sec/ { n = $2 } /Transfer\/sec/ { mb = $2 }
        END { printf "aggregate %-24s %27s %6d requests/s %10s/s%s\n", "wrk, pages only", "", n, mb, wrong }' said
else
    echo "aggregate: wrk is not installed, the limit is left out"
fi
afflux 'afflux'
afflux 'afflux, one thread' --loops 1
if command -v node >/dev/null; then
    measure 'Node, nothing lasts' node.csv node "$here/aggregate.mjs" "$origin/v1" list.csv node.csv "$calls" $size
    [[ $(sort report.csv | cksum) == $(sort node.csv | cksum) ]] || echo "aggregate: the two files differ"
else
    echo "aggregate: node is not installed, it is left out"
fi

begin_party "$small" 0-3 100
calls=100
echo "aggregate: $small locations of no to three rows, $calls calls at a time"
afflux 'afflux, small ones'
awk -v n="$small" '{ printf "aggregate %-24s %6d us of CPU time each, %d locations/s\n", "", $2 / n * 1e6, n / $1 }' took
if command -v node >/dev/null; then
    measure 'Node, nothing lasts' node.csv node "$here/aggregate.mjs" "$origin/v1" list.csv node.csv "$calls" $size
fi
