# SPDX-License-Identifier: Apache-2.0
# afflux aggregate with APIs of other habits (habits_api.py): each gives all its rows, or fails and says why.
# shellcheck disable=SC2016

load helper

eval "$(declare -f setup | sed '1s/setup/setup_folder/')"
setup() {
    setup_folder
    url=http://127.0.0.1:$(<"$BATS_FILE_TMPDIR/port")
}

setup_file() {
    python3 "$BATS_TEST_DIRNAME/habits_api.py" "$BATS_FILE_TMPDIR/port" 3>&- &
    echo $! >"$BATS_FILE_TMPDIR/pid"
    until [[ -f $BATS_FILE_TMPDIR/port ]]; do sleep 0.05; done
}

teardown_file() {
    kill "$(<"$BATS_FILE_TMPDIR/pid")"
}

# collect HABIT LOCATIONS [OPTION…]: all types have an id only.
collect() {
    printf 'location_id,habit\n' >list.csv
    for location in $2; do printf '%s,%s\n' "${location//_/ }" "$1" >>list.csv; done
    "$AFFLUX" aggregate --api "$url/{habit}" --locations list.csv --auth none --out report.csv --data data --no-summary \
        --row '{"id": $row.id}' --page-size 5 --json "${@:3}"
}

# Rows of the CSV, all of them different.
rows() {
    tail -n +2 report.csv | sort -u | wc -l
}

# What the ledger says of the locations' failed rows: state, announced, fetched, error.
ledger() {
    python3 -c 'import csv
for r in csv.DictReader(open("report.ledger.csv")):
    if r["type"] == "failed":
        print(r["location_id"], r["state"], r["announced"] or "-", r["fetched"] or "-", r["error"] or "-")'
}

# wanted LINE…: what ledger tells.
wanted() {
    same "$(ledger)" "$(printf '%s\n' "$@")"
}

# How often HABIT was asked for rows that there are.
asked() {
    curl -s "$url/_asked" | jq --arg habit "$1" '[.[] | select(startswith("/" + $habit + "/") and contains("/failed"))] | length'
}

by_offset='{api}/{location_id}/{type}?limit={limit}&offset={offset}'

@test "a total, as a text, and no list where there is nothing" {
    run -0 collect total '0 1 5 10 23' --page-url "$by_offset"
    same "$(rows)" 39
    same "$(asked total)" 10
    wanted '0 COMPLETE - 0 -' '1 COMPLETE - 1 -' '10 COMPLETE - 10 -' '23 COMPLETE - 23 -' '5 COMPLETE - 5 -'
}

@test "an API that gives fewer rows than asked for loses none unseen" {
    run -3 collect capped '2 3 4 20' --page-url "$by_offset"
    wanted '2 COMPLETE - 2 -' '20 FAILED - 6 Aggregate.PageShort' '3 COMPLETE - 3 -' '4 FAILED - 4 Aggregate.PageShort'
    rm -r data
    run -1 collect capped_more '20' --page-url "$by_offset"
    has "$(<report.ledger.csv)" 'page_size may be 3 at most'
    for habit in capped capped_more; do
        rm -r data
        run -0 collect "$habit" '2 3 4 20' --page-url "$by_offset" --page-size 3
        same "$(rows)" 29
    done
}

@test "an API that gives fewer rows than asked for, and announces all: the ledger says what differs, and why" {
    printf 'location_id,habit\n3,capped\n20,capped\n' >list.csv
    run -3 "$AFFLUX" aggregate --api "$url/{habit}" --locations list.csv --auth none --out report.csv --data data --page-size 5 \
        --page-url "$by_offset" --summary-url '{api}/{location_id}/count' --summary '$body.rows' --row '{"id": $row.id}'
    wanted '20 MISMATCH 20 12 Aggregate.PageShort' '3 COMPLETE 3 3 -'
    has "$(<report.ledger.csv)" 'the page at offset 0 has 3 rows where 5 were asked for, and behind it there are others: page_size may be 3 at most'
}

