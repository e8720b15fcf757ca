#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Objects through the wire: wrk puts and gets 64 KB and lists keys by the thousand from afflux serve, and beside it
# from npm's s3rver where there is one (BENCH_S3RVER: a folder with node_modules/s3rver, which Node 20 runs). s3rver
# does not wait for the disk. Each line: who, what, requests/s (lists: keys/s), milliseconds (median, 99 %), cores of
# the server, MB of memory, answers that were wrong. wrk takes a core itself.
#
#   BENCH_SECONDS=3
#   BENCH_CONNECTIONS=32
#   BENCH_S3_DIR=        where the server writes (default: build, so that it is a disk and not memory)

set -euo pipefail

here=$(dirname "$(realpath "$0")")
build=${AFFLUX_BUILD:-build}
seconds=${BENCH_SECONDS-3}
connections=${BENCH_CONNECTIONS-32}
peer=${BENCH_S3RVER-}
for tool in wrk python3; do
    command -v "$tool" >/dev/null || { echo "s3-wire: $tool is not installed"; exit 0; }
done
work=$(mktemp -d "${BENCH_S3_DIR:-$build}/bench-s3-wire.XXXXXX")
trap 'kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT

start_afflux() {
    "$build/src/cmd/afflux" serve --data "$work/data" --listen 127.0.0.1:0 >"$work/line" &
    server=$!
    until [[ -s $work/line ]]; do sleep 0.05; done
    host=$(sed 's|.*http://\([^,]*\),.*|\1|' "$work/line")
}

start_s3rver() {
    host=127.0.0.1:25569
    node "$peer/node_modules/s3rver/bin/s3rver.js" -d "$work/peer" -a 127.0.0.1 -p 25569 --silent \
        --no-vhost-buckets >"$work/peer.log" 2>&1 &
    server=$!
    until curl -sS "http://$host/" >"$work/answer" 2>&1; do sleep 0.1; done
}

targets() { python3 "$here/s3_targets.py" "$host" "$@"; }

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
memory_mb() { awk '/VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }

# measure WHO WHAT METHOD TIMES: the requests of $work/targets.
measure() {
    local before said
    before=$(cpu_ticks)
    said=$(TARGETS=$work/targets METHOD=$3 BYTES=65536 wrk -t1 -c"$connections" -d"${seconds}s" --timeout 10s --latency \
        -s "$here/bench_s3_wire.lua" "http://$host" | grep '^result' | cut -f 2-)
    awk -F '\t' -v who="$1" -v what="$2" -v times="$4" -v ticks=$(($(cpu_ticks) - before)) \
        -v hz="$(getconf CLK_TCK)" -v s="$seconds" -v mb="$(memory_mb)" '{
        printf "s3-wire %-7s %-9s %9d/s %7.2f ms %8.2f ms %5.2f cores %5d MB %5d wrong\n", who, what, $1 * times, $2, $3,
            ticks / hz / s, mb, $4 }' <<<"$said"
}

# run WHO. wrk asks for a first request that it does not send: key 0 is never put.
run() {
    "start_$1"
    curl -sS -X PUT "http://$host$(python3 "$here/s3_targets.py" "$host" PUT bench 1 x=)" >"$work/answer"
    targets PUT bench 40000 >"$work/targets"
    measure "$1" 'PUT 64 KB' PUT 1
    targets GET bench 500 | tail -n +2 >"$work/targets"
    measure "$1" 'GET 64 KB' GET 1
    targets GET bench 1 'max-keys=1000&prefix=o/' >"$work/targets"
    measure "$1" 'LIST keys' GET "$(curl -sS "http://$host$(<"$work/targets")" | grep -o '<Key>' | wc -l)"
    kill "$server"
    wait "$server" || true
}

run afflux
[[ ! -f $peer/node_modules/s3rver/package.json ]] || run s3rver
