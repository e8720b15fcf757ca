#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# afflux consolidate: parts to one CSV, what it says, what it leaves behind.

load helper

make_parts() {
    mkdir -p parts/a
    echo '[{"id":1,"name":"x, \"y\""},{"id":2,"name":null}]' >parts/a/one.json
    printf '{"id":3,"tags":["p","q"]}\n{"id":4,"name":"l\\nm"}\n' >parts/two.jsonl
    echo '"[{\"id\":5,\"name\":\"\\u00e9\"}]"' >parts/z.json
    echo 'no part' >parts/readme.txt
}

# Only these are in the folder: no temporary file was left.
only() {
    same "$(ls -A -I 'separate-stderr-*')" "$(printf '%s\n' "$@")"
}

@test "parts of a folder become one CSV, in the order of their paths" {
    make_parts
    run -0 "$AFFLUX" consolidate parts -o out.csv
    [[ $output =~ ^'out.csv: 5 rows and 3 columns from 3 parts (' ]]
    same "$(cat out.csv)" '"id","name","tags"
"1","x, ""y""",""
"2","",""
"3","","[""p"",""q""]"
"4","l
m",""
"5","é",""'
    only out.csv parts
}

@test "the dialect is chosen" {
    make_parts
    run -0 "$AFFLUX" consolidate parts -o out.csv --quote minimal --delimiter ';' --crlf --bom -c name,id
    same "$(cat out.csv)" $'\xef\xbb\xbfname;id\r
"x, ""y""";1\r
;2\r
;3\r
"l
m";4\r
é;5\r'
    run -0 "$AFFLUX" consolidate parts/z.json -o out.csv --quote minimal --delimiter tab
    same "$(cat out.csv)" $'id\tname\n5\té'
}

@test "columns that were given are the columns, others are left out" {
    make_parts
    run -0 "$AFFLUX" consolidate parts -o out.csv --columns 'none,"x,y",id'
    same "$(head -2 out.csv)" $'"none","x,y","id"\n"","","1"'
    has "$output" '5 values of columns not asked for left out'
}

@test "no rows give a header" {
    mkdir parts
    run -0 "$AFFLUX" consolidate parts -o out.csv -c a,b
    same "$(cat out.csv)" '"a","b"'
    echo '[]' >parts/x.json
    run -0 "$AFFLUX" consolidate parts -o out.csv
    same "$(od -c out.csv | head -1)" '0000000  \n'
}

@test "a bad part fails with its place, and the old file stays" {
    make_parts
    echo old >out.csv
    printf '[{"id":1},\n{"id" 2}]' >parts/bad.json
    run -1 --separate-stderr "$AFFLUX" consolidate parts -o out.csv
    same "$stderr" "afflux consolidate: parts/bad.json:2:7: expected ':' after a member name"
    same "$output" ''
    same "$(cat out.csv)" old
    only out.csv parts
}

@test "bad parts are left out when asked for, and named" {
    make_parts
    echo '[{"bad":1},' >parts/bad.json
    run -0 --separate-stderr "$AFFLUX" consolidate parts -o out.csv --skip-bad
    same "$stderr" 'parts/bad.json:2:1: unexpected end of the text'
    has "$output" '5 rows and 3 columns from 4 parts, 1 of them bad and left out'
    same "$(head -1 out.csv)" '"id","name","tags"'
}

