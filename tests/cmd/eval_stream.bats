# SPDX-License-Identifier: Apache-2.0
# afflux eval --stream: one answer for each line.
# shellcheck disable=SC2016,SC2154

load helper

# ask LINE…: the lines as questions.
ask() {
    printf '%s\n' "$@" | "$AFFLUX" eval --stream "${options[@]}"
}

options=()

@test "a question is answered with its result" {
    run -0 ask '{"expr": "a + $b", "data": {"a": 1}, "bind": {"b": 2}}'
    same "$output" '{"result":3}'
}

@test "an undefined result and a function have no result member" {
    run -0 ask '{"expr": "nothing", "data": {}}' '{"expr": "$sum"}' '{"expr": "null"}'
    same "$output" $'{}\n{}\n{"result":null}'
}

@test "missing data is undefined, null is not" {
    run -0 ask '{"expr": "$exists($)"}' '{"expr": "$exists($)", "data": null}'
    same "$output" $'{"result":false}\n{"result":true}'
}

@test "answers come in the order of the questions" {
    seq 1 5000 | sed 's/.*/{"expr":"a*2","data":{"a":&}}/' | "$AFFLUX" eval --stream >out
    seq 2 2 10000 | sed 's/.*/{"result":&}/' | cmp - out
}

@test "an error has code, message, position, token and value" {
    run -0 ask '{"expr": "a - 1", "data": {"a": "x"}}'
    same "$output" '{"error":"T2001","message":"The left side of the \"-\" operator must evaluate to a number","position":3,"token":"-","value":"\"x\""}'
}

@test "the position counts UTF-16 units" {
    run -0 ask '{"expr": "\"😀\" - 1"}'
    has "$output" '"position":6,'
}

@test "a syntax error is an answer too" {
    run -0 ask '{"expr": "1 +"}' '{"expr": "1"}'
    has "${lines[0]}" '"error":"S0207"'
    same "${lines[1]}" '{"result":1}'
}

@test "a line that is not JSON gets JsonSyntax, and it goes on" {
    run -0 ask 'nonsense' '' '{"expr": "1"} 2' '{"expr": "2"}'
    has "${lines[0]}" '{"error":"JsonSyntax","message":"'
    has "${lines[1]}" '"error":"JsonSyntax"'
    has "${lines[2]}" '"error":"JsonSyntax"'
    same "${lines[3]}" '{"result":2}'
}

@test "a line that is no question gets Usage" {
    run -0 ask '{}' '[]' '{"expr": 1}' '{"expr": "1", "bind": []}' '{"expr": "1", "flags": ["x"]}' \
        '{"expr": "1", "steps": 0}' '{"expr": "1", "depth": "a"}' '{"expr": "1", "dta": 1}' '7'
    same "${#lines[@]}" 9
    for line in "${lines[@]}"; do has "$line" '{"error":"Usage","message":"'; done
}

@test "steps and depth limit one question only" {
    run -0 ask '{"expr": "($f := function(){$f()}; $f())", "steps": 1000}' \
        '{"expr": "($f := function($n){$n = 0 ? 0 : 1 + $f($n - 1)}; $f(90))", "depth": 60}' \
        '{"expr": "($f := function($n){$n = 0 ? 0 : 1 + $f($n - 1)}; $f(90))"}'
    has "${lines[0]}" '"error":"D1012"'
    has "${lines[1]}" '"error":"D1011"'
    same "${lines[2]}" '{"result":90}'
}

@test "a question cannot ask for more than the command line allows" {
    options=(--max-steps 1000)
    run -0 ask '{"expr": "($f := function(){$f()}; $f())", "steps": 100000000}'
    has "$output" '1000 steps'
}

