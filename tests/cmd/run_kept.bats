# SPDX-License-Identifier: Apache-2.0
# afflux run --data: executions that survive; and afflux inspect, which looks at them.
# shellcheck disable=SC2016,SC2154

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    cat >wait.asl.json <<'END'
{"QueryLanguage": "JSONata", "StartAt": "First", "States": {
  "First": {"Type": "Pass", "Assign": {"id": "{% $uuid() %}"}, "Next": "Rest"},
  "Rest": {"Type": "Wait", "Seconds": 2, "Next": "Last"},
  "Last": {"Type": "Pass", "Output": {"id": "{% $id %}", "input": "{% $states.input %}"}, "End": true}}}
END
}

@test "the same command line tells the kept result" {
    run -0 "$AFFLUX" run wait.asl.json -i '{"n": 1}' -d kept
    first=$output
    has "$output" '"input":{"n":1}'
    run -0 "$AFFLUX" run wait.asl.json -i '{"n": 1}' -d kept
    same "$output" "$first"
    run -0 "$AFFLUX" run wait.asl.json -i '{"n": 2}' -d kept
    [[ $output != "$first" ]]
}

@test "what was killed goes on where it was" {
    "$AFFLUX" run wait.asl.json -d kept --name once &
    pid=$!
    for _ in {1..100}; do
        [[ $("$AFFLUX" inspect -d kept once --history 2>/dev/null | grep -c WaitStateEntered) == 1 ]] && break
        sleep 0.05
    done
    kill -9 "$pid"
    wait "$pid" || true
    before=$("$AFFLUX" inspect -d kept once --history | head -n 3)
    has "$before" '"type":"PassStateExited"'
    run -0 "$AFFLUX" run wait.asl.json -d kept --name once --history
    has "$output" "$before"
    has "$output" '"type":"ExecutionSucceeded"'
    same "$(grep -c '"name":"First"' <<<"$output")" 2
}

@test "an interrupt ends the command and not the execution" {
    "$AFFLUX" run wait.asl.json -d kept --name once 2>message &
    pid=$!
    for _ in {1..100}; do
        [[ $("$AFFLUX" inspect -d kept 2>/dev/null | grep -c RUNNING) == 1 ]] && break
        sleep 0.05
    done
    kill -INT "$pid"
    code=0
    wait "$pid" || code=$?
    same "$code" 130
    has "$(<message)" 'the same command goes on where it was'
    run -0 "$AFFLUX" run wait.asl.json -d kept --name once
    has "$output" '"id":'
}

@test "a name that is taken by another input is refused" {
    run -0 "$AFFLUX" run wait.asl.json -i '{"n": 1}' -d kept --name once
    run -1 "$AFFLUX" run wait.asl.json -i '{"n": 2}' -d kept --name once
    has "$output" 'Execution Already Exists'
}

@test "a second process is told who has the folder" {
    "$AFFLUX" run wait.asl.json -d kept &
    pid=$!
    for _ in {1..100}; do
        [[ -s kept/lock ]] && break
        sleep 0.05
    done
    run -1 "$AFFLUX" run wait.asl.json -i '{"n": 2}' -d kept
    has "$output" "$pid"
    wait "$pid"
}

@test "inspect lists, shows the inside, and says what is not there" {
    run -0 "$AFFLUX" run wait.asl.json -i '{"n": 1}' -d kept --name once
    run -0 "$AFFLUX" inspect -d kept
    has "$output" 'SUCCEEDED'
    has "$output" 'wait  once'
    run -0 "$AFFLUX" inspect -d kept --json
    has "$output" '"machine":"wait","name":"once","status":"SUCCEEDED"'
    run -0 "$AFFLUX" inspect -d kept once
    has "$output" 'events=8'
    run -0 "$AFFLUX" inspect -d kept once --records
    has "$output" 'WAIT_BEGUN'
    run -1 "$AFFLUX" inspect -d kept nobody
    has "$output" "no execution has the id or name 'nobody'"
    run -1 "$AFFLUX" inspect -d nowhere
    run -2 "$AFFLUX" inspect --history -d kept
}

@test "each step can be seen" {
    run -0 --separate-stderr "$AFFLUX" run wait.asl.json -d kept --name once --trace
    has "$stderr" 'once: start at='
    has "$stderr" 'WAIT_BEGUN frame=1 state="Rest"'
    has "$stderr" 'EXECUTION_SUCCEEDED'
}

@test "--data goes by the clock" {
    run -2 "$AFFLUX" run wait.asl.json -d kept --virtual-time
    run -2 "$AFFLUX" run wait.asl.json -d kept --type EXPRESS
}

@test "a map run that fails shows the failure of a child" {
    cat >map.json <<'END'
{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {"Type": "Map", "Items": [5, 6, 7], "End": true,
  "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Is", "States": {
    "Is": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input = 6 %}", "Next": "No"}], "Default": "Rest"},
    "No": {"Type": "Fail", "Error": "Six", "Cause": "six it is"},
    "Rest": {"Type": "Wait", "Seconds": 30, "End": true}}}}}}
END
    run -1 --separate-stderr "$AFFLUX" run map.json -d kept
    has "${stderr_lines[0]}" 'afflux run: FAILED in "Each": States.ExceedToleratedFailureThreshold: '
    same "${stderr_lines[1]}" 'afflux run: the child of item 1 FAILED: Six: six it is'
}
