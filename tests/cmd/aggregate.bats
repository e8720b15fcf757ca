# SPDX-License-Identifier: Apache-2.0
# afflux aggregate, against a small third party (aggregate_api.py) and build/thirdparty.
# shellcheck disable=SC2154

load helper
load aggregate

@test "one file with all rows, and a ledger of them" {
    api
    locations l0 l1 l3
    run -0 aggregate
    has "$output" 'rows       44 announced, 44 fetched, 44 in report.csv'
    read_csv report.csv >rows.json
    same "$(jq length rows.json)" 45
    same "$(jq -c '.[0]' rows.json)" '["location_id","discount_code","error_message","status"]'
    same "$(jq -c '.[1]' rows.json)" '["l1","l1-failed-0, \"x\"","line 0\nnext, 😀 é","failed"]'
    same "$(jq -c '[.[1:][] | .[0] + .[3]] | group_by(.) | map([.[0], length])' rows.json)" \
        '[["l1failed",10],["l1rejected",1],["l3failed",30],["l3rejected",3]]'
    same "$(line l3 failed)" '"COMPLETE","30","30","30","30","5","",""'
    same "$(line l0 rejected)" '"COMPLETE","0","0","0","0","0","",""'
    same "$(wc -l <report.ledger.csv)" 7
}

@test "a finished run is told again, and its file is made again" {
    api
    locations l1
    run -0 aggregate
    cp report.csv first.csv
    curl -s "$url/_asked" >asked
    rm report.csv
    run -0 aggregate
    has "$output" 'This was finished before, and is only told again.'
    cmp first.csv report.csv
    same "$(curl -s "$url/_asked")" "$(<asked)"
    run -0 aggregate --json
    same "$(finished -c 'del(.event, .time, .run, .ledger, .seconds, .requests, .bytes)')" '{"status":"SUCCEEDED","was_finished":true,"locations":1,"complete":1,"failed":0,"mismatched":0,"open":0,"announced":11,"fetched":11,"written":11,"pages":3,"in_csv":11,"file":"report.csv"}'
}

@test "no locations are a file with its header only" {
    api
    locations
    printf 'location_id\n' >list.csv
    run -0 aggregate
    same "$(<report.csv)" '"location_id","discount_code","error_message","status"'
    same "$(wc -l <report.ledger.csv)" 1
}

@test "a dead location does not end the others, and is named with its cause" {
    api
    printf 'location_id,url\nl1,\nl2,http://127.0.0.1:9/v1\n' >list.csv
    run -3 aggregate --retries 1
    has "$output" 'locations  2: 1 complete, 1 failed'
    has "$(line l2 failed)" '"FAILED","","","","0","","States.Http.Socket"'
    same "$(line l1 failed)" '"COMPLETE","10","10","10","10","2","",""'
    same "$(read_csv report.csv | jq length)" 12
}

@test "too many failed locations end it without a file" {
    api
    printf 'location_id,url\nl1,\nl2,http://127.0.0.1:9/v1\n' >list.csv
    run -1 aggregate --retries 1 --tolerate 0
    has "$output" 'States.ExceedToleratedFailureThreshold'
    [[ ! -e report.csv ]]
    has "$(line l2 failed)" '"FAILED"'
}

@test "counts that are not as announced are reported" {
    api l2=under l3=over
    locations l1 l2 l3
    run -3 aggregate --page-size 4
    same "$(line l2 failed)" '"MISMATCH","19","20","20","20","5","",""'
    same "$(line l3 failed)" '"MISMATCH","31","30","30","30","8","",""'
    has "$output" 'locations  3: 1 complete, 0 failed, 2 with other counts than announced'
}

