# SPDX-License-Identifier: Apache-2.0
# What afflux eval says when an expression or its input is wrong, and where it points.
# shellcheck disable=SC2016,SC2154

load helper

eval_() {
    "$AFFLUX" eval "$@"
}

@test "a failing expression exits with 1, its code, and a mark under the place" {
    run -1 --separate-stderr eval_ -n '"a" + 1'
    same "$output" ''
    same "$stderr" 'afflux eval: T2001: The left side of the "+" operator must evaluate to a number
    1 | "a" + 1
            ^'
}

@test "a syntax error is shown the same way" {
    run -1 eval_ -n 'a [ }'
    has "${lines[0]}" 'afflux eval: S0211: '
    same "${lines[1]}" '    1 | a [ }'
    same "${lines[2]}" '            ^'
}

@test "the whole token is marked" {
    run -1 eval_ -n '[1] ~> $nothing'
    has "${lines[0]}" 'T2006'
    run -1 eval_ -n '1 in 2 and "unfinished'
    has "${lines[0]}" 'S0101'
    run -1 eval_ -n 'true <= 2'
    has "${lines[0]}" 'T2010'
    same "${lines[2]}" '             ^^'
}

@test "an expression that ends too early is marked behind its end" {
    run -1 eval_ -n '1 +'
    has "${lines[0]}" 'S0207'
    same "${lines[1]}" '    1 | 1 +'
    same "${lines[2]}" '           ^'
}

@test "of several lines the right one is shown with its number" {
    run -1 eval_ -n $'(\n  $x := 1;\n  $x + "b";\n  2\n)'
    has "${lines[0]}" 'T2002'
    same "${lines[1]}" '    3 |   $x + "b";'
    same "${lines[2]}" '             ^'
}

@test "line breaks at the end of an expression file are not where it ends" {
    printf '1 +\n\n' >x.jsonata
    run -1 eval_ -n -f x.jsonata
    same "${lines[1]}" '  in x.jsonata:1:4'
    same "${lines[2]}" '    1 | 1 +'
    same "${lines[3]}" '           ^'
}

@test "an expression file is named with line and column" {
    printf '(\r\n  "é" & x;\r\n  "é" - x\r\n)\r\n' >x.jsonata
    run -1 eval_ -f x.jsonata <<<'{"x": 1}'
    same "${lines[1]}" '  in x.jsonata:3:7'
    same "${lines[2]}" '    3 |   "é" - x'
    same "${lines[3]}" '              ^'
}

@test "tabs are widened, so that the mark stands right" {
    run -1 eval_ -n $'\t"a"\t- 1'
    same "${lines[1]}" '    1 |     "a" - 1'
    same "${lines[2]}" '                ^'
}

@test "wide and combining characters are counted as they are shown" {
    run -1 eval_ -n '"漢字" - 1'
    same "${lines[1]}" '    1 | "漢字" - 1'
    same "${lines[2]}" '               ^'
    run -1 eval_ -n $'"e\u0301😀" - 1'
    same "${lines[2]}" '              ^'
}

