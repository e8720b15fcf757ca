#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fetching over HTTP: nginx serves small documents (300 bytes) and pages of 400 records (77 KB); our client on
# one loop fetches them, and beside it in the same run, where they are installed, wrk and npm's undici
# (NPM_DIR, or BENCH_UNDICI: a folder with node_modules/undici). Each line: who, what, how many in flight,
# answers/s, MB/s, cores used, answers per second of CPU time, MB of memory.
#
#   BENCH_SECONDS=3                seconds of each measurement (the best of three)
#   BENCH_IN_FLIGHT="100 1000"

set -euo pipefail

here=$(dirname "$(realpath "$0")")
bench=${AFFLUX_BUILD:-build}/bench/bench_http
seconds=${BENCH_SECONDS-3}
undici=${BENCH_UNDICI-${NPM_DIR-}}
[[ -f $undici/node_modules/undici/package.json ]] || undici=
# shellcheck source=bench/origin.sh
source "$here/origin.sh"

run_afflux() {
    "$bench" "$origin$1" "$2" "$3" "$seconds" | cut -f 1-4
}

run_undici() {
    node "$here/bench_http.mjs" "$undici" "$origin" "$1" "$2" "$3" "$seconds"
}

# wrk does not tell its CPU time; bash does.
run_wrk() {
    local TIMEFORMAT='%U %S' said
    said=$({ time PREFIX=$1 COUNT=$2 wrk -t1 -c"$3" -d"${seconds}s" -s "$here/bench_http.lua" "$origin" |
        grep '^result' | cut -f 2-; } 2>&1)
    awk -v s="$seconds" 'NR == 1 { figures = $1 "\t" $2 } END { printf "%s\t%.2f\t-\n", figures, ($1 + $2) / s }' <<<"$said"
}

# measure WHO WHAT PREFIX COUNT IN-FLIGHT: the best of three.
measure() {
    local i
    for i in 1 2 3; do "run_$1" "$3" "$4" "$5"; done | sort -n | tail -n 1 |
        awk -F '\t' -v who="$1" -v what="$2" -v n="$5" '
            { rate = ($3 > 0 ? $1 / $3 : 0)
              printf "http %-7s %-6s %5d in flight %7d/s %6d MB/s %5.2f cores %7d per CPU-s %5s MB\n", who, what, n, $1,
                  $2, $3, rate, $4 }'
}

start_nginx
for what in small:1000 page:400; do
    for n in ${BENCH_IN_FLIGHT-100 1000}; do
        measure afflux "${what%:*}" "/${what%:*}/" "${what#*:}" "$n"
        ! command -v wrk >/dev/null || measure wrk "${what%:*}" "/${what%:*}/" "${what#*:}" "$n"
        [[ -z $undici ]] || measure undici "${what%:*}" "/${what%:*}/" "${what#*:}" "$n"
    done
done
