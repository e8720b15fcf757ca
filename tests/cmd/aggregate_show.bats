# SPDX-License-Identifier: Apache-2.0
# What afflux aggregate tells while it runs and at the end: on a terminal (terminal.py), in a log, as events.
# shellcheck disable=SC2016,SC2154

load helper
load aggregate

# sample FAULTS LOCATIONS ROWS LATENCY: the large third party.
sample() {
    third_party "$@"
    export KEY=sample-key header=X-Api-Key
}

# words OPTION…: the command.
words() {
    export KEY=${KEY-s3cret}
    words=("$AFFLUX" aggregate --api "$url/v1" --locations list.csv --auth "api-key:${header-X-Key}=env:KEY"
        --out report.csv --data data --page-size 7 "$@")
}

on_screen() { # ARGUMENT… of terminal.py; then what words has
    run -0 python3 "$BATS_TEST_DIRNAME/terminal.py" "$@" -- "${words[@]}"
}

# All that is seen from the line with this title to the next title.
part() {
    sed -n "/^== $1/,/^== [^$1]/p" <<<"$output" | grep '^|'
}

# matches TEXT PATTERN: the pattern is a whole line of the text.
matches() {
    grep -qxE "$2" <<<"$1" && return
    printf 'wanted a line: %s\nin: %s\n' "$2" "$1"
    return 1
}

# killed_after N: the command is killed once it has told of so many locations; its events are in the file "first".
killed_after() {
    : >first
    "${words[@]}" --json >first 3>&- &
    local pid=$!
    until (($(grep -c '"event":"location"' first) >= $1)); do sleep 0.02; done
    kill -KILL "$pid"
    wait "$pid" || true
}

@test "a terminal shows bar, locations, rows and requests, and none of it stays" {
    export WAIT=0.3
    api
    locations l1 l2 l3
    words --concurrency 2
    on_screen --at 1.6 look --at 3.2 look
    has "$output" ' 0 broken lines'
    has "$output" '== end, exit 0'
    screen=$(part look)
    matches "$screen" '\|[━╸]*─+ +[0-9]+ %  [0-9.]+ s, Locations'
    matches "$screen" '\|[━╸]+─+ +[0-9]+ %  [0-9.]+ s, [0-9]+ s to go'
    matches "$screen" '\|locations  [01] done, 0 failed, [23] left'
    matches "$screen" '\|rows       [1-9][0-9]* in [1-9][0-9]* pages?, [0-9.]+ kB'
    matches "$screen" '\|requests   [1-9][.0-9]*/s, [0-2] under way(, [1-9] waiting)?'
    [[ $output != *' 0 colors'* ]]
    [[ $(part end) == '|locations  3'* ]]
}

@test "what went wrong last is shown, and colours only where they are wanted" {
    export WAIT=0.3 NO_COLOR=1
    api l1=gone
    locations l1 l2
    words --concurrency 2
    on_screen --at 1.2 look --at 1.5 look --at 1.8 look
    has "$output" ' 0 colors'
    has "$output" ' 0 broken lines'
    screen=$(part look)
    matches "$screen" '\|locations  0 done, 1 failed, 1 left'
    matches "$screen" '\|trouble    l1 failed: States.Http.StatusCode.404: Not Found'
    # The end keeps to the window, too.
    words --data other
    on_screen --size 58x24
    has "$(part end)" $'|  l1                        FAILED    States.Http.StatusC…\n'
}

@test "a host that asks for a pause is shown" {
    sample busy=1:1 3 50 0
    words --concurrency 2
    on_screen --at 0.6 look --at 0.8 look --at 1.1 look --at 1.4 look --at 1.7 look
    matches "$(part look)" '\|requests   .* waiting; 1 host asked for a pause, 1 s'
}

@test "no line breaks, however narrow the window" {
    export WAIT=0.3
    api l1=gone
    locations l1 l2 l3
    words --concurrency 2
    # Not wide enough for the end of it either, so that goes elsewhere.
    words=(sh -c '"$@" >end' - "${words[@]}")
    on_screen --size 46x20 --at 0.8 look --at 1 resize 30x20 --at 1.4 look --at 1.5 resize 20x20 --at 1.9 look --at 2 resize 80x3 --at 2.4 look
    has "$output" ' 0 broken lines'
    has "$(part look)" '|requests   '
    has "$output" $'== look\n|\n== look'                  # 20 columns are too few for anything
    matches "$(part look)" '\|trouble    l1 failed: S.*…'
}

@test "Ctrl-C takes the block away and says how to go on" {
    export WAIT=0.3
    api
    locations l3 l4
    words --concurrency 2
    on_screen --at 1.2 look --at 1.3 key '\x03'
    has "$output" '== end, exit 130,'
    has "$(part look)" '|locations  0 done'
    same "$(part end)" $'|afflux aggregate: interrupted; the same command goes on where it was\n|'
}