@test "the result and the ledger can be JSON" {
    make_parts
    echo '{' >parts/bad.json
    run -0 --separate-stderr "$AFFLUX" consolidate parts -o out.csv --skip-bad --json --ledger ledger
    same "$stderr" ''
    printf '%s' "$output" >result
    same "$("$AFFLUX" eval -r 'parts & " " & bad & " " & rows & " " & columns & " " & bad_parts.part' result)" \
        '4 1 5 3 parts/bad.json'
    same "$("$AFFLUX" eval bytes_written result)" "$(stat -c %s out.csv)"
    same "$(cut -d, -f1,2 ledger)" '{"part":"parts/a/one.json","rows":2
{"part":"parts/bad.json","rows":0
{"part":"parts/two.jsonl","rows":2
{"part":"parts/z.json","rows":1'
    has "$(cat ledger)" '"line":2,"column":1,"error":"unexpected end of the text"'
}

@test "what is wrong with the files is said" {
    make_parts
    run -1 "$AFFLUX" consolidate nowhere -o out.csv
    same "$output" 'afflux consolidate: nowhere: cannot read it: No such file or directory'
    run -1 "$AFFLUX" consolidate parts -o parts
    same "$output" 'afflux consolidate: parts: is there, and is no file'
    run -1 "$AFFLUX" consolidate parts parts/z.json -o out.csv
    same "$output" 'afflux consolidate: parts/z.json lies in parts/, which is given too'
    run -1 "$AFFLUX" consolidate parts -o none/out.csv
    has "$output" 'No such file or directory'
    only parts
}

@test "wrong usage says what is right" {
    local args
    for args in '' 'x.json' '-o out.csv' 'x -o y --quote some' 'x -o y --delimiter a' 'x -o y --delimiter ,,' \
        'x -o y --threads 0' 'x -o y --threads 65' 'x -o y --columns a,a' 'x -o y --ledger y' 'x -o y --no' 'x -o'; do
        # shellcheck disable=SC2086
        run -2 "$AFFLUX" consolidate $args
        has "$output" "Try 'afflux consolidate --help'."
    done
    run -2 "$AFFLUX" consolidate x -o y --delimiter a
    has "$output" "option --delimiter: 'a' is not one character"
}

@test "help has examples" {
    run -0 "$AFFLUX" consolidate --help
    has "$output" 'usage: afflux consolidate'
    has "$output" 'Examples'
    run -0 "$AFFLUX" help
    has "$output" 'consolidate  JSON parts to one CSV'
}

@test "three thousand parts give the same file with any number of threads" {
    mkdir parts
    local i
    for ((i = 0; i < 3000; i++)); do
        echo "[{\"n\":$i,\"k$((i % 7 + i / 500))\":\"$i\"},{\"n\":$i}]" >"parts/$((i * 7919 % 3001)).json"
    done
    run -0 "$AFFLUX" consolidate parts -o one.csv --threads 1
    has "$output" '6000 rows and 13 columns from 3000 parts'
    for i in 2 3 8; do
        run -0 "$AFFLUX" consolidate parts -o many.csv --threads $i
        cmp one.csv many.csv
    done
    same "$(sed 1d one.csv | cut -d, -f1 | tr -d '"' | sort -n | uniq -c | awk '{ n += $1 == 2 } END { print n }')" 3000
}

@test "an interrupt leaves nothing behind" {
    mkdir parts
    local i pid code=0
    yes '{"a":"0123456789","b":"0123456789","c":"0123456789"}' | head -n 200000 >parts/0.jsonl
    for ((i = 1; i < 100; i++)); do ln parts/0.jsonl "parts/$i.jsonl"; done
    for signal in INT TERM; do
        # a job in the background ignores INT, which env gives back
        env --default-signal=INT "$AFFLUX" consolidate parts -o out.csv --ledger ledger 2>said &
        pid=$!
        sleep 0.3
        kill -$signal $pid
        code=0
        wait $pid || code=$?
        same "$code" 130
        same "$(cat said)" 'afflux consolidate: interrupted; out.csv was not written'
        only parts said
    done
}

@test "a killed process leaves nothing behind" {
    mkdir parts
    local i pid
    yes '{"a":"0123456789","b":"0123456789","c":"0123456789"}' | head -n 200000 >parts/0.jsonl
    for ((i = 1; i < 100; i++)); do ln parts/0.jsonl "parts/$i.jsonl"; done
    "$AFFLUX" consolidate parts -o out.csv 2>/dev/null &
    pid=$!
    sleep 0.3
    kill -KILL $pid
    wait $pid || true
    only parts
}

@test "a terminal shows how far it is" {
    mkdir parts
    local i
    yes '{"a":"0123456789","b":"0123456789","c":"0123456789"}' | head -n 200000 >parts/0.jsonl
    for ((i = 1; i < 40; i++)); do ln parts/0.jsonl "parts/$i.jsonl"; done
    on_terminal "'$AFFLUX' consolidate parts -o out.csv"
    has "$output" ' of 40 parts, '
    has "$output" 'out.csv: 8000000 rows and 3 columns from 40 parts'
}
