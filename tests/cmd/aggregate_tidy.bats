# SPDX-License-Identifier: Apache-2.0
# What afflux aggregate removes from the data folder when all is in the CSV, and what it leaves there.
# shellcheck disable=SC2154

load helper
load aggregate

# aggregation OPTION…: the command, as words in $words.
aggregation() {
    words=("$AFFLUX" aggregate --api "$url/v1" --locations list.csv --auth api-key:X-Key=env:KEY --out report.csv --data data
        --page-size 3 "$@")
}

aggregate() {
    aggregation "$@"
    KEY=s3cret "${words[@]}"
}

objects() { # BUCKET: how many there are
    sqlite3 -readonly data/afflux.db "SELECT count(*) FROM objects WHERE bucket = '$1'"
}

# Bytes of bodies in the data folder.
bodies() {
    find data/segments data/objects -type f -printf '%s\n' 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'
}

@test "when all is in the file, parts go, and the same command makes the file again" {
    api
    locations l3 l5 l8
    run -0 aggregate --keep-parts
    (($(objects aggregate-parts) > 50))
    (($(bodies) > $(stat -c %s report.csv)))
    mv report.csv first.csv
    run -0 aggregate
    cmp first.csv report.csv
    same "$(objects aggregate-parts)" 0
    (($(objects aggregate-output) >= 1))
    (($(bodies) < 2 * $(stat -c %s report.csv)))
    curl -s "$url/_asked" >asked
    for option in '' --retry-failed; do
        rm report.csv
        run -0 aggregate ${option:+"$option"} --json
        same "$(finished -c '[.status, .was_finished, .in_csv]')" '["SUCCEEDED",true,176]'
        cmp first.csv report.csv
    done
    same "$(curl -s "$url/_asked")" "$(<asked)"
}

@test "while something is missing parts stay, as they are needed when it is fetched again" {
    api l5=dead
    locations l3 l5
    run -3 aggregate
    parts=$(objects aggregate-parts)
    ((parts > 10))
    kill "$api_pid"
    wait "$api_pid" || true
    rm port
    PORT=${url##*:} api
    run -0 aggregate --retry-failed
    same "$(objects aggregate-parts)" 0
    same "$(grep -c '"COMPLETE"' report.ledger.csv)" 4
    cp report.csv whole.csv
    run -0 aggregate --retry-failed
    cmp whole.csv report.csv
}

@test "counts that differ keep the parts" {
    api l3=over
    locations l3
    run -3 aggregate
    (($(objects aggregate-parts) > 10))
}

@test "killed while parts go, the next one removes the rest, and the file is the same" {
    api
    locations l30 l40 l50 l60 # 1,980 rows
    run -0 aggregate --keep-parts --page-size 1
    mv report.csv whole.csv
    cp -r data kept
    before=$(objects aggregate-parts)
    between=0
    for moment in 0 0.03 0.06 0.09 0.12; do
        rm -rf data
        cp -r kept data
        aggregation --page-size 1
        : >told
        KEY=s3cret "${words[@]}" >told 3>&- &
        until [[ -s told ]]; do sleep 0.002; done
        sleep "$moment"
        kill -KILL $! 2>/dev/null || true
        wait $! || true
        left=$(objects aggregate-parts)
        ((left == 0 || left == before)) || between=1
        rm report.csv
        run -0 aggregate --page-size 1 --retry-failed
        same "$(objects aggregate-parts)" 0
        cmp whole.csv report.csv
    done
    ((between)) || echo "# never killed in the middle" >&3
}

@test "what cannot be removed is told, changes nothing else, and is removed by the next one" {
    api
    locations l3
    run -0 aggregate --keep-parts
    mv report.csv whole.csv
    sqlite3 data/afflux.db "CREATE TRIGGER stay BEFORE DELETE ON object BEGIN SELECT RAISE(ABORT, 'it stays'); END"
    run -0 aggregate
    has "$output" 'parts are still in the data folder'
    cmp whole.csv report.csv
    sqlite3 data/afflux.db "DROP TRIGGER stay"
    run -0 aggregate
    [[ $output != *'parts are still'* ]]
    same "$(objects aggregate-parts)" 0
    cmp whole.csv report.csv
}

@test "an aggregation does not touch what another one in the folder has" {
    api
    locations l3
    run -0 aggregate --keep-parts
    parts=$(objects aggregate-parts)
    locations l4
    run -0 aggregate
    same "$(objects aggregate-parts)" "$parts"
}