@test "what processes before this one did is told apart" {
    export WAIT=0.2
    api
    locations l1 l2 l3 l4 l5 l6
    words --concurrency 2
    killed_after 2
    on_screen --at 0.6 look --at 0.9 look --at 1.2 look
    matches "$(part look)" '\|locations  [1-6] done \([1-6] before\), 0 failed, [0-5] left'
    has "$(part end)" ', since it went on'
}

@test "a log has a line for each location that failed, up to twenty, and one now and then" {
    export WAIT=5.2
    gone=()
    for i in {10..34}; do gone+=("l$i=gone"); done
    api "${gone[@]}"
    locations l1 "${gone[@]%=gone}"
    words --concurrency 60
    run -3 --separate-stderr "${words[@]}"
    same "$(grep -c 'failed: States.Http.StatusCode.404: Not Found$' <<<"$stderr")" 20
    same "$(grep -c '^afflux aggregate: and more; the ledger has them all at the end$' <<<"$stderr")" 1
    matches "$stderr" 'afflux aggregate: locations: 0 done, 25 failed, 1 left; rows: 0 in 0 pages, [0-9.]+ kB; [0-9.]+ requests/s, [0-9] under way; 10 s.*'
    [[ $stderr != *$'\e'* ]]
    has "$output" 'locations  26: 1 complete, 25 failed'
    same "$(grep -c '^  l[0-9]*  *FAILED  *States.Http.StatusCode.404: Not Found$' <<<"$output")" 5
    has "$output" '  and 20 more'
}

@test "--quiet is quiet" {
    api l1=gone
    locations l1 l2
    words --quiet
    run -3 --separate-stderr "${words[@]}"
    same "$output" ''
    same "$stderr" 'afflux aggregate: --retry-failed goes on with what is missing'
}

@test "the end tells what came, how long it took, where it lies and what is missing" {
    api l2=gone l3=over
    locations l1 l2 l3
    words
    run -3 --separate-stderr "${words[@]}"
    matches "$output" 'requests   1[0-9] in [0-9.]+ s, [0-9]+/s, [0-9.]+ kB'
    has "$output" 'ledger     report.ledger.csv

not complete
  l2                        FAILED    States.Http.StatusCode.404: Not Found
  l3                        MISMATCH  35 announced, 33 fetched'
    # Told again: nothing was asked for, and the same is missing.
    words
    run -3 --separate-stderr "${words[@]}"
    has "$output" 'This was finished before, and is only told again.'
    [[ $output != *requests* ]]
    has "$output" '  l3                        MISMATCH  35 announced, 33 fetched'
}

@test "--json: events are whole lines, one for each location, whatever loop it is on" {
    sample over:3 300 0-30 0
    words --concurrency 30 --loops 3 --json
    run -3 --separate-stderr "${words[@]}"
    printf '%s\n' "$output" >events
    same "$stderr" 'afflux aggregate: --retry-failed goes on with what is missing'
    same "$(jq -s 'all(.time | test("^20[0-9-]{8}T[0-9:]{8}[.][0-9]{3}Z$"))' events)" true
    same "$(jq -cs '[.[0], .[-1]] | map(.event)' events)" '["started","finished"]'
    same "$(jq -cs '.[0] | [.locations, .file, .ledger, .data]' events)" '[300,"report.csv","report.ledger.csv","data"]'
    same "$(jq -s 'map(select(.event == "location") | .location_id) | [length, (unique | length)] | @csv' -r events)" 300,300
    same "$(jq -s 'map(select(.state == "MISMATCH") | .announced - .fetched) | length' events)" 3
    # The parts add up to the end.
    same "$(jq -cs 'map(select(.event == "location")) | [(map(.announced) | add), (map(.fetched) | add)]' events)" \
        "$(tail -n 1 events | jq -c '[.announced, .fetched]')"
    same "$(tail -n 1 events | jq -c '[.status, .mismatched, .requests >= 300, .bytes > 10000, .seconds > 0]')" \
        '["PARTIAL",3,true,true,true]'
}

