# SPDX-License-Identifier: Apache-2.0
# afflux run: what it prints, how it exits, what it does with time.
# shellcheck disable=SC2016,SC2154

load helper

run_machine() {
    "$AFFLUX" run "$@"
}

# Waits an hour, then asks a task twice.
write_machine() {
    cat >machine.json <<'END'
{
  "StartAt": "Rest",
  "QueryLanguage": "JSONata",
  "States": {
    "Rest": {"Type": "Wait", "Seconds": 3600, "Next": "Ask"},
    "Ask": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": {"who": "{% $states.input.name %}"},
      "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2}],
      "Output": "{% 'Hello, ' & $states.result %}",
      "End": true
    }
  }
}
END
    cat >mocks.json <<'END'
{"Ask": [{"Throw": {"Error": "Busy", "Cause": "later"}}, {"Return": "World", "DelaySeconds": 1}]}
END
}

pass='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'

@test "the output is printed" {
    echo "$pass" >pass.json
    run -0 --separate-stderr run_machine pass.json --input '{"a": 1.0}'
    same "$output" '{"a":1.0}'
    same "$stderr" ''
}

@test "without an input it is an empty object" {
    echo "$pass" >pass.json
    run -0 run_machine pass.json
    same "$output" '{}'
}

@test "definition and input may come from stdin, the input from a file" {
    echo "$pass" >pass.json
    echo '[1]' >input.json
    run -0 run_machine pass.json -i @input.json
    same "$output" '[1]'
    run -0 run_machine - -i @input.json <pass.json
    same "$output" '[1]'
    run -0 run_machine pass.json -i @- <input.json
    same "$output" '[1]'
}

@test "in virtual time nobody waits, and tasks are answered from mocks" {
    write_machine
    run -0 run_machine machine.json -i '{"name": "x"}' --mock mocks.json --virtual-time
    same "$output" '"Hello, World"'
}

@test "the history is printed as AWS shows it, an event a line" {
    write_machine
    run -0 run_machine machine.json -i '{"name": "x"}' -m mocks.json -v --now 2026-01-01 --history
    same "${#lines[@]}" 12
    same "${lines[2]}" '{"timestamp":1767229200.000,"type":"WaitStateExited","id":3,"previousEventId":2,"stateExitedEventDetails":{"name":"Rest","output":"{\"name\":\"x\"}","outputDetails":{"truncated":false}}}'
    has "${lines[6]}" '"type":"TaskFailed"'
    has "${lines[7]}" '{"timestamp":1767229202.000,"type":"TaskScheduled"'
    has "${lines[11]}" '{"timestamp":1767229203.000,"type":"ExecutionSucceeded"'
}

@test "the history of a map run is that of its parent alone" {
    cat >map.json <<'END'
{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
  "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
  "StartAt": "C", "States": {"C": {"Type": "Pass", "End": true}}}}}}
END
    run -0 run_machine map.json -i '[1, 2]' -H
    same "${#lines[@]}" 8
    run -0 run_machine map.json -i '[1, 2]'
    same "$output" '[1,2]'
}

@test "--json says all about the end" {
    echo "$pass" >pass.json
    run -0 run_machine pass.json -v --now 2026-01-01 --name n --json
    same "$output" '{"status":"SUCCEEDED","executionArn":"arn:aws:states:us-east-1:000000000000:execution:machine:n","name":"n","startDate":"2026-01-01T00:00:00.000Z","stopDate":"2026-01-01T00:00:00.000Z","output":{}}'
    run -0 run_machine pass.json --json --history
    has "$output" ',"output":{},"events":[{"timestamp":'
    has "$output" '}]}'
    echo '{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}}' >fail.json
    run -1 --separate-stderr run_machine fail.json --json
    has "$output" '{"status":"FAILED",'
    has "$output" ',"error":"E","cause":"C"}'
}

@test "a failure is said on stderr" {
    echo '{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}}' >fail.json
    run -1 --separate-stderr run_machine fail.json
    same "$output" ''
    same "$stderr" 'afflux run: FAILED in "F": E: C'
    echo '{"StartAt": "F", "States": {"F": {"Type": "Fail"}}}' >fail.json
    run -1 --separate-stderr run_machine fail.json
    same "$stderr" 'afflux run: FAILED in "F": no error given'
    echo '{"StartAt": "W", "TimeoutSeconds": 1, "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}' >slow.json
    run -1 --separate-stderr run_machine slow.json -v
    same "$stderr" 'afflux run: TIMED_OUT in "W": States.Timeout'
}

@test "data cannot steer the terminal through an error" {
    printf '{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "a\\u001b[31mb\\nc"}}}' >fail.json
    run -1 --separate-stderr run_machine fail.json
    same "$stderr" $'afflux run: FAILED in "F": E: a\xef\xbf\xbd[31mb c'
}

