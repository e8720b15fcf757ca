# SPDX-License-Identifier: Apache-2.0
# afflux run on a terminal: what is seen while it runs, and what stays. terminal.py is the terminal.
# shellcheck disable=SC2016,SC2154

load helper

on_screen() {
    run -0 python3 "$BATS_TEST_DIRNAME/terminal.py" "$@"
    output=$(sed 's/[0-9.]* s$/N s/; s/[0-9.]* s  /N s  /; s/[0-9:]*Z, [0-9.]* s left/T left/' <<<"$output")
}

# All that is seen from the line with this title to the next title.
part() {
    sed -n "/^== $1/,/^== [^$1]/p" <<<"$output" | grep '^|'
}

write_machines() {
    cat >iterations.json <<'END'
{"QueryLanguage": "JSONata", "StartAt": "First", "States": {
  "First": {"Type": "Pass", "Next": "Each"},
  "Each": {"Type": "Map", "Items": "{% [1..20] %}", "MaxConcurrency": 7, "End": true,
    "Output": "{% $count($states.result) %}", "ItemProcessor": {"StartAt": "Rest", "States": {
      "Rest": {"Type": "Wait", "Seconds": "{% $states.input = 1 ? 2 : 0 %}", "Next": "Fetch"},
      "Fetch": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 30, "MaxAttempts": 2}]}}}}}}
END
    echo '{"Fetch": {"0": {"Throw": {"Error": "Busy"}}, "1-99": {"Return": 1, "DelaySeconds": 9}}}' >mocks.json
    cat >both.json <<'END'
{"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "End": true, "ResultSelector": {"ok": 1}, "Branches": [
  {"StartAt": "Left", "States": {"Left": {"Type": "Wait", "Seconds": 2, "End": true}}},
  {"StartAt": "A name that is longer than a narrow window is wide", "States": {
    "A name that is longer than a narrow window is wide": {"Type": "Wait", "Seconds": 3, "End": true}}}]}}}
END
    cat >ask.json <<'END'
{"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
  "TimeoutSeconds": 2, "End": true}}}
END
    echo '{"Ask": {"Submit": {}}}' >silent.json
}

@test "each state that is active has a line, with its time and what it waits for" {
    write_machines
    on_screen --size 100x24 --at 1.2 look -- "$AFFLUX" run both.json
    same "$(part look)" '|both: running for N s
|  Both                                        N s  0 of 2 branches done
|    Left                                      N s  until T left
|    A name that is longer than a narrow win…  N s  until T left
|'
    on_screen --at 1 look -- "$AFFLUX" run ask.json --mock silent.json
    has "$(part look)" '|  Ask  N s  waits for its task token, '
}

@test "iterations are counted, and the first of them shown" {
    write_machines
    on_screen --at 1.5 look --at 1.6 key '\x03' -- "$AFFLUX" run iterations.json --mock mocks.json
    screen=$(part look)
    has "$screen" '|  Each         N s  0 of 20 done, 7 running'
    has "$screen" '|    [0] Rest   N s  until T left'
    has "$screen" '|    [1] Fetch  N s  failed, attempt 2 in '
    has "$screen" '|    [2] Fetch  N s  lambda:invoke'
    has "$screen" '|    … and 2 more'
    same "$(wc -l <<<"$screen")" 9
}

@test "a map run shows its children" {
    cat >run.json <<'END'
{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {"Type": "Map", "Items": "{% [1..30] %}",
  "MaxConcurrency": 10, "ToleratedFailurePercentage": 50, "End": true, "ItemProcessor": {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Is", "States": {
      "Is": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input < 3 %}", "Next": "No"}], "Default": "Rest"},
      "No": {"Type": "Fail", "Error": "No"},
      "Rest": {"Type": "Wait", "Seconds": "{% $states.input < 10 ? 0 : 60 %}", "End": true}}}}}}
END
    on_screen --at 1.5 look --at 1.6 key '\x03' -- "$AFFLUX" run run.json --data kept
    has "$(part look)" '|  Each  N s  map run: 30 children, 10 running, 7 succeeded, 2 failed'
    on_screen --at 1.5 look --at 1.6 key '\x03' -- "$AFFLUX" run run.json # in the simulated world
    has "$(part look)" '|  Each  N s  map run: 30 children, 10 running, 7 succeeded, 2 failed'
}

