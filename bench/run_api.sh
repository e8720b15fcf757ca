#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The wire: small signed POSTs by wrk to afflux serve, from a connection of their own each. STS is HTTP alone, "read"
# an operation with a look into the store (DescribeConnection), "write" one that is durable when it is answered
# (UpdateConnection). Each line: what, connections, requests/s, milliseconds (median, 99 %), cores of the
# server, requests per second of its CPU time, MB of memory, answers that were wrong. wrk takes a core itself.
#
#   BENCH_SECONDS=3
#   BENCH_CONNECTIONS="64 1000"
#   BENCH_LOOPS=         loops of the server (default: as many as cores)

set -euo pipefail

here=$(dirname "$(realpath "$0")")
afflux=${AFFLUX_BUILD:-build}/src/cmd/afflux
seconds=${BENCH_SECONDS-3}
command -v wrk >/dev/null || { echo "api: wrk is not installed"; exit 0; }
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT

"$afflux" serve --data "$work/data" --listen 127.0.0.1:0 ${BENCH_LOOPS:+--loops "$BENCH_LOOPS"} >"$work/line" &
server=$!
until [[ -s $work/line ]]; do sleep 0.05; done
url=$(sed 's/.*\(http:[^,]*\),.*/\1/' "$work/line")
call() { curl -sS -H "X-Amz-Target: AWSEvents.$1" -d "$2" "$url/" >/dev/null; }
call CreateConnection '{"Name": "shop", "AuthorizationType": "BASIC", "AuthParameters":
    {"BasicAuthParameters": {"Username": "u", "Password": "p"}}}'

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
memory_mb() { awk '/VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }

# measure WHAT SERVICE TARGET BODY CONNECTIONS
measure() {
    local before after said
    before=$(cpu_ticks)
    said=$(SERVICE=$2 TARGET=$3 BODY=$4 wrk -t1 -c"$5" -d"${seconds}s" --timeout 10s --latency \
        -s "$here/bench_api.lua" "$url" | grep '^result' | cut -f 2-)
    after=$(cpu_ticks)
    awk -F '\t' -v what="$1" -v n="$5" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" \
        -v s="$seconds" -v mb="$(memory_mb)" '{
        cpu = ticks / hz
        printf "api %-6s %5d connections %7d/s %7.2f ms %8.2f ms %5.2f cores %7d per CPU-s %5d MB %5d wrong\n", what, n,
            $1, $2, $3, cpu / s, (cpu > 0 ? $1 * s / cpu : 0), mb, $4 }' <<<"$said"
}

for n in ${BENCH_CONNECTIONS-64 1000}; do
    measure sts sts '' 'Action=GetCallerIdentity&Version=2011-06-15' "$n"
    measure read events AWSEvents.DescribeConnection '{"Name": "shop"}' "$n"
    measure write events AWSEvents.UpdateConnection '{"Name": "shop", "Description": "a shop with a description"}' "$n"
done
