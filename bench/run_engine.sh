#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The engine with its store on this machine's disk (TMPDIR): durable transitions a second, each waiting for a
# commit of its own; Express executions; the latency of one; starting executions that sleep.
#
#   SECONDS_EACH=3   of each measurement
#   SLEEPERS=100000

set -euo pipefail

bench=$AFFLUX_BUILD/bench/bench_engine
seconds=${SECONDS_EACH:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/afflux-bench-engine-XXXXXX")
trap 'rm -rf "$work"' EXIT

run() {
    mkdir "$work/data"
    "$bench" "$1" "$work/data" "${@:2}"
    rm -rf "$work/data"
}

echo "durable transitions (a task answered in-process, a commit for each), aims 3 k, 50 k, 100 k"
printf '%12s %14s %12s %14s %14s\n' executions transitions/s per-commit commit-p50-ms commit-p99-ms
for count in 1 100 10000; do
    run durable $count "$seconds" | awk -F '\t' '{ printf "%12s %14s %12s %14s %14s\n", $1, $2, $3, $4, $5 }'
done
echo
echo "Express, chains of ten tasks"
printf '%12s %14s %14s\n' executions executions/s transitions/s
for count in 1 100; do
    run express $count "$seconds" | awk -F '\t' '{ printf "%12s %14s %14s\n", $1, $2, $3 }'
done
echo
run latency 500 | awk -F '\t' '{ print "one durable execution of ten tasks, alone: median " $2 " ms, 99th percentile " $3 " ms" }'
run sleepers "${SLEEPERS:-100000}" | awk -F '\t' '{
    print "sleeping executions: " $1 " begun and asleep in " $2 " s (" $3 "/s), memory " int($4 / 1024) " MB before, " \
        int($5 / 1024) " MB at most, " int($6 / 1024) " MB then" }'