@test "--json: progress every second, failures with error and cause" {
    export WAIT=0.3
    api l2=gone
    locations l1 l2 l3
    words --concurrency 2 --json
    run -3 --separate-stderr "${words[@]}"
    printf '%s\n' "$output" >events
    same "$(jq -c 'select(.event == "location" and .location_id == "l2") | del(.time)' events)" \
        '{"event":"location","location_id":"l2","state":"FAILED","error":"States.Http.StatusCode.404","cause":"Not Found"}'
    same "$(jq -c 'select(.event == "location" and .location_id == "l1") | del(.time)' events)" \
        '{"event":"location","location_id":"l1","state":"COMPLETE","announced":11,"fetched":11}'
    seconds=$(tail -n 1 events | jq '.seconds | floor')
    progress=$(grep -c '"event":"progress"' events)
    ((progress >= seconds - 1 && progress <= seconds + 1 && progress >= 2))
    same "$(jq -cs 'map(select(.event == "progress")) | .[-1] | [.locations, .failed, .state, .done + .failed + .left]' events)" \
        '[3,1,"Locations",3]'
    same "$(jq -s 'map(select(.event == "progress") | .rows) | . == sort and .[-1] > 0' events)" true
}

@test "--json: killed and gone on with, all locations are told between the two" {
    export WAIT=0.25
    api
    locations l1 l2 l3 l4 l5 l6
    words --concurrency 2
    killed_after 2
    run -0 --separate-stderr "${words[@]}" --json
    printf '%s\n' "$output" >second
    before=$(jq -s 'map(select(.event == "progress") | .before) | max' second)
    same "$((before + $(grep -c '"event":"location"' second)))" 6
    ((before >= 1))
    told=$(grep -c '"event":"location"' first)
    ((told >= before && told <= before + 2))
    same "$(jq -r 'select(.event == "finished") | .complete' second)" 6
}

@test "--json: what is fetched again is counted and told alone" {
    api l2=gone l3=gone
    locations l1 l2 l3 l4
    words --json
    run -3 --separate-stderr "${words[@]}"
    kill "$api_pid"
    wait "$api_pid" || true
    rm port
    PORT=${url##*:} WAIT=0.5 api l3=gone
    run -3 --separate-stderr "${words[@]}" --retry-failed
    printf '%s\n' "$output" >events
    same "$(jq -r 'select(.event == "location") | .location_id + " " + .state' events | sort)" $'l2 COMPLETE\nl3 FAILED'
    same "$(jq -cs 'map(select(.event == "progress")) | .[-1] | [.locations, .before, .done + .failed + .left]' events)" '[2,0,2]'
    same "$(tail -n 1 events | jq -c '[.locations, .complete, .failed]')" '[4,3,1]'
}

@test "--json: a run without a result ends with why" {
    export WAIT=0.3
    api
    locations l3 l4
    words --json --concurrency 1
    run -130 --separate-stderr signalled INT '(($(calls) > 1))' "${words[@]}"
    same "$(tail -n 1 <<<"$output" | jq -c '[.event, .error]')" '["stopped","Interrupted"]'
    # Nothing has begun: no event, and a message.
    words --json --out nowhere/report.csv
    run -1 --separate-stderr "${words[@]}"
    same "$output" ''
    has "$stderr" nowhere
}

@test "--json: who stops reading is told at the end, and loses no row" {
    api
    locations l1 l3
    words --json
    "${words[@]}" 2>errors | head -n 1 >first || true
    "${words[@]}" --out second.csv --data second 2>errors >&- || status=$?
    same "${status:-0}" 1
    has "$(<errors)" 'cannot write the output: Bad file descriptor'
    same "$(wc -l <second.csv)" "$(wc -l <report.csv)"
    cmp report.csv second.csv
    (
        set +e
        "${words[@]}" --data third 2>errors | head -n 1 >first
        same "${PIPESTATUS[0]}" 1
    )
    has "$(<errors)" 'cannot write the output: Broken pipe'
    same "$(jq -r .event first)" started
    cmp report.csv second.csv
}

@test "where nothing is complete, what helps is told" {
    api
    locations l1
    KEY=other run -1 aggregate
    has "$output" $'States.Http.StatusCode.401: Unauthorized\n\nhint       the API refuses the secret that --auth names'
    run -1 aggregate --summary '$body.nothing'
    has "$output" 'hint       --summary says where an answer has its counts'
    run -1 aggregate --rows '$body.nothing'
    has "$output" 'hint       --rows says where an answer has its rows'
    run -1 aggregate --row '$row.state'
    has "$output" 'hint       --row makes an object of each row'
    run -1 aggregate --page-url '{api}/{location_id}/get-data?state={type}&offset={ofset}'
    has "$output" 'hint       a name in braces is a column of the list'
    run -1 aggregate --retries 0 --api http://127.0.0.1:9
    has "$output" 'hint       nobody listens at that address: is --api right?'
    run -1 aggregate --retries 0 --api "https://${url#http://}"
    has "$output" 'hint       there is no TLS at that address: --api may begin with http://'
    # One that works shows that all of this is right.
    printf 'location_id,url\nl1,\nl2,http://127.0.0.1:9/v1\n' >list.csv
    run -3 aggregate --retries 0
    [[ $output != *hint* ]]
}