@test "of a very long line the part around the place is shown" {
    pad=$(printf 'x & %.0s' $(seq 100))
    run -1 eval_ -n "$pad(1 - true) & $pad y"
    has "${lines[1]}" '(1 - true)'
    has "${lines[1]}" '| …'
    [[ ${#lines[1]} -lt 120 && ${lines[1]} == *… ]]
    marks=${lines[2]%%^*}
    same "${lines[1]:${#marks}:1}" '-'
}

@test "control characters of an expression never reach the terminal" {
    run -1 eval_ -n $'"\e[31m" - 1'
    has "${lines[0]}" 'T2001'
    [[ $output != *$'\e'* ]]
}

@test "nor do those of a message" {
    run -1 eval_ '$error(a)' <<<'{"a": "x\n\u001b[31my"}'
    has "${lines[0]}" 'D3137: x '
    [[ $output != *$'\e'* ]]
}

@test "an expression that is not UTF-8 is refused" {
    run -1 eval_ -n $'"\xff"'
    has "$output" 'not valid UTF-8'
    printf 'a\n & "\xc3"' >x.jsonata
    run -1 eval_ -n -f x.jsonata
    has "$output" 'not valid UTF-8 at byte 7'
}

@test "an empty expression is an error" {
    run -1 eval_ -n ''
    has "${lines[0]}" 'S0207'
}

@test "an expression file beyond a megabyte is refused" {
    { head -c 1100000 /dev/zero | tr '\0' ' '; echo 1; } >x.jsonata
    run -1 eval_ -n -f x.jsonata
    has "$output" 'File too large'
}

@test "a missing expression file is reported" {
    run -1 eval_ -n -f none.jsonata
    same "$output" 'afflux eval: cannot read the expression from none.jsonata: No such file or directory'
}

@test "an error in one document does not stop the next ones" {
    run -1 --separate-stderr eval_ 'a + 1' <<<$'{"a": 1}\n{"a": "x"}\n{"a": 3}'
    same "$output" $'2\n4'
    has "$stderr" 'T2001'
    has "$stderr" 'with the input at stdin:2'
}

@test "results and errors keep their order" {
    run -1 bash -c '"$AFFLUX" eval "a + 1" 2>&1 <<<"{\"a\":1} {\"a\":\"x\"} {\"a\":3}"'
    same "${lines[0]}" 2
    has "${lines[1]}" T2001
    same "${lines[-1]}" 4
}

@test "bad JSON is reported with file, line and column" {
    printf '{"a": 1}\n{"b":\n  tru}\n' >in.json
    run -1 --separate-stderr eval_ -c '$' in.json
    same "$output" '{"a":1}'
    has "$stderr" 'in.json:3:3: expected a value'
}

@test "columns go on behind a document on the same line" {
    run -1 --separate-stderr eval_ -c '$' <<<'{"é": 1} "ü" {"b" 2}'
    same "$output" $'{"é":1}\n"ü"'
    has "$stderr" "stdin:1:19: expected ':'"
}

@test "unfinished JSON is an error at its end" {
    run -1 eval_ '$' <<<'[1, 2'
    same "$output" 'stdin:2:1: unexpected end of the text'
    run -1 eval_ '$' <<<'{"a": "b'
    has "$output" 'stdin:'
    run -1 eval_ '$' <<<'tru'
    has "$output" 'stdin:1:1: '
}

@test "brackets that do not match are errors" {
    run -1 --separate-stderr eval_ -c '$' <<<'[1]]'
    same "$output" '[1]'
    has "$stderr" 'stdin:1:4: expected a value here'
    run -1 eval_ '$' <<<'[1}'
    has "$output" 'stdin:1:3: '
    run -1 --separate-stderr eval_ '$' <<<'1,2'
    has "$stderr" 'stdin:1:2: '
}

@test "input that is not UTF-8 is an error at its place" {
    printf '{"a": "x"}\n{"a": "\xff"}' >in.json
    run -1 --separate-stderr eval_ a in.json
    same "$output" '"x"'
    has "$stderr" 'in.json:2:8: invalid UTF-8'
}

@test "NUL bytes are an error, not the end" {
    printf '1 \0 2' >in.json
    run -1 eval_ '$' in.json
    has "$output" 'in.json:1:3: '
}

@test "after bad JSON the next file is read" {
    echo '{' >a.json
    echo '2' >b.json
    run -1 --separate-stderr eval_ '$' a.json b.json
    same "$output" 2
    has "$stderr" 'a.json:2:1: '
}

@test "errors are coloured on a terminal only, and not with NO_COLOR" {
    on_terminal "$AFFLUX eval -n '1 - true'"
    has "$output" $'\e[1;31mT2002'
    has "$output" $'\e[1;31m^'
    NO_COLOR=1 on_terminal "$AFFLUX eval -n '1 - true'"
    has "$output" T2002
    [[ $output != *$'\e'* ]]
    run -1 eval_ -n '1 - true'
    [[ $output != *$'\e'* ]]
}
