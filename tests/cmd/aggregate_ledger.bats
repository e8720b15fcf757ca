# SPDX-License-Identifier: Apache-2.0
# What afflux aggregate says of rows: of each location in the file, also where somebody's hand was in between.
# shellcheck disable=SC2154

load helper
load server
load aggregate

# by_hand COMMAND…: with objects of the data folder at $objects, and the run in $run.
by_hand() {
    run=$(aggregate --keep-parts --json 2>/dev/null | jq -r 'select(.event == "finished") | .run')
    serve --data data
    objects=http://$address
    "$@"
    kill "$server"
    wait "$server" || true
}

# Of the object service, without credentials: loopback.
get() { # KEY
    curl -sf "$objects/aggregate-output/$1"
}
put() { # BUCKET/KEY: of stdin
    cat >body
    curl -sf -T body "$objects/$1" >/dev/null
}
remove() { # BUCKET/KEY
    curl -sf -X DELETE "$objects/$1"
}

@test "the rows of each location are counted in the file" {
    api
    locations l0 l1 l3
    run -0 aggregate
    same "$(line l3 failed)" '"COMPLETE","30","30","30","30","5","",""'
    same "$(line l3 rejected)" '"COMPLETE","3","3","3","3","1","",""'
    same "$(line l0 failed)" '"COMPLETE","0","0","0","0","0","",""'
    parts() { get "$run/$run.parts.jsonl" >parts.jsonl; }
    by_hand parts
    same "$(jq -s 'map(.rows) | add' parts.jsonl)" 44
    same "$(jq -rs 'map(.part | split("/")[3:5] | join(" ")) | group_by(.) | map(.[0] + ":" + (length | tostring)) | join(",")' parts.jsonl)" \
        'l1 failed:2,l1 rejected:1,l3 failed:5,l3 rejected:1'
}

@test "locations have any names" {
    local names=('a/b' 'a' 'a%2F' 'é ü' "a-b" "x'(y)!*~")
    # Each has as many failed rows as its name has characters.
    jq -nc '$ARGS.positional | map({key: ., value: {failed: [range(length) | {n: .}], rejected: [{}]}}) | from_entries' \
        --args "${names[@]}" >rows.json
    ROWS=rows.json api
    locations "${names[@]}"
    run -0 aggregate --page-size 100
    same "$(grep -c '"COMPLETE"' report.ledger.csv)" 12
    same "$(line 'a\/b' failed)" '"COMPLETE","3","3","3","3","1","",""'
    same "$(line 'a%2F' failed)" '"COMPLETE","4","4","4","4","1","",""'
    same "$(line 'é ü' failed)" '"COMPLETE","3","3","3","3","1","",""'
}

@test "pages of a location that failed in the middle are in the file, and counted" {
    api l3=ends
    locations l1 l3
    run -3 aggregate
    has "$output" 'locations  2: 1 complete, 1 failed'
    has "$(line l3 failed)" '"FAILED","30","'
    # Pages are fetched side by side: the first two are there, and those behind are not.
    same "$(line l3 failed | cut -d, -f4,5)" '"14","14"'
    same "$(line l3 rejected)" '"COMPLETE","3","3","3","3","1","",""'
    same "$(line l1 failed)" '"COMPLETE","10","10","10","10","2","",""'
    same "$(grep -c '^"l3"' report.csv)" 17
}

@test "a part that somebody took away is missed, and the location named" {
    api
    locations l1 l3
    run -0 aggregate --keep-parts
    take() { remove "aggregate-parts/parts/$run/$run/l3/failed/000000000007.json"; }
    by_hand take
    run -3 aggregate --retry-failed
    has "$output" 'locations  2: 1 complete, 0 failed, 1 with other counts than announced'
    has "$output" 'report.csv does not have the rows that were written for 1 locations; the ledger says which'
    same "$(line l3 failed)" '"MISMATCH","30","30","30","23","5","Aggregate.RowsMissing","30 rows were written, the file has 23"'
    same "$(line l3 rejected)" '"COMPLETE","3","3","3","3","1","",""'
    run -3 --separate-stderr aggregate --json
    same "$(finished -c '[.status, .mismatched, .in_csv, .misfiled, .unexplained]')" '["PARTIAL",1,37,1,0]'
    run -3 aggregate --quiet
    has "$output" 'report.csv does not have the rows'
    # It is one of those that are fetched again.
    curl -s "$url/_asked" | jq 'with_entries(select(.key | startswith("l1")))' >asked
    run -0 aggregate --retry-failed
    same "$(line l3 failed)" '"COMPLETE","30","30","30","30","5","",""'
    same "$(curl -s "$url/_asked" | jq 'with_entries(select(.key | startswith("l1")))')" "$(<asked)"
}

