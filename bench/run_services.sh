#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The services of afflux serve through the wire, by wrk: items put, got, queried (20 each) and updated, objects of 64 KB
# put and got, executions of five Pass states, Express that is waited for and Standard that is started. Beside it in the
# same run npm's dynalite (in memory) and s3rver (which does not wait for the disk), where WIRE_DIR has them. Each line:
# who, what, requests/s, milliseconds (median, 99 %), cores of the server, MB of memory, answers that were wrong. wrk
# takes a core itself; what else the machine does shows in the load averages.
#
#   BENCH_SECONDS=3
#   BENCH_CONNECTIONS=32
#   BENCH_SERVICES_DIR=  where the server writes (default: build, so that it is a disk and not memory)

set -euo pipefail

here=$(dirname "$(realpath "$0")")
build=${AFFLUX_BUILD:-build}
seconds=${BENCH_SECONDS-3}
connections=${BENCH_CONNECTIONS-32}
peers=${WIRE_DIR-}
for tool in wrk python3; do
    command -v "$tool" >/dev/null || { echo "services: $tool is not installed"; exit 0; }
done
work=$(mktemp -d "${BENCH_SERVICES_DIR:-$build}/bench-services.XXXXXX")
server=''
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT

start_afflux() {
    "$build/src/cmd/afflux" serve --data "$work/data" --listen 127.0.0.1:0 >"$work/line" &
    server=$!
    until [[ -s $work/line ]]; do sleep 0.05; done
    host=$(sed 's|.*http://\([^,]*\),.*|\1|' "$work/line")
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for_peer: until it answers anything.
wait_for_peer() {
    until curl -sS "http://$host/" >"$work/answer" 2>&1; do
        kill -0 "$server" 2>/dev/null || { cat "$work/peer.log"; exit 1; }
        sleep 0.1
    done
}

start_dynalite() {
    host=127.0.0.1:$(free_port)
    node -e "require('$peers/node_modules/dynalite')({createTableMs: 0}).listen(${host#*:}, '127.0.0.1')" \
        >"$work/peer.log" 2>&1 &
    server=$!
    wait_for_peer
}

start_s3rver() {
    host=127.0.0.1:$(free_port)
    node "$peers/node_modules/s3rver/bin/s3rver.js" -d "$work/peer" -a 127.0.0.1 -p "${host#*:}" --silent \
        --no-vhost-buckets >"$work/peer.log" 2>&1 &
    server=$!
    wait_for_peer
}

stop() {
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=''
}

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
memory_mb() { awk '/VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }
load() { echo "services load average $(cut -d ' ' -f 1-3 /proc/loadavg), $(nproc) cores"; }

# measure WHO WHAT SCRIPT: the environment says the rest.
measure() {
    local before said
    before=$(cpu_ticks)
    said=$(wrk -t1 -c"$connections" -d"${seconds}s" --timeout 10s --latency -s "$here/$3" "http://$host" |
        grep '^result' | cut -f 2-)
    awk -F '\t' -v who="$1" -v what="$2" -v ticks=$(($(cpu_ticks) - before)) -v hz="$(getconf CLK_TCK)" \
        -v s="$seconds" -v mb="$(memory_mb)" '{
        printf "services %-8s %-18s %7d/s %8.2f ms %8.2f ms %5.2f cores %5d MB %5d wrong\n", who, what, $1, $2, $3,
            ticks / hz / s, mb, $4 }' <<<"$said"
}

# call TARGET BODY
call() {
    curl -sS -H "X-Amz-Target: $1" -H 'Content-Type: application/x-amz-json-1.0' -H 'X-Amz-Date: 20261125T120000Z' \
        -H 'Authorization: AWS4-HMAC-SHA256 Credential=a/20261125/us-east-1/x/aws4_request, SignedHeaders=host, Signature=0' \
        -d "$2" "http://$host/"
}

run_items() {
    local operation
    call DynamoDB_20120810.CreateTable '{"TableName": "bench", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]}' \
        >"$work/answer"
    until call DynamoDB_20120810.DescribeTable '{"TableName": "bench"}' | grep -q ACTIVE; do sleep 0.1; done
    for operation in PutItem GetItem Query UpdateItem; do
        TARGET=DynamoDB_20120810.$operation measure "$1" "$operation" bench_services.lua
    done
}

targets() { python3 "$here/s3_targets.py" "$host" "$@"; }

# wrk asks for a first request that it does not send: key 0 is never put.
run_objects() {
    curl -sS -X PUT "http://$host$(targets PUT bench 1 x=)" >"$work/answer"
    targets PUT bench 40000 >"$work/targets"
    TARGETS=$work/targets METHOD=PUT BYTES=65536 measure "$1" 'PUT 64 KB' bench_s3_wire.lua
    targets GET bench 50 | tail -n +2 >"$work/targets"
    TARGETS=$work/targets METHOD=GET BYTES=0 measure "$1" 'GET 64 KB' bench_s3_wire.lua
}

# machine TYPE: its ARN.
machine() {
    local i states=''
    for i in 1 2 3 4; do
        states+="\\\"P$i\\\": {\\\"Type\\\": \\\"Pass\\\", \\\"Next\\\": \\\"P$((i + 1))\\\"}, "
    done
    call AWSStepFunctions.CreateStateMachine "{\"name\": \"$1\", \"type\": \"$1\",
        \"roleArn\": \"arn:aws:iam::000000000000:role/any\", \"definition\":
        \"{\\\"StartAt\\\": \\\"P1\\\", \\\"States\\\": {$states\\\"P5\\\": {\\\"Type\\\": \\\"Pass\\\", \\\"End\\\": true}}}\"}" |
        sed 's/.*"stateMachineArn":"\([^"]*\)".*/\1/'
}

run_executions() {
    TARGET=AWSStepFunctions.StartSyncExecution MACHINE=$(machine EXPRESS) \
        measure "$1" StartSyncExecution bench_services.lua
    TARGET=AWSStepFunctions.StartExecution MACHINE=$(machine STANDARD) measure "$1" StartExecution bench_services.lua
}

has_peer() { [[ -f $peers/node_modules/$1/package.json ]] && command -v node >/dev/null; }

load
start_afflux
run_items afflux
run_objects afflux
run_executions afflux
stop
if has_peer dynalite; then start_dynalite; run_items dynalite; stop; else echo "services: dynalite is not installed"; fi
if has_peer s3rver; then start_s3rver; run_objects s3rver; stop; else echo "services: s3rver is not installed"; fi
load
