#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Consolidation of 10,000 parts (or $1 of them): afflux, on all cores and on one, with columns that come late,
# beside cat of the same files, a Python script and DuckDB (npm's @duckdb/node-api in NPM_DIR, fetched there if it can be). The
# parts are in the page cache; afflux waits until the CSV is on the disk, the others do not. One line per
# figure: what, the median of five runs in seconds with the fastest and the slowest, MB/s of input, CPU
# seconds and peak MB. AFFLUX_BUILD: the build folder (default build). BENCH_DIR: where the data goes.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${AFFLUX_BUILD:-build} parts=${1:-10000} runs=${BENCH_RUNS:-5}
watch=$PWD/$build/bench/bench_consolidate program=$PWD/$build/src/cmd/afflux
work=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/consolidate.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$watch" --generate "$work/parts" "$parts"
bytes=$(find "$work/parts" -name '*.json' -printf '%s\n' | awk '{ n += $1 } END { printf "%d", n }')

# measure NAME COMMAND…
measure() {
    local name=$1 i
    shift
    : >"$work/times"
    for ((i = 0; i < runs; i++)); do
        rm -f "$work/out.csv"
        "$watch" --time "$@" 2>&1 >/dev/null | tail -1 >>"$work/times"
    done
    sort -n "$work/times" | awk -v name="$name" -v bytes="$bytes" '
        { wall[NR] = $1; cpu[NR] = $2; if ($3 > peak) peak = $3 }
        END { k = int((NR + 1) / 2)
              printf "consolidate %-28s %6.2f s (%.2f to %.2f) %5d MB/s  cpu %5.2f s  %5d MB\n", name, wall[k],
                  wall[1], wall[NR], bytes / 1e6 / wall[k], cpu[k], peak / 1024 }'
}

duckdb_dir() {
    local dir=${NPM_DIR:-}
    [[ -n $dir ]] && command -v node >/dev/null || return 1
    [[ -d $dir/node_modules/@duckdb/node-api ]] ||
        npm install --prefix "$dir" --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 \
            @duckdb/node-api@1.5.6-r.1 >"$work/npm.log" 2>&1 || return 1
}

echo "consolidate: $parts parts, $((bytes / 1000000)) MB"
measure 'cat' bash -c "find '$work/parts' -name '*.json' -print0 | xargs -0 cat >/dev/null"
measure 'afflux' "$program" consolidate "$work/parts" -o "$work/out.csv"
measure 'afflux, one thread' "$program" consolidate "$work/parts" -o "$work/out.csv" --threads 1
measure 'afflux, minimal quotes' "$program" consolidate "$work/parts" -o "$work/out.csv" --quote minimal
echo '[{"late":1}]' >"$work/parts/zzz.json"
measure 'afflux, a late column' "$program" consolidate "$work/parts" -o "$work/out.csv"
rm "$work/parts/zzz.json"
if command -v python3 >/dev/null; then
    measure 'Python, json and csv' python3 bench/consolidate_python.py "$work/parts" "$work/out.csv"
fi
if duckdb_dir; then
    export NPM_DIR
    measure 'DuckDB' node bench/consolidate_duckdb.mjs "$work/parts/*/*.json" "$work/out.csv"
else
    echo "consolidate: no node or no @duckdb/node-api in NPM_DIR, DuckDB is left out"
fi