@test "parts that somebody changed or added are noticed" {
    api
    locations l1 l3
    run -0 aggregate --keep-parts
    add() {
        put "aggregate-parts/parts/$run/$run/l1/rejected/000000000000.json" <<<'[{"location_id":"l1"},{"location_id":"l1"}]'
        put "aggregate-parts/parts/$run/$run/l9/failed/000000000000.json" <<<'[{"location_id":"l9"}]'
        put "aggregate-parts/parts/$run/$run/notes.json" <<<'[{"location_id":"x"},{"location_id":"y"}]'
    }
    by_hand add
    run -3 aggregate --retry-failed
    has "$output" 'report.csv has 3 rows that belong to no location and type of this run'
    same "$(line l1 rejected)" '"MISMATCH","1","1","1","2","1","Aggregate.RowsExtra","1 rows were written, the file has 2"'
    same "$(tail -n 1 report.ledger.csv)" \
        '"","","MISMATCH","","","","3","","Aggregate.RowsOfNobody","rows of parts that belong to no location and type of this run"'
    same "$(wc -l <report.ledger.csv)" 6
}

@test "a file that is not what the job made is said to be another" {
    api
    locations l1
    run -0 aggregate
    change() {
        get "$run/$run.csv" >whole.csv
        sed 1d whole.csv | head -n 4 | cat <(head -n 1 whole.csv) - | put "aggregate-output/$run/$run.csv"
    }
    by_hand change
    run -3 aggregate
    has "$output" 'report.csv has 2 rows, and its parts 11: whose they are is not known'
    same "$(line l1 failed)" '"COMPLETE","10","10","10","","2","",""'
    has "$(tail -n 1 report.ledger.csv)" '"","","MISMATCH","","","11","2","","Aggregate.FileDiffers"'
}

@test "without a ledger of the parts rows are compared in all" {
    api
    locations l1
    run -0 aggregate
    forget() { remove "aggregate-output/$run/$run.parts.jsonl"; }
    by_hand forget
    run -0 aggregate
    same "$(line l1 failed)" '"COMPLETE","10","10","10","10","2","",""'
    shorten() { head -n 3 report.csv | put "aggregate-output/$run/$run.csv"; }
    by_hand shorten
    run -3 aggregate
    has "$output" ' rows, and 11 were written: whose they are is not known'
}

@test "a ledger of the parts that is none is said to be none" {
    api
    locations l1
    run -0 aggregate
    spoil() { put "aggregate-output/$run/$run.parts.jsonl" <<<'{"part":'; }
    by_hand spoil
    run -3 aggregate
    has "$output" 'line 1 of the ledger of the parts is not JSON'
    has "$(tail -n 1 report.ledger.csv)" '"Aggregate.FileDiffers"'
    cmp <(head -n 1 report.csv) <(echo '"location_id","discount_code","error_message","status"')
}

@test "a full disk leaves the files as they were, and the same command makes them when there is room" {
    [[ $(id -u) == 0 ]] || skip "only root can mount a small disk"
    mkdir small
    mount -t tmpfs -o size=64k tmpfs small 2>/dev/null || skip "no small disk can be mounted here"
    api
    locations l1 l2 l3 l{50..59}

    echo old >small/report.csv
    echo older >small/report.ledger.csv
    run -1 aggregate --page-size 200 --out small/report.csv
    has "$output" 'small/report.csv: cannot write: No space left on device'
    has "$output" 'nothing is lost: the same command makes the files of what is in data'
    same "$(<small/report.csv) $(<small/report.ledger.csv)" 'old older'
    same "$(ls -A small | wc -l)" 2
    curl -s "$url/_asked" >asked
    mount -o remount,size=10m small
    run -0 aggregate --page-size 200 --out small/report.csv
    has "$output" 'This was finished before'
    same "$(curl -s "$url/_asked")" "$(<asked)"
    same "$(grep -c '"COMPLETE"' small/report.ledger.csv)" 26
    # Room for the CSV, none for the ledger: neither is replaced.
    cp small/report.csv whole.csv
    rm small/report.ledger.csv
    echo old >small/report.csv
    mount -o remount,size="$(($(stat -c %s whole.csv) / 4096 * 4 + 8))k" small
    run -1 aggregate --page-size 200 --out small/report.csv
    has "$output" 'small/report.ledger.csv: cannot write: No space left on device'
    same "$(<small/report.csv)" old
    same "$(ls -A small | wc -l)" 1
}

