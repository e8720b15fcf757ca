#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For .bats files that run afflux aggregate against a small third party (aggregate_api.py) or build/thirdparty. Loaded
# behind server.bash, it ends what that started, too.
# shellcheck disable=SC2034,SC2154

teardown() {
    local pid
    for pid in ${api_pid:-} ${server:-} ${begun:-} "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    [[ ${#pids[@]} -eq 0 ]] || wait "${pids[@]}" || true # not for bats' own clock
    ! mountpoint -q small 2>/dev/null || umount small
}

# api [LOCATION=WHAT …]
api() {
    python3 "$BATS_TEST_DIRNAME/aggregate_api.py" port "$@" 3>&- &
    api_pid=$!
    until [[ -f port ]]; do sleep 0.05; done
    url=http://127.0.0.1:$(<port)
}

locations() {
    printf 'location_id,name\n' >list.csv
    printf '%s,x\n' "$@" >>list.csv
}

aggregate() {
    KEY=${KEY-s3cret} "$AFFLUX" aggregate --api "${url:-http://127.0.0.1:9}/v1" --locations list.csv --auth api-key:X-Key=env:KEY \
        --out report.csv --data data --page-size 7 "$@"
}

# What a line of the ledger says behind its location and type.
line() { # LOCATION TYPE
    sed -n "s/^\"$1\",\"$2\",//p" report.ledger.csv
}

# The rows as JSON, by somebody else's reader.
read_csv() {
    python3 -c 'import csv, json, sys; print(json.dumps(list(csv.reader(open(sys.argv[1], newline=""))), ensure_ascii=False))' "$1"
}

# third_party FAULTS [LOCATIONS ROWS LATENCY [OPTION…]]: build/thirdparty with so many (12), listed in list.csv.
third_party() {
    thirdparty=$(dirname "$AFFLUX")/../../thirdparty
    [[ -x $thirdparty ]] || skip "build/thirdparty is not built"
    "$thirdparty" --listen 127.0.0.1:0 --locations "${2-12}" --rows "${3-200-400}" --latency "${4-30}" \
        --write-locations list.csv ${1:+--fault "$1"} "${@:5}" >line 3>&- &
    api_pid=$!
    until [[ -s line ]]; do sleep 0.05; done
    url=$(grep -o 'http://[0-9.:]*' line)
}

# of_third_party SECONDS [OPTION…]: killed after so long.
of_third_party() {
    third_party_words
    timeout -s KILL "$1" "${words[@]}" "${@:2}"
}

# The command of it.
third_party_words() {
    words=(env KEY=sample-key "$AFFLUX" aggregate --api "$url/v1" --locations list.csv --page-size 20
        --auth api-key:X-Api-Key=env:KEY --out report.csv --data data --concurrency 6 --quiet)
}

# signalled SIGNAL WHEN COMMAND…: a command that gets a signal as soon as WHEN, which is evaluated, is true.
signalled() {
    local status=0 watcher
    rm -f pid
    { until [[ -s pid ]] && eval "$2"; do sleep 0.05; done; kill "-$1" "$(<pid)"; } >/dev/null 2>&1 3>&- &
    watcher=$!
    timeout 120 bash -c 'echo $$ >pid; exec "$@"' it "${@:3}" || status=$?
    kill "$watcher" 2>/dev/null || true
    return "$status"
}

# How many calls aggregate_api.py has had.
calls() {
    curl -s "$url/_calls"
}
