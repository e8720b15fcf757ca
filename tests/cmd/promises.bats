# SPDX-License-Identifier: Apache-2.0
# What docs/promises.md promises, where aggregate.bats and workflows.bats do not prove it already: that page says which
# test proves what.
# shellcheck disable=SC2016,SC2154

load helper
load aggregate

[[ -z ${AFFLUX_LONG-} ]] || export BATS_TEST_TIMEOUT=3600

flows=$BATS_TEST_DIRNAME/../../workflows

# long A B: B with ./dev test --long, A otherwise.
long() { if [[ -n ${AFFLUX_LONG-} ]]; then echo "$2"; else echo "$1"; fi; }

# listed LOCATION…: as lines of JSON, which may have any name.
listed() {
    jq -nc '$ARGS.positional[] | {location_id: .}' --args "$@" >list.csv
}

# rows JSON: what the API gives, {LOCATION: {TYPE: [ROW, …]}}; starts it.
rows() {
    printf '%s' "$1" >rows.json
    export ROWS=rows.json
    api "${@:2}"
    mapfile -t names < <(jq -r 'keys_unsorted[]' rows.json)
    listed "${names[@]}"
}

# begin_aggregate: as aggregate, in the background; sets $begun.
begin_aggregate() {
    KEY=s3cret "$AFFLUX" aggregate --api "$url/v1" --locations list.csv --auth api-key:X-Key=env:KEY --out report.csv \
        --data data --page-size 7 --retries 1 --quiet >/dev/null 2>errors 3>&- &
    begun=$!
}

# serve_data: a server on the data folder; sets $server and $served.
serve_data() {
    : >served
    "$AFFLUX" serve --data data --listen 127.0.0.1:0 >served 2>serve.errors 3>&- &
    server=$!
    for _ in {1..200}; do
        [[ ! -s served ]] || break
        sleep 0.05
    done
    served=$(grep -o 'http://[0-9.:]*' served)
}

end_server() {
    kill "$server"
    wait "$server" || true
}

# call OPERATION REQUEST: of the table service.
call() {
    curl -sS -H "X-Amz-Target: DynamoDB_20120810.$1" -d "$2" "$served/"
}

# The row of the only task, as plain JSON.
task_row() {
    local table
    table=$(call ListTables '{}' | jq -r '.TableNames[] | select(endswith("tasks"))')
    call Scan "{\"TableName\":\"$table\"}" | jq -c '.Items[] | map_values(.S // (.N | tonumber))'
}

# object_keys BUCKET-ENDING: of all objects in it.
object_keys() {
    local bucket
    bucket=$(curl -sS "$served/" | grep -o "<Name>[^<]*$1</Name>" | sed 's/<[^>]*>//g')
    curl -sS "$served/$bucket?list-type=2" | grep -o '<Key>[^<]*' | sed "s|<Key>|$bucket/|"
}

# ---- every row is accounted for ----

@test "quotes, commas, line breaks, emoji, missing fields, nested values and empty rows come out as they came in" {
    rows '{"shop 1/é?": {"failed": [
        {"a": "say \"hi\", you", "b": "one\ntwo\r\nthree", "c": "😀 é 𝄞"},
        {"b": ",", "d": {"x": [1, 2, {"y": null}], "z": "\"q\""}},
        {},
        {"a": null, "e": true, "f": 1e300, "g": 0.1, "h": 123456789012345},
        {"a": "", "b": " spaces ", "c": "tab\there", "d": [], "": "no name", "k,\"l\"\nm": "odd name", "z": "=1+1"}],
        "rejected": [{"z": 1, "a": "\\\u0007"}]}}'
    run -0 aggregate --row '$row' --page-size 2
    same "$(line 'shop 1\/é?' failed)" '"COMPLETE","5","5","5","5","3","",""'
    same "$(read_csv report.csv | jq -c '.[0]')" '["a","b","c","d","e","f","g","h","","k,\"l\"\nm","z"]'
    # Each row against what was sent: a text as it is, nothing for null and what is missing, all else as JSON.
    read_csv report.csv >got.json
    jq -c '.[0] as $columns | .[1:][] | [$columns, .] | transpose | map({key: .[0], value: .[1]}) | from_entries' got.json >got
    jq -c --argjson columns "$(jq -c '.[0]' got.json)" '.[] | (.failed + .rejected)[] | . as $row
        | reduce $columns[] as $c ({}; .[$c] = ($row[$c] | if . == null then "" elif type == "string" then . else tojson end))' \
        rows.json | sed 's/1\.0*e+*300\|1000000000000000[0-9]*/1e+300/' >wanted
    same "$(<got)" "$(<wanted)"
    same "$(file -b --mime-encoding report.csv)" utf-8
}