@test "flags choose the dialect of one question" {
    run -0 ask '{"expr": "$partition([1,2,3],2)", "flags": ["step-functions"]}' \
        '{"expr": "$partition([1,2,3],2)"}' '{"expr": "a ?? 1", "flags": ["strict-aws"]}' '{"expr": "a ?? 1"}'
    same "${lines[0]}" '{"result":[[1,2],[3]]}'
    has "${lines[1]}" '"error":"T1006"'
    has "${lines[2]}" '"error":"S'
    same "${lines[3]}" '{"result":1}'
}

@test "variables of the command line are there, those of the question win" {
    options=(--arg a x --arg b y)
    run -0 ask '{"expr": "$a & $b", "bind": {"b": "z"}}' '{"expr": "$a & $b"}'
    same "$output" $'{"result":"xz"}\n{"result":"xy"}'
}

@test "time and seed can be fixed" {
    options=(--now 5 --seed 1)
    run -0 ask '{"expr": "$millis()"}' '{"expr": "$random()"}' '{"expr": "$random()"}'
    same "${lines[0]}" '{"result":5}'
    [[ ${lines[1]} != "${lines[2]}" ]]
    first=$output
    run -0 ask '{"expr": "$millis()"}' '{"expr": "$random()"}' '{"expr": "$random()"}'
    same "$output" "$first"
}

@test "many expressions take turns in the cache" {
    for i in $(seq 300); do echo "{\"expr\":\"a + $((i % 100))\",\"data\":{\"a\":$i}}"; done >in
    for i in $(seq 300); do echo "{\"result\":$((i + i % 100))}"; done >wanted
    "$AFFLUX" eval --stream <in >out
    cmp wanted out
}

@test "a last line without line break is answered" {
    run -0 bash -c 'printf "{\"expr\":\"1\"}\n{\"expr\":\"2\"}" | "$AFFLUX" eval --stream'
    same "$output" $'{"result":1}\n{"result":2}'
}

@test "an empty input has no answers" {
    run -0 "$AFFLUX" eval --stream </dev/null
    same "$output" ''
}

@test "a line that is too long is refused, and it goes on behind it" {
    options=(--max-text 100)
    long=$(head -c 200000 /dev/zero | tr '\0' 'x')
    run -0 ask '{"expr": "1"}' "\"$long\"" '{"expr": "2"}' "\"${long:0:150}\"" '{"expr": "3"}' "$long"
    same "${#lines[@]}" 6
    same "${lines[0]}" '{"result":1}'
    has "${lines[1]}" '{"error":"JsonTooLarge","message":"the line is longer than 100 bytes"}'
    same "${lines[2]}" '{"result":2}'
    has "${lines[3]}" '"error":"JsonTooLarge"'
    same "${lines[4]}" '{"result":3}'
    has "${lines[5]}" '"error":"JsonTooLarge"'
}

@test "a result that has no JSON is an error" {
    run -0 ask '{"expr": "1e308 * 10"}' '{"expr": "{\"a\": 1e308 * 10}"}' '{"expr": "1"}'
    has "${lines[0]}" '"error":"D1001"'
    has "${lines[1]}" '"error":"D1001"'
    same "${lines[2]}" '{"result":1}'
}

@test "half surrogate pairs go out as escapes" {
    run -0 ask '{"expr": "$substring(s, 0, 1) & \"\"", "data": {"s": "\ud800"}}'
    same "$output" '{"result":"\ud800"}'
}

@test "a peer that waits for each answer gets it" {
    coproc P { "$AFFLUX" eval --stream; }
    for i in 1 2 3; do
        echo "{\"expr\":\"$i\"}" >&"${P[1]}"
        read -r -t 20 line <&"${P[0]}"
        same "$line" "{\"result\":$i}"
    done
    kill "$P_PID"
}

@test "options that make no sense with --stream are wrong usage" {
    for option in -r -c -s -n -l -e -C --trace; do
        run -2 "$AFFLUX" eval --stream $option </dev/null
        has "$output" '--stream'
    done
    run -2 "$AFFLUX" eval --stream 'a' </dev/null
}