@test "in the end a line for each state stays, and the output" {
    write_machines
    on_screen -- "$AFFLUX" run both.json
    same "$(part end)" '|✓ Both  N s
|{"ok":1}
|'
    on_screen -- "$AFFLUX" run ask.json --mock silent.json
    has "$(part end)" '|✗ Ask  N s
|afflux run: FAILED'
    run -0 --separate-stderr python3 "$BATS_TEST_DIRNAME/terminal.py" -- sh -c "'$AFFLUX' run both.json >out"
    same "$(<out)" '{"ok":1}'
}

@test "it is drawn at most ten times a second, and lines never break" {
    write_machines
    on_screen --size 30x10 -- "$AFFLUX" run both.json
    has "$output" ' 0 broken lines'
    drawings=$(sed -n 's/.* \([0-9]*\) drawings.*/\1/p' <<<"$output")
    ((drawings >= 10 && drawings <= 32))
}

@test "a window may be narrow, low, or change" {
    write_machines
    on_screen --size 200x50 --at 0.8 look --at 0.9 resize 40x3 --at 1.2 look --at 1.3 resize 20x3 --at 1.6 look \
        --at 1.7 resize 70x20 --at 1.9 look -- "$AFFLUX" run both.json
    has "$output" ' 0 broken lines'
    same "$(grep -c 'both: running' <<<"$output")" 3
    has "$output" $'\n|  …\n|\n== look'
    has "$output" $'== look\n|\n== look'
    same "$(part end)" '|✓ Both  N s
|{"ok":1}
|'
}

@test "what is over soon, and what is to be quiet, shows nothing" {
    write_machines
    echo '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}' >pass.json
    on_screen -- "$AFFLUX" run pass.json
    same "$(part end)" $'|{}\n|'
    on_screen --at 1 look -- "$AFFLUX" run both.json --quiet
    has "$output" ' 0 drawings'
    same "$(part end)" $'|{"ok":1}\n|'
    on_screen -- env TERM=dumb "$AFFLUX" run both.json
    has "$output" ' 0 drawings'
}

@test "NO_COLOR takes the colors and nothing else" {
    write_machines
    on_screen --at 0.8 look -- "$AFFLUX" run both.json
    [[ $output != *' 0 colors'* ]]
    on_screen --at 0.8 look -- env NO_COLOR=1 "$AFFLUX" run both.json
    has "$output" ' 0 colors'
    has "$output" 'both: running for'
}

@test "Ctrl-C takes the view away and says how to go on" {
    write_machines
    on_screen --at 1 key '\x03' -- "$AFFLUX" run both.json --data kept --name one
    has "$output" '== end, exit 130,'
    same "$(part end)" '|afflux run: interrupted; the same command goes on where it was
|'
    on_screen -- "$AFFLUX" run both.json --data kept --name one
    has "$output" '== end, exit 0,'
    on_screen --at 1 key '\x03' -- "$AFFLUX" run both.json
    same "$(part end)" '|afflux run: interrupted; nothing is kept without --data
|'
}

@test "a result that is only told again is said to be that" {
    echo '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "End": true}}}' >pass.json
    on_screen -- "$AFFLUX" run pass.json -d kept -n one
    same "$(part end)" $'|1\n|'
    sed -i 's/"Result": 1/"Result": 2/' pass.json
    on_screen --size 120x24 -- "$AFFLUX" run pass.json -d kept -n one
    [[ $(part end) =~ 'afflux run: this ended at '[0-9TZ:.-]+' and is only told again; another --name runs it anew' ]]
    has "$(part end)" '|1'
    run -0 --separate-stderr "$AFFLUX" run pass.json -d kept -n one
    same "$output$stderr" 1
}

@test "without a terminal there is a line now and then" {
    echo '{"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 11, "End": true}}}' >rest.json
    run -0 --separate-stderr "$AFFLUX" run rest.json
    same "$output" '{}'
    [[ $stderr =~ ^'afflux run: running for 10 s; Rest: until '[0-9:]{8}'Z, '[0-9.]*' s left'$ ]]
    run -0 --separate-stderr "$AFFLUX" run rest.json -q
    same "$stderr" ''
}

@test "a name cannot steer the terminal" {
    printf '%s' '{"StartAt": "a\u001b[2Jb", "States": {"a\u001b[2Jb": {"Type": "Wait", "Seconds": 1, "End": true}}}' >bad.json
    on_screen --at 0.7 look -- "$AFFLUX" run bad.json
    has "$(part look)" $'|  a\xef\xbf\xbd[2Jb  N s  until T left'
}