@test "a page may be larger than what a state may pass on" {
    rows "$(jq -nc '{wide: {failed: [range(400) | {n: ., text: ("x" * 2000 + "\(.)")}]}}')"
    run -0 aggregate --page-size 400 --row '$row'
    same "$(line wide failed)" '"COMPLETE","400","400","400","400","1","",""'
    same "$(read_csv report.csv | jq -c '[.[1:][] | [.[0], (.[1] | length)]] | [length, .[0], .[399]]')" \
        '[400,["0",2001],["399",2003]]'
}

@test "a page that comes twice under different offsets fails its location, and no other" {
    third_party repeat 4 100 0
    run -3 of_third_party 60
    same "$(grep -c '"Aggregate.PageRepeats"' report.ledger.csv)" 1 # its other type has a page only
    same "$(grep -c '"COMPLETE"' report.ledger.csv)" 7
}

@test "pages that never end are ended, and the location is named" {
    third_party endless 3 60 0
    run -3 of_third_party 100
    run -0 grep '"Aggregate.NoEnd"' report.ledger.csv
    same "$(grep -c '"COMPLETE"' report.ledger.csv)" 4
    fetched=$(sed -n 's/.*"failed","FAILED","[0-9]*","\([0-9]*\)".*NoEnd.*/\1/p' report.ledger.csv)
    # What came is in the file all the same.
    ended=$(sed -n 's/^"\([^"]*\)","failed","FAILED".*/\1/p' report.ledger.csv)
    same "$(read_csv report.csv | jq --arg id "$ended" '[.[] | select(.[0] == $id and .[3] == "failed")] | length')" "$fetched"
}

@test "JSON that ends in the middle is no page: it is asked for again, and then told" {
    api l2=half
    locations l1 l2
    run -3 aggregate
    has "$(line l2 failed)" '"FAILED","20","0","0","0","0","'
    same "$(line l1 failed)" '"COMPLETE","10","10","10","10","2","",""'
    (($(curl -s "$url/_asked" | jq '."l2/failed/0"') > 1))
}

@test "a third party that dies in the middle: what came is in the file, and the rest comes when it is back" {
    export WAIT=0.05
    api
    locations l1 l7 l8 l9
    run -0 aggregate
    mv report.csv whole.csv
    mv report.ledger.csv whole.ledger.csv
    rm -r data
    # Two thirds of the pages: the smallest location is through then, the largest is not.
    pages=$(curl -s "$url/_asked" | jq add)
    begin_aggregate
    until (($(curl -s "$url/_asked" | jq add) > pages * 5 / 3)); do sleep 0.05; done
    port=$(<port)
    kill -KILL "$api_pid"
    code=0
    wait "$begun" || code=$?
    same "$code" 3
    run -0 grep -c 'States.Http.Socket' report.ledger.csv
    rm port
    PORT=$port api
    run -0 aggregate --retry-failed
    cmp whole.csv report.csv
    cmp whole.ledger.csv report.ledger.csv
}

# ---- resumed at the page ----

@test "killed at random moments from its set-up to the copy of its file, it ends with the same files byte for byte" {
    third_party '' 12 "$(long 1000-2000 4000-6000)" 3
    run -0 env KEY=sample-key python3 "$BATS_TEST_DIRNAME/aggregate_kills.py" "$url" "$(long 6 20)" $RANDOM \
        "$AFFLUX" aggregate --api "$url/v1" --locations list.csv --auth api-key:X-Api-Key=env:KEY --out report.csv \
        --data data --page-size 100 --concurrency 6 --quiet
    has "$output" "'end': $(long 2 6)"
}

@test "a large integer keeps its digits" {
    rows '{"l": {"failed": [{"resourceKey": 1234567890123456789}, {"resourceKey": 98765432109876543210987}]}}'
    run -0 aggregate
    same "$(cut -d , -f 2 report.csv)" $'"discount_code"\n"1234567890123456789"\n"98765432109876543210987"'
    run -0 aggregate --row '{"id": $row.resourceKey}'
    same "$(<report.csv)" $'"id"\n"1234567890123456789"\n"98765432109876543210987"'
}

@test "what another run fetched is not in the file" {
    rows '{"l": {"failed": [{"n": 1}, {"n": 2}, {"n": 3}]}}'
    run -0 aggregate --row '$row' --page-size 1
    run -0 aggregate --row '$row' --page-size 2
    same "$(<report.csv)" $'"n"\n"1"\n"2"\n"3"'
}