@test "a folder that vanished is named, and what was to be in it is made later" {
    WAIT=0.3 api
    locations l1 l3
    mkdir out
    { sleep 0.6; rmdir out; } &
    run -1 aggregate --out out/report.csv
    has "$output" 'out/report.csv: its folder is not there'
    has "$output" 'nothing is lost'
    run -1 aggregate --out out/report.csv
    has "$output" 'out/report.csv: its folder is not there'
    mkdir out
    run -0 aggregate --out out/report.csv
    has "$output" 'This was finished before'
    same "$(ls -A out)" $'report.csv\nreport.ledger.csv'
}

@test "a hundred thousand locations are counted in a few megabytes" {
    api
    locations l1
    run -0 aggregate
    peak() {
        command time -f %M -o peak bash -c 'exec "$@"' - env KEY=s3cret ASAN_OPTIONS=quarantine_size_mb=1 "$AFFLUX" aggregate \
            --api "$url/v1" --locations list.csv --auth api-key:X-Key=env:KEY --out report.csv --data data --page-size 7 --quiet ||
            [[ $? == 3 ]]
    }
    type -P time >/dev/null || skip "the time command is not installed"
    peak
    before=$(tail -n 1 peak)
    many() {
        python3 -c '
import sys
for i in range(100000):
    for t in ("failed", "rejected"):
        print("{\"part\":\"parts/%s/%s/location-%06d/%s/0.json\",\"rows\":1,\"bytes\":30}" % (sys.argv[1], sys.argv[1], i, t))' "$run" |
            put "aggregate-output/$run/$run.parts.jsonl"
        { echo a; seq 200000; } | put "aggregate-output/$run/$run.csv"
    }
    by_hand many
    peak
    after=$(tail -n 1 peak)
    has "$(tail -n 1 report.ledger.csv)" '"200000","","Aggregate.RowsOfNobody"'
    ((after - before < 16000)) || { echo "$((after - before)) kB"; return 1; }
}

@test "types are those asked for, and what nobody announced is not called missing" {
    api
    locations l1 l2
    run -0 aggregate --types rejected --no-summary
    same "$(cat report.ledger.csv)" '"location_id","type","state","announced","fetched","written","in_csv","pages","error","cause"
"l1","rejected","COMPLETE","","1","1","1","1","",""
"l2","rejected","COMPLETE","","2","2","2","1","",""'
    has "$output" 'rows       not announced, 3 fetched, 3 in report.csv'
    run -0 aggregate --types rejected --no-summary --json
    same "$(finished -c '[.announced, .not_announced, .in_csv]')" '[null,2,3]'
    rm -r data
    run -0 aggregate --types rejected,failed --summary '{"rejected": $body.states.rejected, "failed": null}'
    same "$(line l2 failed)" '"COMPLETE","","20","20","20","3","",""'
    same "$(line l2 rejected)" '"COMPLETE","2","2","2","2","1","",""'
    has "$output" 'rows       3 announced (not known of 2 of 4 counts), 33 fetched, 33 in report.csv'
}

@test "rows are counted in every dialect" {
    api
    locations l1 l2
    for dialect in '--delimiter ;' '--quote minimal' '--crlf' '--bom' '--delimiter tab --quote minimal --crlf --bom'; do
        rm -rf data
        # shellcheck disable=SC2086 # options
        run -0 aggregate $dialect
        has "$output" '33 fetched, 33 in report.csv'
        same "$(line l2 failed)" '"COMPLETE","20","20","20","20","3","",""'
    done
    same "$(head -n 1 report.csv)" $'\xEF\xBB\xBFlocation_id\tdiscount_code\terror_message\tstatus\r'
    run -0 aggregate --columns status,location_id
    same "$(head -n 2 report.csv)" $'"status","location_id"\n"failed","l1"'
    # The ledger is the same plain CSV beside all of them.
    same "$(head -n 1 report.ledger.csv)" '"location_id","type","state","announced","fetched","written","in_csv","pages","error","cause"'
}

@test "a file without rows has the header of its dialect" {
    api
    locations
    printf 'location_id\n' >list.csv
    run -0 aggregate
    cmp report.csv <(echo '"location_id","discount_code","error_message","status"')
    run -0 aggregate --delimiter ';' --quote minimal --crlf --bom
    cmp report.csv <(printf '\xEF\xBB\xBFlocation_id;discount_code;error_message;status\r\n')
    run -0 aggregate --columns a,b --quote minimal
    cmp report.csv <(echo a,b)
    run -0 aggregate --row '{"x": $row.y}' --crlf --bom
    same "$(wc -c <report.csv)" 0
    run -0 aggregate --row '{"x": $row.y}' --json
    same "$(finished -c '[.status, .in_csv]')" '["SUCCEEDED",0]'
}
