# SPDX-License-Identifier: Apache-2.0
# afflux eval: options, inputs, output, exit codes. Errors and --stream have files of their own.
# shellcheck disable=SC2016,SC2154

load helper

eval_() {
    "$AFFLUX" eval "$@"
}

@test "a path is evaluated over a file" {
    echo '{"a":{"b":[1,2]}}' >in.json
    run -0 eval_ -c 'a.b' in.json
    same "$output" '[1,2]'
}

@test "without a file stdin is the input" {
    run -0 eval_ 'a + 1' <<<'{"a": 41}'
    same "$output" 42
}

@test "- is stdin too" {
    echo '{"a": 1}' >in.json
    run -0 eval_ a in.json - <<<'{"a": 2}'
    same "$output" $'1\n2'
}

@test "the default output is indented by two spaces" {
    run -0 eval_ '$' <<<'{"a":[1,{}],"b":"x"}'
    same "$output" $'{\n  "a": [\n    1,\n    {}\n  ],\n  "b": "x"\n}'
}

@test "-c puts each result on one line" {
    run -0 eval_ -c '$' <<<'{"a": [1, {}], "b": "x"}'
    same "$output" '{"a":[1,{}],"b":"x"}'
}

@test "-r prints strings without quotes and other values as JSON" {
    run -0 eval_ -r '$' <<<'"a\"b\nc" {"x":"y"} 7'
    same "$output" $'a"b\nc\n{\n  "x": "y"\n}\n7'
}

@test "-r replaces half surrogate pairs and joins whole ones" {
    run -0 eval_ -r '$' <<<'"a\ud800b" "\ud83d\ude00"'
    same "$output" $'a\xef\xbf\xbdb\n😀'
}

@test "-j prints strings without quotes and without line breaks" {
    "$AFFLUX" eval -j '$' <<<'"a" "b" 1' >out
    printf 'ab1' | cmp - out
}

@test "-l prints the items of an array one by one" {
    run -0 eval_ -rl 'a.b' <<<'{"a":[{"b":"x"},{"b":"y"}]} {"a":{"b":"z"}}'
    same "$output" $'x\ny\nz'
}

@test "short options can be combined" {
    run -0 eval_ -rc '[$, "x"]' <<<'1'
    same "$output" '[1,"x"]'
}

@test "options may follow operands" {
    run -0 eval_ '$' -c <<<'[1, 2]'
    same "$output" '[1,2]'
}

@test "-- ends the options" {
    run -0 eval_ -- -a <<<'{"a": 3}'
    same "$output" -3
}

@test "--opt=value and --opt value are the same" {
    echo 'a & "!"' >x.jsonata
    echo '{"a":"b"}' >in.json
    run -0 eval_ --from-file=x.jsonata in.json
    same "$output" '"b!"'
    run -0 eval_ --from-file x.jsonata in.json
    same "$output" '"b!"'
    run -0 eval_ -fx.jsonata in.json
    same "$output" '"b!"'
}

@test "-f takes the expression from a file, stdin is still the input" {
    printf '(\n  $x := a;\n  $x * 2\n)\n' >x.jsonata
    run -0 eval_ -f x.jsonata <<<'{"a": 4}'
    same "$output" 8
}

@test "-f - takes the expression from stdin" {
    echo '{"a": 5}' >in.json
    run -0 eval_ -f - in.json <<<'a + 1'
    same "$output" 6
    run -2 eval_ -f - <<<'a + 1'
}

@test "-n evaluates once without reading stdin" {
    run -0 eval_ -n '$exists($) ? "some" : "none"' <<<'[1] this is not JSON'
    same "$output" '"none"'
}

@test "an undefined result prints nothing and is no failure" {
    run -0 eval_ 'nothing' <<<'{"a": 1}'
    same "$output" ''
}

@test "a function as result prints nothing" {
    run -0 eval_ -n '$sum'
    same "$output" ''
    run -0 eval_ -n 'function($x){$x}'
    same "$output" ''
}

@test "documents that follow each other are evaluated in turn" {
    run -0 eval_ -c '$' <<<'{"a":1}{"a":2} [3]
"four"5
null true'
    same "$output" $'{"a":1}\n{"a":2}\n[3]\n"four"\n5\nnull\ntrue'
}

@test "strings with brackets and escaped quotes do not end a document" {
    run -0 eval_ -c '$' <<<'{"a":"}]\"{\\"}["\\\\","[\"",{"x":"\""}]'
    same "$output" $'{"a":"}]\\"{\\\\"}\n["\\\\\\\\","[\\"",{"x":"\\""}]'
}

