# SPDX-License-Identifier: Apache-2.0
# The sample third party as a program: its command line, its line, its end. What it answers: tests/thirdparty/.
# shellcheck disable=SC2154

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    thirdparty=$(dirname "$AFFLUX")/../../thirdparty
    [[ -x $thirdparty ]] || skip "build/thirdparty is not built"
    pids=()
}

teardown() {
    [[ ${#pids[@]} -eq 0 ]] || { kill "${pids[@]}" && wait "${pids[@]}"; } 2>/dev/null || true
}

# begin OPTION…: on a free port; sets $address and $pid.
begin() {
    : >line
    "$thirdparty" --listen 127.0.0.1:0 "$@" >line 2>errors 3>&- &
    pid=$!
    pids+=("$pid")
    for _ in {1..400}; do
        [[ ! -s line ]] || break
        sleep 0.025
    done
    [[ $(<line) =~ ^thirdparty\ listens\ on\ http://(127\.0\.0\.1:[0-9]+)/v1,\ [0-9]+\ locations,\ [0-9]+\ failed ]]
    address=${BASH_REMATCH[1]}
}

@test "the file of locations is there when the line is, and leads to answers" {
    begin --locations 5 --rows 7 --write-locations locations.csv --key k
    same "$(head -n 1 locations.csv)" location_id,url
    same "$(wc -l <locations.csv)" 6
    while IFS=, read -r id url; do
        run -0 curl -sS -H 'Authorization: Bearer k' "$url/$id/get-summary"
        [[ $output =~ ^\{\"states\":\{\"failed\":([0-9]),\"rejected\":([0-9])\}\}$ ]]
        same $((BASH_REMATCH[1] + BASH_REMATCH[2])) 7
    done < <(tail -n +2 locations.csv)
    run -0 curl -sS "http://$address/_stats?brief"
    has "$output" '"requests":5,'
}

@test "it ends cleanly with SIGTERM and SIGINT" {
    for signal in TERM INT; do
        begin
        kill -s "$signal" "$pid"
        wait "$pid"
        same "$(<errors)" ''
    done
}

@test "the same seed gives the same third party, another one another" {
    begin --seed 5 --fault all --key ''
    run -0 curl -sS "http://$address/_stats"
    first=$output
    begin --seed 5 --fault all --key ''
    run -0 curl -sS "http://$address/_stats"
    same "$output" "$first"
    begin --seed 6 --fault all --key ''
    run -0 curl -sS "http://$address/_stats"
    [[ $output != "$first" ]]
}

@test "wrong usage is said, and exits with 2" {
    for options in '--locations 0' '--locations x' '--rows 5-3' '--rows -1' '--rows 99999999' '--seed a' '--fault bus' '--loops 65' \
        '--listen 0.0.0.0:1' '--listen nowhere' '--fault gaps:21' '--fault gaps@nowhere' '--latncy 1' 'operand' '--cache 0' \
        '--retry-after 0'; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr "$thirdparty" $options
        [[ $stderr == thirdparty:* ]]
        same "$output" ''
    done
    run -2 --separate-stderr "$thirdparty" --latncy 1
    has "$stderr" 'did you mean --latency?'
}

@test "a port that is taken and a file that cannot be written exit with 1" {
    begin
    run -1 --separate-stderr "$thirdparty" --listen "$address"
    has "$stderr" 'is in use by another process'
    run -1 --separate-stderr "$thirdparty" --listen 127.0.0.1:0 --write-locations nowhere/l.csv
    has "$stderr" 'cannot write nowhere/l.csv: No such file or directory'
}

@test "--help lists every fault" {
    run -0 "$thirdparty" --help
    for fault in busy limit error down slow hang dead reset cut garbage empty over under repeat endless gaps; do
        [[ $output =~ $'\n'\ \ $fault\  ]]
    done
}
