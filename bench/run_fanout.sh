#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A fan-out over the locations of build/thirdparty: our client on one loop asks 1,000 locations of 2,000 records for
# their summaries, then for their pages of 400 records (57 KB), on loopback. Three ways: the third party answers as
# fast as it can (then it is what is measured, too: its cores stand beside the client's), every answer takes
# 50 ms, and a tenth of the locations take 200 ms more. Each line: what, how many in flight, answers/s, MB/s, cores
# of the client and of the third party, answers per second of the third party's CPU time, MB of memory of
# both, requests under way at most as the third party saw it.
#
#   BENCH_SECONDS=3
#   BENCH_IN_FLIGHT="100 1000"
#   BENCH_PARTY_LOOPS=1

set -euo pipefail

build=${AFFLUX_BUILD:-build}
seconds=${BENCH_SECONDS-3}
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
work=$(mktemp -d)
party=
end_party() {
    [[ -z $party ]] || { kill "$party" && wait "$party"; } 2>/dev/null || true
    party=
}
trap 'end_party; rm -rf "$work"' EXIT

# begin OPTION…: the third party; lists of URLs for the client.
begin() {
    : >"$work/line"
    "$build/thirdparty" --listen 127.0.0.1:0 --locations 1000 --rows 2000 --key '' --loops "${BENCH_PARTY_LOOPS-1}" \
        --write-locations "$work/locations.csv" "$@" >"$work/line" &
    party=$!
    until [[ -s $work/line ]]; do sleep 0.05; done
    origin=$(sed 's,.*\(http:.*\)/v1.*,\1,' "$work/line")
    awk -F , -v small="$work/summary" -v page="$work/page" 'NR > 1 {
        print $2 "/" $1 "/get-summary" >small
        for (offset = 0; offset < 1200; offset += 400)
            print $2 "/" $1 "/get-data?state=failed&limit=400&offset=" offset >page }' "$work/locations.csv"
}

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$party/stat"; }
memory_mb() { awk '/VmHWM/ { printf "%d", $2 / 1024 }' "/proc/$party/status"; }
most_at_once() { curl -sS "$origin/_stats?brief" | sed 's/.*"concurrent_max":\([0-9]*\).*/\1/'; }

# measure HOW WHAT IN-FLIGHT: the client runs half a second longer than it measures.
measure() {
    local before after
    before=$(cpu_ticks)
    "$build/bench/bench_http" "@$work/$2" 0 "$3" "$seconds" >"$work/said"
    after=$(cpu_ticks)
    awk -F '\t' -v how="$1" -v what="$2" -v n="$3" -v s="$seconds" -v ticks=$((after - before)) \
        -v hz="$(getconf CLK_TCK)" -v mb="$(memory_mb)" -v most="$(most_at_once)" '{
        cores = ticks / hz / (s + 0.5)
        printf "fanout %-8s %-8s %5d in flight %7d/s %6d MB/s %5.2f + %.2f cores %7d per CPU-s %5d + %d MB %5d at once\n", how,
            what, n, $1, $2, $3, cores, (cores > 0 ? $1 / cores : 0), $4, mb, most
        if ($6 > 0) printf "fanout %-8s %-8s %5d calls failed\n", how, what, $6 }' "$work/said"
}

for how in fast latency mixed; do
    case $how in
    fast) begin ;;
    latency) begin --latency 50 ;;
    mixed) begin --latency 50 --fault slow=200:100 ;;
    esac
    for n in ${BENCH_IN_FLIGHT-100 1000}; do
        measure "$how" summary "$n"
        measure "$how" page "$n"
    done
    end_party
done