@test "documents may be longer than any buffer" {
    { printf '["'; head -c 3000000 /dev/zero | tr '\0' 'x'; printf '"]\n{"a":"'
      head -c 3000000 /dev/zero | tr '\0' 'y'; printf '"} 7'; } >in.json
    run -0 eval_ '$type($) & $length($string($))' in.json
    same "$output" $'"array3000004"\n"object3000008"\n"number1"'
}

@test "a byte order mark at the start of a file is skipped" {
    printf '\xef\xbb\xbf{"a": 1}' >in.json
    run -0 eval_ a in.json
    same "$output" 1
}

@test "empty stdin gives no result and no failure" {
    run -0 eval_ '1 + 1' </dev/null
    same "$output" ''
    run -0 eval_ '1 + 1' <<<$' \n\t '
    same "$output" ''
}

@test "-s puts all documents of all files into one array" {
    printf '1 2\n' >a.json
    printf '{"x": 3}' >b.json
    run -0 eval_ -cs '$' a.json b.json
    same "$output" '[1,2,{"x":3}]'
    run -0 eval_ -s '$count($)' </dev/null
    same "$output" 0
}

@test "-s evaluates nothing when some input is bad" {
    run -1 --separate-stderr eval_ -s '$sum($)' <<<'1 2 x'
    same "$output" ''
    has "$stderr" 'stdin:1:5: '
}

@test "numbers are printed as the doubles they are" {
    run -0 eval_ -c '$' <<<'[1.0, 1e3, 12345678901234567890, 0.1, -0]'
    same "$output" '[1,1000,12345678901234567000,0.1,0]'
}

@test "a number that is not finite fails with D1001" {
    run -1 --separate-stderr eval_ -n '1e308 * 10'
    same "$output" ''
    has "$stderr" 'afflux eval: D1001: '
    run -1 --separate-stderr eval_ -cn '{"a": 1, "b": -1e308 * 10}'
    same "$output" ''
    has "$stderr" 'D1001'
}

@test "--arg binds a text" {
    run -0 eval_ -n --arg who 'World "1"' '"Hello " & $who'
    same "$output" '"Hello World \"1\""'
    run -0 eval_ -n --arg n 5 '$type($n)'
    same "$output" '"string"'
}

@test "--argjson binds a value, a leading dollar sign is allowed" {
    run -0 eval_ -n --argjson '$n' '{"a": [1, 2]}' '$sum($n.a)'
    same "$output" 3
}

@test "--bind binds each member, and the last binding of a name wins" {
    run -0 eval_ -cn --arg a x --bind '{"a": 1, "b": 2}' --argjson b 3 '[$a, $b]'
    same "$output" '[1,3]'
}

@test "--bind takes many members" {
    run -0 eval_ -n --bind "{$(seq -s, 2000 | sed 's/[0-9]*/"v&":&/g')}" '$v1 + $v1024 + $v2000'
    same "$output" 3025
}

@test "values for variables that are not JSON are wrong usage" {
    run -2 eval_ -n --argjson a '{' 1
    has "$output" '--argjson'
    run -2 eval_ -n --bind '[1]' 1
    has "$output" 'needs a JSON object'
    run -2 eval_ -n --arg a
    has "$output" 'option --arg needs NAME TEXT'
}

@test "-e tells false, null and nothing apart from the rest" {
    run -0 eval_ -e a <<<'{"a": 0}'
    run -1 eval_ -e a <<<'{"a": false}'
    same "$output" false
    run -1 eval_ -e a <<<'{"a": null}'
    run -4 eval_ -e a <<<'{"b": 1}'
    run -4 eval_ -e a </dev/null
    run -0 eval_ -e a <<<'{"a": false} {"a": true}'
    run -1 eval_ -e a <<<'{"a": true} {"a": null} {}'
    run -0 eval_ a <<<'{"a": false}'
}

@test "--step-functions brings the functions of AWS and takes \$eval away" {
    run -0 eval_ -cn --step-functions '$partition([1..5], 2)'
    same "$output" '[[1,2],[3,4],[5]]'
    run -1 eval_ -n '$partition([1..5], 2)'
    run -1 eval_ -n --step-functions '$eval("1")'
    run -0 eval_ -n '$eval("1")'
    same "$output" 1
}

@test "--strict-aws refuses the operators that came after JSONata 2.0.6" {
    run -0 eval_ -n --step-functions 'nothing ?? 2'
    same "$output" 2
    run -1 eval_ -n --strict-aws 'nothing ?? 2'
    run -0 eval_ -cn --strict-aws '$range(1, 3, 1)'
    same "$output" '[1,2,3]'
}