@test "a long cause is cut between characters" {
    { printf '{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "x'; printf 'é%.0s' {1..2000}; printf '"}}}'; } >fail.json
    run -1 --separate-stderr run_machine fail.json
    has "$stderr" 'éé…'
    ((${#stderr} < 600))
}

@test "the same seed gives the same result" {
    cat >random.json <<'END'
{"StartAt": "P", "QueryLanguage": "JSONata", "States": {"P": {"Type": "Pass", "End": true,
  "Output": "{% [$random(), $uuid(), $states.context.Execution.Name] %}"}}}
END
    run -0 run_machine random.json --seed 7
    first=$output
    run -0 run_machine random.json --seed 7
    same "$output" "$first"
    run -0 run_machine random.json
    [[ $output != "$first" ]]
}

@test "--trace shows each step on stderr" {
    write_machine
    run -0 --separate-stderr run_machine machine.json -i '{"name": "x"}' -m mocks.json -v --name n --trace
    same "$output" '"Hello, World"'
    has "$stderr" '+0.000 n: start '
    has "$stderr" '    -> start task '
    has "$stderr" '+3602.000 n: continue '
    has "$stderr" '    WAIT_BEGUN '
}

@test "a definition that is wrong is shown as validate shows it" {
    echo '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}}}' >bad.json
    run -1 --separate-stderr run_machine bad.json
    same "$output" ''
    has "$stderr" "bad.json:1:59: error MISSING_TRANSITION_TARGET: Missing 'Next' target: C"
}

@test "input that is not JSON, and files that are not there, are said" {
    echo "$pass" >pass.json
    run -1 run_machine pass.json -i '{"a":'
    has "$output" 'afflux run: the input: line 1, column 6: '
    run -1 run_machine pass.json -i @none.json
    same "$output" 'afflux run: cannot read none.json: No such file or directory'
    run -1 run_machine none.json
    same "$output" 'afflux run: cannot read none.json: No such file or directory'
}

@test "a mock file that is wrong is said with the place" {
    write_machine
    echo '{"Aks": []}' >mocks.json
    run -1 run_machine machine.json -m mocks.json -v
    same "$output" 'afflux run: mocks.json: there is no state "Aks"'
    echo '{"Ask": [{"Retrun": 1}]}' >mocks.json
    run -1 run_machine machine.json -m mocks.json -v
    same "$output" 'afflux run: mocks.json: state "Ask", response 0: unknown member "Retrun"'
}

@test "a task without an answer ends the run" {
    write_machine
    run -1 run_machine machine.json -i '{"name": "x"}' -v
    same "${lines[0]}" 'afflux run: nothing says how to answer state "Ask" (arn:aws:states:::lambda:invoke)'
    has "${lines[1]}" '  hint: answers come from --mock FILE'
}

@test "a test case of AWS's format is chosen by name" {
    write_machine
    cat >aws.json <<'END'
{"StateMachines": {"M": {"TestCases": {"Happy": {"Ask": "Fine"}, "Sad": {"Ask": "Bad"}}}},
 "MockedResponses": {"Fine": {"0": {"Return": "you"}}, "Bad": {"0-9": {"Throw": {"Error": "No", "Cause": "way"}}}}}
END
    run -0 run_machine machine.json -i '{"name": "x"}' -v -m aws.json --test-case M#Happy
    same "$output" '"Hello, you"'
    run -1 run_machine machine.json -i '{"name": "x"}' -v -m aws.json --test-case N#Happy
    same "$output" 'afflux run: aws.json: StateMachines has no "N"'
    run -0 run_machine machine.json -i '{"name": "x"}' -v -m aws.json --test-case Happy
    same "$output" '"Hello, you"'
    run -1 run_machine machine.json -i '{"name": "x"}' -v -m aws.json --test-case Sad
    same "$output" 'afflux run: FAILED in "Ask": No: way'
    run -1 run_machine machine.json -i '{"name": "x"}' -v -m aws.json
    same "$output" 'afflux run: aws.json: TestCases has several; say which'
}

@test "real time is waited for" {
    echo '{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": true}}}' >wait.json
    before=$(date +%s%N)
    run -0 run_machine wait.json
    after=$(date +%s%N)
    ((after - before >= 900000000))
}

@test "an interrupt ends a wait with 130" {
    echo '{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": true}}}' >wait.json
    run -130 --separate-stderr timeout --preserve-status -s INT 1 "$AFFLUX" run wait.json
    same "$stderr" 'afflux run: interrupted; nothing is kept without --data'
}

@test "an interrupt ends an endless loop with 130" {
    echo '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "C"}], "Default": "A"}, "C": {"Type": "Succeed"}}}' >loop.json
    run -130 --separate-stderr timeout --preserve-status -s INT 1 "$AFFLUX" run loop.json -v
    same "$stderr" 'afflux run: interrupted'
}

@test "AWS's limits hold under --strict-aws" {
    cat >grow.json <<'END'
{"StartAt": "P", "QueryLanguage": "JSONata", "States": {"P": {"Type": "Pass", "End": true,
  "Output": "{% $join([1..100000].('abcd')) %}"}}}
END
    run -0 run_machine grow.json
    run -1 --separate-stderr run_machine grow.json --strict-aws
    has "$stderr" 'afflux run: FAILED in "P": States.DataLimitExceeded: '
}

@test "a large integer that is passed on keeps its digits, but under --strict-aws" {
    cat >pass.json <<'END'
{"StartAt": "P", "QueryLanguage": "JSONata", "States": {"P": {"Type": "Pass", "Next": "M", "Output": "{% $merge([$states.input, {'sum': $states.input.id + 1}]) %}"},
  "M": {"Type": "Map", "End": true, "Items": "{% [$states.input.id] %}", "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}"},
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}}}}
END
    run -0 "$AFFLUX" run pass.json -v -i '{"id": 9007199254740993}'
    same "$output" '[{"v":9007199254740993}]'
    run -0 "$AFFLUX" run pass.json -i '{"id": 9007199254740993}'
    same "$output" '[{"v":9007199254740993}]'
    run -0 "$AFFLUX" run pass.json -v -i '{"id": 9007199254740993}' --strict-aws
    same "$output" '[{"v":9007199254740992}]'
}

@test "Express executions are run with --type" {
    cat >id.json <<'END'
{"StartAt": "P", "QueryLanguage": "JSONata", "States": {"P": {"Type": "Pass", "End": true,
  "Output": "{% $states.context.Execution.Id %}"}}}
END
    run -0 run_machine id.json --type EXPRESS --name n
    has "$output" '"arn:aws:states:us-east-1:000000000000:express:id:n:'
}

@test "wrong usage exits with 2" {
    echo "$pass" >pass.json
    run -2 run_machine
    has "$output" 'a definition is missing'
    run -2 run_machine pass.json pass.json
    run -2 run_machine pass.json --type STANDRAD
    has "$output" "--type is STANDARD or EXPRESS, not 'STANDRAD'"
    run -2 run_machine pass.json --seed x
    run -2 run_machine pass.json --now 2026-01-01
    has "$output" '--now needs --virtual-time'
    run -2 run_machine pass.json -v --now yesterday
    run -2 run_machine pass.json --test-case x
    run -2 run_machine pass.json --name ''
    run -2 run_machine pass.json --name a:b
    has "$output" '--name has 1 to 80 characters'
    run -2 run_machine - -i @-
    run -2 run_machine pass.json --none
}

@test "help shows every option and the form of mock files" {
    run -0 run_machine --help
    has "$output" 'usage: afflux run [OPTIONS] DEFINITION'
    has "$output" '--virtual-time'
    has "$output" 'Mock files'
    run -0 "$AFFLUX" help run
}

# hint WANTED ARGUMENTS…: the run fails, and the last line of stderr is this hint.
hint() {
    run ! --separate-stderr "$AFFLUX" run "${@:2}"
    same "${stderr_lines[-1]}" "  hint: $1"
}

@test "a failure says in which state, also of an iteration or a branch" {
    cat >each.json <<'END'
{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {"Type": "Map", "Items": [1, 2, 3], "End": true,
  "ItemProcessor": {"StartAt": "Is", "States": {
    "Is": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Both"}], "Default": "Ok"},
    "Ok": {"Type": "Pass", "End": true},
    "Both": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "E"}}}]}}}}}}
END
    run -1 --separate-stderr run_machine each.json
    same "$stderr" 'afflux run: FAILED in "Each[1]/Both/No": E'
}

@test "where something is known that helps, it is said" {
    echo "$pass" >pass.json
    echo '{}' >input.json
    echo '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"v.$": "$.x"}, "End": true}}}' >path.json
    echo '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true}}}' >task.json
    hint 'input.json is a file: its content is given with --input @input.json' pass.json -i input.json
    hint 'no input was given, so it was {}; give it with --input' path.json
    hint 'answer it with --mock FILE, where FILE has {"A": {"Return": {}}}' task.json
    run -0 run_machine pass.json -d kept -n one
    hint 'the one with this name has another input; choose another --name, or none' pass.json -d kept -n one -i 1
    run -1 --separate-stderr run_machine path.json -i '{}'
    [[ $stderr != *hint* ]]
    run -2 run_machine pass.json input.json
    has "$output" 'An input is given with --input @input.json'
}