@test "a part's key follows from task, run, location, type and offset, and a part is JSON, encoded once" {
    rows '{"a/b": {"failed": [{"n": 1}, {"n": 2}, {"n": 3}], "rejected": [{"n": 4}]}}'
    run -0 aggregate --row '$row' --page-size 2 --keep-parts
    serve_data
    object_keys parts | grep /parts/ >keys
    end_server
    same "$(sed 's|^[^/]*/parts/[^/]*/[^/]*/||' keys)" 'a%2Fb/failed/000000000000.json
a%2Fb/failed/000000000002.json
a%2Fb/rejected/000000000000.json'
    serve_data
    same "$(while read -r key; do curl -sS "$served/${key//%/%25}" | jq -c .; done <keys)" \
        '[{"n":1},{"n":2}]
[{"n":3}]
[{"n":4}]'
    end_server
}

# ---- one bad location does not kill the run ----

@test "what asking again cannot help is asked for once" {
    api l2=gone
    locations l1 l2
    run -3 aggregate --page-size 100
    has "$(line l2 failed)" '"States.Http.StatusCode.404"'
    same "$(curl -s "$url/_calls")" 4 # two summaries, two pages of l1
    KEY=wrong run -1 aggregate --data other
    has "$(line l1 failed)" '"States.Http.StatusCode.401"'
    same "$(curl -s "$url/_calls")" 4 # those without the key do not count
}

# ---- the task's row ----

@test "the task's row is RUNNING while it is at work, and SUCCEEDED then, with counts, times and the file" {
    rm -f go
    api l1=stuck
    locations l1 l2
    begin_aggregate
    until (($(curl -s "$url/_asked" | jq 'length') > 3)); do sleep 0.05; done
    kill -KILL "$begun"
    wait "$begun" || true
    # Another process goes on with it.
    serve_data
    same "$(task_row | jq -c '[.status, has("finished_at"), has("file")]')" '["RUNNING",false,false]'
    touch go
    for _ in {1..100}; do
        [[ $(task_row | jq -r .status) == RUNNING ]] || break
        sleep 0.1
    done
    task_row >row.json
    end_server
    same "$(jq -c '[.status, .locations, .complete, .failed, .mismatched, .announced, .fetched, .written]' row.json)" \
        '["SUCCEEDED",2,2,0,0,33,33,33]'
    same "$(jq '.started_at < .finished_at and (.finished_at | test("^20..-..-..T..:..:..[.]...Z$"))' row.json)" true
    has "$(jq -r .file row.json)" '.csv'
    run -0 aggregate
    same "$(read_csv report.csv | jq length)" 34
}

@test "the task's row is PARTIAL where a location failed, and names the file that there is" {
    api l2=gone
    locations l1 l2
    run -3 aggregate
    serve_data
    task_row >row.json
    same "$(jq -c '[.status, .complete, .failed, .fetched, .error]' row.json)" '["PARTIAL",1,1,11,null]'
    file=$(jq -r '.file | ltrimstr("s3://")' row.json)
    curl -sS "$served/$file" | cmp - report.csv
    end_server
}

@test "the task's row is FAILED where too many failed, and says of what" {
    api l2=gone
    locations l1 l2
    run -1 aggregate --tolerate 49
    [[ ! -e report.csv ]]
    serve_data
    same "$(task_row | jq -c '[.status, .failed, .error, has("finished_at"), has("file")]')" \
        '["FAILED",1,"States.ExceedToleratedFailureThreshold",true,false]'
    end_server
    run -3 aggregate --tolerate 50 --data other
    same "$(read_csv report.csv | jq length)" 12
}

# ---- nothing is a success ----

@test "locations without rows make a file with its header only, and the task's row SUCCEEDED" {
    api
    locations l0
    run -0 aggregate
    same "$(<report.csv)" '"location_id","discount_code","error_message","status"'
    same "$(curl -s "$url/_calls")" 1 # its summary: no page is asked for
    serve_data
    same "$(task_row | jq -c '[.status, .locations, .complete, .fetched]')" '["SUCCEEDED",1,1,0]'
    end_server
}

# ---- many ----

@test "two thousand locations, more than a megabyte of them, and what a location has goes into its rows" {
    python3 - >rows.json <<'END'
import json
print(json.dumps({f"l{i}": {"failed": [{"n": i}] if i % 100 == 0 else []} for i in range(2000)}))
END
    export ROWS=rows.json
    api
    python3 - >list.csv <<'END'
print("location_id,name,note")
for i in range(2000):
    print(f'l{i},"Shop, {i}",{i:0600}')
END
    (($(stat -c %s list.csv) > 1 << 20))
    run -0 aggregate --row '{"id": $location.location_id, "name": $location.name, "note": $length($location.note), "n": $row.n}' \
        --concurrency 50
    same "$(wc -l <report.ledger.csv)" 4001
    same "$(read_csv report.csv | jq -c '[length, (.[1:] | sort_by(.[3] | tonumber) | .[3])]')" '[21,["l300","Shop, 300","600","300"]]'
}

@test "the history of a location does not grow with each of its pages" {
    local events=() n
    for n in 100 200; do
        rows "$(jq -nc --argjson n "$n" '{l: {failed: [range($n) | {n: .}]}}')"
        run -0 aggregate --page-size 1 --data "data$n" --json
        same "$(finished .pages)" "$n"
        kill "$api_pid"
        rm port
        id=$("$AFFLUX" inspect --data "data$n" | awk '/extraction/ { print $1 }')
        events+=("$("$AFFLUX" inspect --data "data$n" "$id" --history | wc -l)")
    done
    ((events[0] > 20 && events[1] - events[0] < 20)) || { echo "${events[@]}"; return 1; }
}

# ---- the file ----

@test "columns are the union of all, in an order that does not depend on what came first" {
    local all=() i
    for i in {1..9}; do all+=("\"l$i\": {\"failed\": [{\"c$((10 - i))\": $i, \"all\": 1}], \"rejected\": [{\"r$i\": 1}]}"); done
    json="{$(IFS=,; echo "${all[*]}")}"
    rows "$json"
    run -0 aggregate --row '$row' --concurrency 1
    mv report.csv one.csv
    same "$(head -n 1 one.csv)" '"c9","all","r1","c8","r2","c7","r3","c6","r4","c5","r5","c4","r6","c3","r7","c2","r8","c1","r9"'
    kill "$api_pid"
    rm port
    SHUFFLE=0.2 rows "$json"
    run -0 aggregate --row '$row' --concurrency 30 --data other
    cmp one.csv report.csv
}

@test "where the file cannot be written there is none, not a part of one" {
    [[ $(id -u) == 0 ]] || skip "only root can mount a small disk"
    mkdir small
    mount -t tmpfs -o size=64k tmpfs small 2>/dev/null || skip "no small disk can be mounted here"
    rows "$(jq -nc '{l: {failed: [range(100) | {text: ("x" * 2000 + "\(.)")}]}}')"
    run -1 aggregate --row '$row' --out small/report.csv
    has "$output" 'No space left on device'
    same "$(ls -A small)" ''
    mount -o remount,size=2m small
    run -0 aggregate --row '$row' --out small/report.csv
    same "$(read_csv small/report.csv | jq length)" 101
}

# peak ROWS: kilobytes that an aggregation of so many rows a location takes at most.
peak() {
    third_party '' 6 "$1" 0
    KEY=sample-key ASAN_OPTIONS=quarantine_size_mb=1 python3 - "$AFFLUX" aggregate --api "$url/v1" --locations list.csv \
        --auth api-key:X-Api-Key=env:KEY --out report.csv --data "data$1" --page-size 200 --concurrency 4 --quiet <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
    kill "$api_pid"
    rm line
}

@test "ten times the rows take no more memory" {
    few=$(peak "$(long 2000 10000)")
    many=$(peak "$(long 20000 100000)")
    # The rows grow by 12 and by 60 MB; with more pages the store's caches fill, which have an end.
    ((many < few + $(long 9000 24000))) || { echo "$few KB, then $many KB"; return 1; }
}

# ---- the workflows as texts ----

@test "each task of the workflows has a time limit, each failure a name and a cause, and nothing is tried again for every reason" {
    for file in "$flows"/{parent,extraction,processing}.asl.json; do
        jq -r '.. | objects | select(.Type == "Task" and (has("TimeoutSeconds") | not)) | .Resource' "$file" >without_limit
        jq -r '.. | objects | select(.Type == "Fail" and ((has("Error") and has("Cause")) | not)) | "Fail"' "$file" >without_cause
        jq -r '.. | objects | select(has("Retry")) | .Retry[].ErrorEquals[] | select(. == "States.ALL")' "$file" >everything
        same "$(cat without_limit without_cause everything)" ''
        same "$(grep -c waitForTaskToken "$file")" 0
    done
    same "$(jq '[.. | objects | select(.Type == "Task")] | length' "$flows"/processing.asl.json)" 2
}

@test "the tests that docs/promises.md names are there" {
    local file name
    while IFS=: read -r file name; do
        grep -qF "@test \"${name# }\"" "$BATS_TEST_DIRNAME/$file.bats" || { echo "$file has no test$name"; return 1; }
    done < <(sed -n 's/^- `\(.*\)`$/\1/p' "$BATS_TEST_DIRNAME/../../docs/promises.md")
    (($(grep -c '^- `' "$BATS_TEST_DIRNAME/../../docs/promises.md") > 40))
}