@test "--now fixes the time" {
    run -0 eval_ -rn --now 2026-10-01T12:00:00Z '$now()'
    same "$output" 2026-10-01T12:00:00.000Z
    run -0 eval_ -n --now=1000 '$millis()'
    same "$output" 1000
    run -0 eval_ -n --now=-1000 '$now()'
    same "$output" '"1969-12-31T23:59:59.000Z"'
    run -2 eval_ -n --now yesterday 1
    has "$output" "not 'yesterday'"
}

@test "without --now it is now" {
    before=$(date +%s)000
    run -0 eval_ -n '$millis()'
    [[ $output -ge $before && $output -le $(($(date +%s) + 1))000 ]]
}

@test "--seed makes chance repeatable, and documents differ" {
    run -0 eval_ --seed 7 '$random()' <<<'1 2'
    first=$output
    [[ ${lines[0]} != "${lines[1]}" ]]
    run -0 eval_ --seed=7 '$random()' <<<'1 2'
    same "$output" "$first"
    run -0 eval_ --seed 8 '$random()' <<<'1 2'
    [[ $output != "$first" ]]
    [[ $(eval_ -n '$random()') != $(eval_ -n '$random()') ]]
}

@test "--max-steps ends a loop that does not end" {
    run -1 eval_ -n --max-steps 10000 '($f := function(){$f()}; $f())'
    has "$output" 'D1012: '
}

@test "--max-depth ends a recursion" {
    run -1 eval_ -n --max-depth 50 '($f := function($n){1 + $f($n)}; $f(1))'
    has "$output" 'D1011: '
}

@test "recursion without a limit ends with D1011, not with a crash" {
    run -1 eval_ -n '($f := function($n){1 + $f($n)}; $f(1))'
    has "$output" 'D1011: '
    run -1 eval_ -n --max-depth 4000000000 '($f := function($n){1 + $f($n)}; $f(1))'
    [[ $output == *D1011* || $output == *U1002* ]]
}

@test "--max-bytes bounds memory" {
    run -1 eval_ -n --max-bytes 1M '$join([1..1000000].$string($))'
    has "$output" 'U1002: '
}

@test "limits must be numbers" {
    run -2 eval_ -n --max-steps none 1
    has "$output" "not 'none'"
    run -2 eval_ -n --max-depth 0 1
    run -2 eval_ -n --max-bytes 5X 1
    run -2 eval_ -n --max-steps 99999999999999999999999 1
    run -2 eval_ -n --seed -1 1
}

@test "--ast prints the tree" {
    run -0 eval_ --ast 'a.b + 2'
    has "$output" 'binary +'
    has "$output" 'name "b"'
    run -1 eval_ --ast 'a +'
    has "$output" S0207
}

@test "--tokens prints the tokens" {
    run -0 eval_ --tokens 'a + "é"'
    same "${#lines[@]}" 3
    has "${lines[1]}" '+'
    has "${lines[2]}" '"é"'
    run -1 eval_ --tokens '"open'
    has "$output" S0101
}

@test "--trace reports nodes on stderr and leaves stdout alone" {
    run -0 --separate-stderr eval_ --trace 'a * 2' <<<'{"a": 4}'
    same "$output" 8
    has "$stderr" 'a => 4'
    has "$stderr" 'a * 2 => 8'
}