@test "what failed can be fetched again" {
    api l2=dead
    locations l1 l2
    run -3 aggregate --retries 1
    has "$(line l2 failed)" '"States.Http.StatusCode.503"'
    kill "$api_pid"
    wait "$api_pid" || true
    old=${url##*:}
    rm port
    PORT=$old api
    run -0 aggregate --retry-failed
    same "$(line l2 failed)" '"COMPLETE","20","20","20","20","3","",""'
    same "$(read_csv report.csv | jq length)" 34
    has "$(curl -s "$url/_asked")" 'l2/failed/0'
    [[ $(curl -s "$url/_asked") != *l1/* ]]
    run -0 aggregate
}

@test "what failed can be fetched again as often as wanted" {
    api l2=dead
    locations l1 l2
    run -3 aggregate --retries 0
    for loops in 1 2 3 4; do
        run -3 aggregate --retries 0 --retry-failed --loops "$loops"
        has "$(line l2 failed)" '"States.Http.StatusCode.503"'
    done
}

@test "killed at any moment it goes on, and the file is the same byte for byte" {
    export WAIT=0.1
    api
    locations l1 l2 l3 l4 l5 l6
    run -0 aggregate --concurrency 4
    mv report.csv whole.csv
    pages=$(curl -s "$url/_asked" | jq 'add')
    rm -r data
    for after in 0.4 0.7 1; do
        timeout -s KILL "$after" "$BASH" -c 'exec "$@"' - env KEY=s3cret "$AFFLUX" aggregate --api "$url/v1" --locations list.csv \
            --auth api-key:X-Key=env:KEY --out report.csv --data data --page-size 7 --concurrency 4 --quiet || true
        [[ ! -e report.csv ]] || cmp whole.csv report.csv
    done
    run -0 aggregate --concurrency 4
    cmp whole.csv report.csv
    # Only what was under way when it was killed is asked for again.
    asked=$(($(curl -s "$url/_asked" | jq 'add') - pages))
    ((asked >= pages && asked <= pages + 3 * 8)) || { echo "$pages pages, asked for $asked"; return 1; }
}

@test "it goes on with other limits than it began with" {
    export WAIT=0.1
    api
    locations l1 l2 l3 l4 l5 l6
    KEY=s3cret "$AFFLUX" aggregate --api "$url/v1" --locations list.csv --auth api-key:X-Key=env:KEY \
        --out report.csv --data data --page-size 7 --concurrency 2 --quiet 3>&- &
    pid=$!
    asked=0
    while ((asked < 4)); do
        sleep 0.05
        asked=$(curl -s "$url/_asked" | jq 'add // 0')
    done
    kill -9 "$pid"
    wait "$pid" || true
    [[ ! -e report.csv ]]
    run -0 aggregate --concurrency 8
    # Only what was under way is asked for twice.
    all=$(curl -s "$url/_asked" | jq 'add')
    rm -r data
    run -0 aggregate --concurrency 8
    fresh=$(($(curl -s "$url/_asked" | jq 'add') - all))
    ((all <= fresh + 4)) || { echo "$asked, $all and $fresh calls"; return 1; }
}

@test "the file is the same byte for byte, however many threads make it" {
    third_party busy,gaps
    for loops in 1 3; do
        KEY=sample-key run -0 aggregate --auth api-key:X-Api-Key=env:KEY --page-size 20 --concurrency 6 \
            --data "data$loops" --out "$loops.csv" --loops "$loops"
    done
    cmp 1.csv 3.csv
    cmp 1.ledger.csv 3.ledger.csv
    same "$(curl -s "$url/_stats?brief" | jq '.concurrent_max <= 6')" true
}

@test "an interrupt says how to go on" {
    export WAIT=0.2 KEY=s3cret
    api
    locations l3 l4
    run -130 signalled INT '(($(calls) > 4))' "$AFFLUX" aggregate --api "$url/v1" --locations list.csv \
        --auth api-key:X-Key=env:KEY --out report.csv --data data --page-size 2 --concurrency 2
    has "$output" 'interrupted; the same command goes on where it was'
    [[ ! -e report.csv ]]
}

@test "a row may be shaped in another way" {
    api
    printf '{"location_id":"l1","name":"One"}\n' >list.csv
    run -0 aggregate --row '{"shop": $location.name, "code": $row.resourceKey, "type": $type_of_rows}'
    same "$(read_csv report.csv | jq -c '.[0:2]')" '[["shop","code","type"],["One","l1-failed-0, \"x\"","failed"]]'
}

@test "what is wrong with the command line is said" {
    url=http://127.0.0.1:9
    locations l1
    run -2 "$AFFLUX" aggregate
    has "$output" '--api is missing'
    run -2 aggregate --page-size 0
    run -2 aggregate --loops 0
    run -2 aggregate --api ftp://x
    has "$output" 'begins with https://'
    run -2 aggregate --out report.txt
    KEY='' run -2 aggregate
    has "$output" 'the variable KEY is not set'
    run -2 aggregate --auth token=1
    has "$output" '--auth is api-key:HEADER=SECRET'
    run -2 aggregate --row '$row.('
    has "$output" '--row is no JSONata: '
    run -2 aggregate --page-url '{api}/{location_id'
    has "$output" '--page-url is no address: a { without its }'
    run -2 aggregate --out ''
    has "$output" '--out is empty'
    printf 'a\nb\n' >secret
    run -2 aggregate --auth api-key:X-Key=file:secret
    has "$output" 'auth: the secret in secret has a line end'
    run -1 aggregate --ca-file list.csv
    has "$output" 'list.csv: there is no certificate in it; they are PEM'
    [[ ! -e data ]]
    run -1 aggregate --out nowhere/report.csv
    has "$output" 'nowhere'
    run -1 aggregate --locations none.csv
    has "$output" 'none.csv: No such file'
    printf 'id\n' >list.csv
    run -1 aggregate
    has "$output" "list.csv: line 1: there is no column location_id: 'id'"
}

@test "a third party with faults, killed three times: all rows are there, and what was known is not asked for again" {
    third_party busy,error,cut,garbage,gaps,empty,down
    for after in 0.7 1 1.3; do
        run of_third_party "$after"
        [[ $status == 137 ]]
        [[ ! -e report.csv ]]
    done
    run -3 of_third_party 120
    curl -s "$url/_stats" >stats.json
    same "$(jq '.page_given_max <= 4' stats.json)" true
    same "$(jq '[.locations[] | select(.fault != "down" and .fault != "empty") | .failed + .rejected] | add' stats.json)" \
        "$(($(read_csv report.csv | jq length) - 1))"
    same "$(grep -vc '"COMPLETE"' report.ledger.csv)" 3 # the header, and the location that is down
    read_csv report.csv | jq -r '.[1:][] | [.[0], .[1], .[3]] | @json' | grep -v ',"",' | sort | uniq -d >twice
    [[ ! -s twice ]]
}

@test "who asks for a pause gets one" {
    third_party busy=3:2
    run -0 of_third_party 120
    curl -s "$url/_stats" >stats.json
    same "$(jq '.busy_given' stats.json)" 6
    same "$(jq '[.locations[].early] | add' stats.json)" 0
    same "$(jq '[.locations[].pages_again] | add' stats.json)" 0
}

@test "the time of a call does not run while it waits for its turn" {
    third_party '' 12 20 0
    run -0 of_third_party 60 --rate 10 --timeout 1 --retries 0 --concurrency 40 --json
    same "$(finished -c '[.complete, .failed]')" '[12,0]'
    (($(finished '.seconds | floor') >= 2))
}

@test "who asks for a pause gets one from the next process, too" {
    third_party busy=3:1 12 200-400 30 --retry-after 4
    third_party_words
    # Killed when the pause is on the disk, and within it.
    run -137 signalled KILL '[[ $(sqlite3 -readonly data/afflux.db "SELECT count(*) FROM service WHERE service = '"'pause'"'") == 1 ]]' "${words[@]}"
    run -137 of_third_party 1.5
    run -0 of_third_party 120
    curl -s "$url/_stats" >stats.json
    same "$(jq '[.locations[].early] | add' stats.json)" 0
    (($(jq '.busy_given' stats.json) >= 3))
}

@test "three thousand locations of several pages each are one task" {
    third_party '' 3000 8 0
    run -0 of_third_party 150 --json --concurrency 100 --page-size 3
    (($(finished .pages) >= 3 * 3000))
    curl -s "$url/_stats" >stats.json
    wanted=$(jq '[.locations[] | .failed + .rejected] | add' stats.json)
    same "$(finished -r '[.locations, .complete, .in_csv] | @json')" "[3000,3000,$wanted]"
    same "$(read_csv report.csv | jq length)" "$((wanted + 1))"
    same "$(wc -l <report.ledger.csv)" 6001
}

@test "more parts than a listing gives at a time are all in the file" {
    third_party '' 2 1500 0
    run -0 of_third_party 100 --page-size 2 --json
    said=$(tail -n 1 <<<"$output")
    (($(jq .pages <<<"$said") > 1000))
    same "$(read_csv report.csv | jq -r '.[1:][] | [.[0], .[1], .[3]] | @json' | sort -u | wc -l)" \
        "$(jq .announced <<<"$said")"
    same "$(jq .in_csv <<<"$said")" "$(jq .announced <<<"$said")"
}

@test "a full disk is told of, and it goes on when there is room" {
    [[ $(id -u) == 0 ]] || skip "only root can mount a small disk"
    mkdir small
    mount -t tmpfs -o size=300k tmpfs small 2>/dev/null || skip "no small disk can be mounted here"
    third_party '' 20 300-500 0
    run -1 of_third_party 100 --data small/data
    has "$output" 'no room is left on the disk'
    [[ ! -e report.csv ]]
    mount -o remount,size=2m small
    of_third_party 100 --data small/data 3>&- &
    sleep 4
    kill -0 $! # it waits
    [[ ! -e report.csv ]]
    mount -o remount,size=200m small
    wait $! || [[ $? == 3 ]] # what the disk did not take may be given up
    run -0 of_third_party 100 --data small/data --retry-failed
    mv report.csv after.csv
    run -0 of_third_party 100
    cmp after.csv report.csv
}

@test "a secret is not in the data folder" {
    api
    locations l1
    run -0 aggregate
    run -1 grep -raq s3cret data
}
