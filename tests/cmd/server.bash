#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For .bats files that start servers and talk to them with the stock aws command.
# shellcheck disable=SC2154

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    pids=()
    export HOME=$BATS_TEST_TMPDIR AWS_PAGER='' AWS_MAX_ATTEMPTS=1 NO_PROXY='*'
}

# What a test starts is ended here.
teardown() {
    [[ ${#pids[@]} -eq 0 ]] || kill "${pids[@]}" 2>/dev/null || true
    [[ ${#pids[@]} -eq 0 ]] || wait "${pids[@]}" || true # not for bats' own clock
}

# wait_for_line FILE: until it has one.
wait_for_line() {
    for _ in {1..400}; do
        [[ ! -s $1 ]] || return 0
        sleep 0.025
    done
    return 1
}

# serve OPTION…: a server, on a free port unless told; sets $address and $server.
serve() {
    : >line
    "$AFFLUX" serve --listen 127.0.0.1:0 "$@" >line 2>>errors 3>&- &
    server=$!
    pids+=("$server")
    wait_for_line line || { cat errors; return 1; }
    [[ $(<line) =~ http://(127\.0\.0\.1:[0-9]+), ]] || { cat errors; return 1; }
    address=${BASH_REMATCH[1]}
}

# each_aws: a line for every aws command that is installed.
each_aws() {
    type -ap aws | xargs -rn 1 realpath | awk '!seen[$0]++'
}

# with_aws [PATH]: settings for this shell, and the aws command that they are for.
with_aws() {
    if [[ $# -gt 0 ]]; then
        mkdir -p bin
        printf '#!/bin/sh\nexec %s "$@"\n' "$1" >bin/aws
        chmod +x bin/aws
        PATH=$PWD/bin:$PATH
        hash -r
    fi
    command -v aws >/dev/null || skip "the aws command is not installed"
    unset -f aws
    eval "$("$AFFLUX" env --listen "$address")"
}

# of EXPRESSION COMMAND…: what the expression finds in the answer to an aws command, with spaces between values.
of() {
    local query=$1 said
    shift
    said=$(aws "$@" --query "$query" --output text) || return
    printf '%s\n' "${said//$'\t'/ }"
}

# wrong CODE COMMAND…: an aws command that fails with this code; what it says is $output.
wrong() {
    local code=$1
    shift
    run aws "$@"
    ((status == 254 || status == 255)) || { printf 'status %s: %s\n' "$status" "$output"; return 1; }
    has "$output" "An error occurred ($code)"
}

# until_ended ARN: until an execution is RUNNING no more; prints its status, and errors show why it failed.
until_ended() {
    local now
    for _ in {1..200}; do
        now=$(of '[status, error, cause]' stepfunctions describe-execution --execution-arn "$1")
        [[ $now == RUNNING* ]] || break
        sleep 0.2
    done
    [[ $now == SUCCEEDED* ]] || printf '%s\n' "$now" >&2
    echo "${now%% *}"
}