@test "pages by number, behind which there is nothing" {
    run -0 collect numbered '0 4 5 6 10 41' --page-url '{api}/{location_id}/{type}?page={page}&per_page={limit}'
    same "$(rows)" 66
}

@test "a total in a header, and nothing is 204" {
    run -0 collect header '0 3 5 12' --page-url '{api}/{location_id}/{type}?_page={page}&_limit={limit}' \
        --more '$number($headers.`x-total-count`[0]) - $offset - $count($rows)'
    same "$(rows)" 20
    # Each page once, and none that is not there: the header tells how many are left.
    same "$(asked header)" 6
    rm -r data
    run -0 collect header '0 3 5 12' --page-url '{api}/{location_id}/{type}?_page={page}&_limit={limit}'
    same "$(rows)" 20
}

@test "all at once" {
    run -0 collect whole '0 1 5 30' --page-url '{api}/{location_id}/{type}'
    same "$(rows)" 36
    same "$(asked whole)" 4
}

@test "pages by number with rows left out of them" {
    run -0 collect filtered '0 1 9 20' --page-url '{api}/{location_id}/{type}?page={page}'
    same "$(rows)" 20
}

@test "an API that gives the last page again for all behind it" {
    by_number='{api}/{location_id}/{type}?page={page}&per_page={limit}'
    run -0 collect last_again_more '0 4 5 11 33' --page-url "$by_number"
    same "$(rows)" 53
    same "$(tail -n +2 report.csv | wc -l)" 53
    # Where it does not even say so, rows that came twice are not taken for others.
    rm -r data
    run -3 collect last_again '0 33' --page-url "$by_number"
    has "$(ledger)" ' Aggregate.PageRepeats'
}

@test "an API that ignores the offset is found out" {
    run -1 collect ignoring '20' --page-url "$by_offset"
    [[ $(ledger) == '20 FAILED - '*' Aggregate.PageRepeats' ]]
}

@test "rows that are arrays, nested, with a parameter that is there twice" {
    run -0 collect arrays '7' --page-url "$by_offset&f=a%20b&f={location_id}" --rows '$body.answer.rows' --row '{"id": $row[0], "f": $join($row[1], "+")}'
    same "$(rows)" 7
    has "$(<report.csv)" '"7-failed-6","a b+7"'
}

@test "a summary that knows one type, as a text, and names that are encoded" {
    printf 'location_id,habit\n7 &/?x,total\n' >list.csv
    run -0 "$AFFLUX" aggregate --api "$url/{habit}" --locations list.csv --auth none --out report.csv --data data --page-size 5 \
        --page-url "$by_offset" --summary-url '{api}/{location_id}/count' --summary '$body.rows' --row '{"id": $row.id}'
    wanted '7 &/?x COMPLETE 7 7 -'
    has "$(<report.csv)" '"7 &/?x-failed-6"'
}

@test "a location that lacks a column fails alone, and the cause names it" {
    printf 'location_id,habit\n3,total\n4,\n' >list.csv
    run -3 "$AFFLUX" aggregate --api "$url/{habit}" --locations list.csv --auth none --out report.csv --data data --no-summary \
        --page-url "$by_offset" --row '{"id": $row.id}'
    wanted '3 COMPLETE - 3 -' '4 FAILED - 0 States.QueryEvaluationError'
    has "$(<report.ledger.csv)" '"offset 0: D3137: the location 4 has no habit"'
}

@test "columns of a list may be nested, and are known to addresses and rows" {
    printf '{"location_id":"2","at":{"habit":"total","tags":["a","b"]}}\n' >list.jsonl
    run -0 "$AFFLUX" aggregate --api "$url/{at.habit}" --locations list.jsonl --auth none --out report.csv --data data --no-summary \
        --page-url "$by_offset" --row '{"id": $row.id, "tag": $location.at.tags[1]}'
    has "$(<report.csv)" '"2-failed-1","b"'
}