@test "--trace cuts long results" {
    run -0 --separate-stderr eval_ -c --trace '[1..1000].$string($)[0]' <<<'1'
    has "$stderr" '…'
    while IFS= read -r line; do [[ ${#line} -lt 250 ]]; done <<<"$stderr"
}

@test "deep input is refused, not too deep input is not" {
    deep() { printf '[%.0s' $(seq "$1"); printf ']%.0s' $(seq "$1"); }
    deep 1000 >ok.json
    run -0 eval_ -c '$' ok.json
    same "$output" "$(<ok.json)"
    deep 1001 >deep.json
    run -1 eval_ '$' deep.json
    same "$output" 'deep.json:1:1001: nested deeper than 1000 levels'
    head -c 2000000 /dev/zero | tr '\0' '[' >open.json
    run -1 eval_ '$' open.json
    same "$output" 'open.json:1:1001: nested deeper than 1000 levels'
}

@test "a result nested too deep is an error" {
    run -1 eval_ -cn '($f := function($n, $v){$n = 0 ? $v : $f($n - 1, {"a": $v})}; $f(2000, 1))'
    has "$output" 'U1005'
}

@test "--max-text bounds a document" {
    run -1 eval_ --max-text 10 '$' <<<$'[1]\n[1,2,3,4,5,6]'
    has "$output" 'stdin:2:1: the document is longer than 10 bytes'
    run -0 eval_ -c --max-text 13 '$' <<<'[1,2,3,4,5,6]'
}

# ---- colours ----

@test "output is coloured on a terminal" {
    on_terminal "$AFFLUX eval -cn '[1]'"
    has "$output" $'\e['
}

@test "NO_COLOR and -M take colours away" {
    NO_COLOR=1 on_terminal "$AFFLUX eval -cn '[1]'"
    same "$output" '[1]'
    on_terminal "$AFFLUX eval -Mcn '[1]'"
    same "$output" '[1]'
    TERM=dumb on_terminal "$AFFLUX eval -cn '[1]'"
    same "$output" '[1]'
}

@test "-C colours a file, otherwise a file has no colours" {
    run -0 eval_ -cCn '[1]'
    has "$output" $'\e['
    NO_COLOR=1 run -0 eval_ -cCn '[1]'
    has "$output" $'\e['
    run -0 eval_ -cn '[1]'
    same "$output" '[1]'
}

# ---- the world goes wrong ----

@test "a missing file is reported, the others are evaluated" {
    echo 1 >a.json
    run -1 --separate-stderr eval_ '$' none.json a.json
    same "$output" 1
    same "$stderr" 'afflux eval: cannot open none.json: No such file or directory'
}

@test "a folder is no file" {
    mkdir d
    run -1 eval_ '$' d
    same "$output" 'afflux eval: cannot read d: Is a directory'
    run -1 eval_ -n -f d
    has "$output" 'Is a directory'
}

@test "a full disk is reported" {
    run -1 bash -c '"$AFFLUX" eval -n 1 >/dev/full'
    same "$output" 'afflux eval: cannot write the output: No space left on device'
    run -1 bash -c '"$AFFLUX" eval --help >/dev/full'
    run -1 bash -c '"$AFFLUX" --version >/dev/full'
    run -1 bash -c '"$AFFLUX" eval --tokens a >/dev/full'
    run -1 bash -c '"$AFFLUX" eval --stream <<<"{\"expr\":\"1\"}" >/dev/full'
}

@test "a closed stdout is reported" {
    run -1 bash -c '"$AFFLUX" eval -n 1 >&-'
    has "$output" 'Bad file descriptor'
}

@test "a reader that goes away ends the program quietly" {
    run bash -c 'yes 1 | "$AFFLUX" eval "$" | head -n 1; exit ${PIPESTATUS[1]}'
    same "$status" 141
    same "$output" 1
}

@test "a reader that goes away is noticed where SIGPIPE is ignored" {
    run bash -c 'trap "" PIPE; yes 1 2>/dev/null | "$AFFLUX" eval "$" | head -n 1; exit ${PIPESTATUS[1]}'
    same "$status" 141
    same "$output" 1
}

@test "results come out before more input is waited for" {
    coproc P { "$AFFLUX" eval -c '$'; }
    echo '{"a":1}' >&"${P[1]}"
    read -r -t 20 line <&"${P[0]}"
    same "$line" '{"a":1}'
    kill "$P_PID"
}

# ---- usage ----

@test "wrong usage exits with 2 and points at --help" {
    run -2 eval_
    has "$output" 'an expression is missing'
    has "$output" "Try 'afflux eval --help'."
    run -2 eval_ --rawoutput a
    has "$output" 'did you mean --raw-output?'
    run -2 eval_ -x a
    has "$output" 'unknown option -x'
    run -2 eval_ --raw-output=yes a
    has "$output" 'takes no value'
    run -2 eval_ -n 1 in.json
    has "$output" '-n reads no input'
    run -2 eval_ -f
    has "$output" 'option -f needs FILE'
}

@test "--help shows usage and examples on stdout" {
    run -0 --separate-stderr eval_ --help
    has "$output" 'usage: afflux eval [OPTIONS] EXPR [FILE…]'
    has "$output" '--argjson NAME JSON'
    has "$output" 'Examples'
    same "$stderr" ''
    help=$output
    run -0 "$AFFLUX" help eval
    same "$output" "$help"
    run -0 eval_ 'a' -h
    same "$output" "$help"
}

@test "no line of the help is wider than a terminal" {
    run -0 eval_ --help
    for line in "${lines[@]}"; do [[ ${#line} -le 104 ]]; done
}
