# SPDX-License-Identifier: Apache-2.0
# Step Functions of afflux serve through the stock aws command: what it shows of executions, pages, versions and
# aliases, stops and redrives, and what it says to those who err.
# shellcheck disable=SC2016,SC2154

load helper
load server

cases=$BATS_TEST_DIRNAME/../cases/sample
states=arn:aws:states:us-east-1:000000000000
role=arn:aws:iam::000000000000:role/r
pass='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
waits='{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3000, "End": true}}}'
fails='{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
    "B": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": true,
          "Parameters": {"TableName": "later", "Key": {"k": {"S": "1"}}}}}}'

sfn() { aws stepfunctions "$@"; }

# needs OPERATION: of the aws command here; Debian 12's is older than some.
needs() {
    run sfn "$1"
    [[ ${output,,} != *'invalid choice'* ]] || skip "this aws is too old to know $1"
}

# machine NAME DEFINITION OPTION…: a state machine.
machine() {
    of stateMachineArn stepfunctions create-state-machine --name "$1" --definition "$2" --role-arn "$role" "${@:3}"
}

# begin MACHINE NAME OPTION…: an execution.
begin() {
    of executionArn stepfunctions start-execution --state-machine-arn "$states:stateMachine:$1" --name "$2" "${@:3}"
}

# Events as the aws command shows them, or as `afflux run` prints them, less what differs between two runs: times,
# ARNs of map runs, what a table service that is not mocked adds to its answers, and what an old aws does not know.
plain_events() {
    python3 -c '
import json, sys
text = sys.stdin.read()
events = json.loads(text)["events"] if text.startswith("{\n") else [json.loads(line) for line in text.splitlines()]
for e in events:
    del e["timestamp"]
    e.pop("mapRunStartedEventDetails", None)
    e.get("executionStartedEventDetails", {}).pop("roleArn", None)
    e.get("taskSucceededEventDetails", {}).pop("output", None)
    for name in ("assignedVariables", "assignedVariablesDetails"):
        e.get("stateExitedEventDetails", {}).pop(name, None)
    if e["type"] == "TaskFailed":
        e["taskFailedEventDetails"].pop("cause")
    print(json.dumps(e, sort_keys=True))'
}

@test "the history of each type of state is the one that the machine alone makes" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    serve
    with_aws
    aws dynamodb create-table --table-name things --attribute-definitions AttributeName=k,AttributeType=S \
        --key-schema AttributeName=k,KeyType=HASH --billing-mode PAY_PER_REQUEST >/dev/null
    machine types "file://$cases/types.asl.json"
    echo '{"Task": {"Return": {"SdkHttpMetadata": {"HttpStatusCode": 200}}},
        "Caught": {"Throw": {"Error": "DynamoDb.ResourceNotFoundException", "Cause": "none"}}}' >mocks
    local n status
    for n in 2 0; do
        execution=$(begin types "n$n" --input '{"n": '$n'}')
        status=$(until_ended "$execution")
        sfn get-execution-history --execution-arn "$execution" --output json | plain_events >served
        "$AFFLUX" run --history --virtual-time --mock mocks -i '{"n": '$n'}' "$cases/types.asl.json" |
            plain_events >alone || true
        diff alone served
        [[ $n$status == 2SUCCEEDED || $n$status == 0FAILED ]]
    done
    same "$(of '[error, cause]' stepfunctions describe-execution --execution-arn "$execution")" 'Too.Small n is 0'
    same "$(of 'events[].[id, type]' stepfunctions get-execution-history --execution-arn "$execution" \
        --reverse-order --max-results 2)" '7 ExecutionFailed
6 FailStateEntered'
    run -0 sfn get-execution-history --execution-arn "$execution" --no-include-execution-data
    ! [[ $output == *'"input": '* || $output == *'"output": '* ]]
}

@test "executions are listed newest first, by status and in pages" {
    serve
    with_aws
    machine pass "$pass"
    machine waits "$waits"
    local i
    for i in 1 2 3; do begin pass "e$i"; begin waits "e$i"; done
    until_ended "$states:execution:pass:e3"
    sfn stop-execution --execution-arn "$states:execution:waits:e2" --error Enough --cause 'I am tired'
    local list=(stepfunctions list-executions --state-machine-arn)
    same "$(of 'executions[].name' "${list[@]}" "$states:stateMachine:pass")" 'e3 e2 e1'
    same "$(of 'executions[].name' "${list[@]}" "$states:stateMachine:waits" --status-filter RUNNING)" 'e3 e1'
    same "$(of 'executions[].[name, status]' "${list[@]}" "$states:stateMachine:waits" --status-filter ABORTED)" \
        'e2 ABORTED'
    same "$(of 'executions[].name' "${list[@]}" "$states:stateMachine:pass" --page-size 1 | xargs)" 'e3 e2 e1'
    run -0 sfn list-executions --state-machine-arn "$states:stateMachine:pass" --max-results 2
    local token
    token=$(sed -n 's/.*"nextToken": "\(.*\)".*/\1/p' <<<"$output")
    [[ -n $token ]]
    same "$(of 'executions[].name' "${list[@]}" "$states:stateMachine:pass" --max-results 2 --next-token "$token")" e1
    wrong InvalidToken stepfunctions list-executions --state-machine-arn "$states:stateMachine:pass" --next-token x
    same "$(of '[status, error, cause]' stepfunctions describe-execution \
        --execution-arn "$states:execution:waits:e2")" 'ABORTED Enough I am tired'
}

@test "an execution that failed is redriven, once the reason is gone" {
    serve
    with_aws
    needs redrive-execution
    machine fails "$fails"
    execution=$(begin fails e)
    same "$(until_ended "$execution")" FAILED
    same "$(of '[error, redriveStatus]' stepfunctions describe-execution --execution-arn "$execution")" \
        'DynamoDB.ResourceNotFoundException REDRIVABLE'
    aws dynamodb create-table --table-name later --attribute-definitions AttributeName=k,AttributeType=S \
        --key-schema AttributeName=k,KeyType=HASH --billing-mode PAY_PER_REQUEST >/dev/null
    sfn redrive-execution --execution-arn "$execution"
    same "$(until_ended "$execution")" SUCCEEDED
    same "$(of '[redriveCount, redriveStatus]' stepfunctions describe-execution --execution-arn "$execution")" \
        '1 NOT_REDRIVABLE'
    same "$(of 'executions[].name' stepfunctions list-executions --state-machine-arn "$states:stateMachine:fails" \
        --redrive-filter REDRIVEN)" e
    same "$(of 'events[].type' stepfunctions get-execution-history --execution-arn "$execution" | xargs)" \
        "ExecutionStarted PassStateEntered PassStateExited TaskStateEntered TaskScheduled TaskStarted TaskFailed \
ExecutionFailed ExecutionRedriven TaskScheduled TaskStarted TaskSucceeded TaskStateExited ExecutionSucceeded"
    wrong ExecutionNotRedrivable stepfunctions redrive-execution --execution-arn "$execution"
    has "$output" 'Execution is SUCCEEDED and cannot be redriven'
}

@test "versions and aliases" {
    serve
    with_aws
    needs publish-state-machine-version
    machine m "$pass"
    local arn=$states:stateMachine:m
    same "$(of stateMachineVersionArn stepfunctions publish-state-machine-version --state-machine-arn "$arn" \
        --description first)" "$arn:1"
    sfn update-state-machine --state-machine-arn "$arn" --definition "${pass/true/true, \"Comment\": \"new\"}"
    same "$(of stateMachineVersionArn stepfunctions publish-state-machine-version --state-machine-arn "$arn")" "$arn:2"
    same "$(of 'stateMachineVersions[].stateMachineVersionArn' stepfunctions list-state-machine-versions \
        --state-machine-arn "$arn")" "$arn:2 $arn:1"
    same "$(of stateMachineAliasArn stepfunctions create-state-machine-alias --name live \
        --routing-configuration "stateMachineVersionArn=$arn:1,weight=100")" "$arn:live"
    begin m:live a
    same "$(of '[stateMachineAliasArn, stateMachineVersionArn]' stepfunctions describe-execution \
        --execution-arn "$states:execution:m:a")" "$arn:live $arn:1"
    sfn update-state-machine-alias --state-machine-alias-arn "$arn:live" \
        --routing-configuration "stateMachineVersionArn=$arn:2,weight=100"
    begin m:live b
    same "$(of 'executions[].name' stepfunctions list-executions --state-machine-arn "$arn:live")" 'b a'
    same "$(of 'executions[].name' stepfunctions list-executions --state-machine-arn "$arn:2")" b
    wrong ConflictException stepfunctions delete-state-machine-version --state-machine-version-arn "$arn:2"
    has "$output" 'Version to be deleted must not be referenced by an alias. Current list of aliases referencing this'
    sfn delete-state-machine-version --state-machine-version-arn "$arn:1"
    sfn delete-state-machine-alias --state-machine-alias-arn "$arn:live"
    same "$(of 'length(stateMachineAliases)' stepfunctions list-state-machine-aliases --state-machine-arn "$arn")" 0
    same "$(of 'stateMachineVersions[].stateMachineVersionArn' stepfunctions list-state-machine-versions \
        --state-machine-arn "$arn")" "$arn:2"
}

@test "an activity is done by a worker behind the aws command" {
    serve
    with_aws
    local arn
    arn=$(of activityArn stepfunctions create-activity --name work)
    same "$arn" "$states:activity:work"
    machine m '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "'"$arn"'", "End": true}}}'
    of '[taskToken, input]' stepfunctions get-activity-task --activity-arn "$arn" --worker-name bats >task &
    sleep 1
    begin m e --input '{"n":1}'
    wait $!
    same "$(cut -d ' ' -f 2 task)" '{"n":1}'
    sfn send-task-heartbeat --task-token "$(cut -d ' ' -f 1 task)"
    sfn send-task-success --task-token "$(cut -d ' ' -f 1 task)" --task-output '{"n":2}'
    same "$(until_ended "$states:execution:m:e")" SUCCEEDED
    same "$(of output stepfunctions describe-execution --execution-arn "$states:execution:m:e")" '{"n":2}'
    same "$(of 'events[].type' stepfunctions get-execution-history --execution-arn "$states:execution:m:e" | xargs)" \
        "ExecutionStarted TaskStateEntered ActivityScheduled ActivityStarted ActivitySucceeded TaskStateExited \
ExecutionSucceeded"
    wrong TaskTimedOut stepfunctions send-task-success --task-token "$(cut -d ' ' -f 1 task)" --task-output '{}'
    wrong InvalidToken stepfunctions send-task-success --task-token x --task-output '{}'
}

@test "a task is not lost to workers who have left" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    serve --loops 3
    with_aws
    local name
    for name in a b c d; do # their queues are on several loops
        machine "$name" '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "'"$(
            of activityArn stepfunctions create-activity --name "$name")"'", "End": true}}}'
        run -0 python3 "$BATS_TEST_DIRNAME/leavers.py" "$address" "$states:activity:$name" "$states:stateMachine:$name" 8
    done
}

@test "common mistakes are answered in AWS's words" {
    serve
    with_aws
    machine m "$pass"
    local arn=$states:stateMachine:m none=$states:stateMachine:none
    begin m e --input '{"n":1}'
    wrong StateMachineAlreadyExists stepfunctions create-state-machine --name m --definition "$waits" --role-arn "$role"
    has "$output" "State Machine Already Exists: '$arn'"
    wrong StateMachineDoesNotExist stepfunctions start-execution --state-machine-arn "$none"
    has "$output" "State Machine Does Not Exist: '$none'"
    wrong ExecutionAlreadyExists stepfunctions start-execution --state-machine-arn "$arn" --name e --input '{"n":2}'
    has "$output" "Execution Already Exists: '$states:execution:m:e'"
    wrong ExecutionDoesNotExist stepfunctions describe-execution --execution-arn "$states:execution:m:x"
    has "$output" "Execution Does Not Exist: '$states:execution:m:x'"
    wrong InvalidArn stepfunctions describe-execution --execution-arn m
    has "$output" "Invalid Arn: 'Invalid ARN prefix: m'"
    wrong InvalidName stepfunctions start-execution --state-machine-arn "$arn" --name 'a b'
    has "$output" "Invalid Name: 'a b'"
    wrong InvalidExecutionInput stepfunctions start-execution --state-machine-arn "$arn" --input not
    has "$output" "Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting"
    wrong InvalidDefinition stepfunctions create-state-machine --name bad --role-arn "$role" \
        --definition "${pass/\"A\",/\"B\",}"
    has "$output" "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /StartAt'"
    wrong MissingRequiredParameter stepfunctions update-state-machine --state-machine-arn "$arn"
    machine fast "$pass" --type EXPRESS
    wrong StateMachineTypeNotSupported stepfunctions list-executions \
        --state-machine-arn "$states:stateMachine:fast"
    aws stepfunctions delete-state-machine --state-machine-arn "$none"
}

@test "an Express execution is waited for, and a state tried out" {
    serve
    with_aws
    [[ $(type -t aws) != function ]] || skip "this aws asks for sync-127.0.0.1, whatever it is told"
    machine fast "$pass" --type EXPRESS
    same "$(of '[status, output]' stepfunctions start-sync-execution --input '{"n":1}' \
        --state-machine-arn "$states:stateMachine:fast")" 'SUCCEEDED {"n":1}'
    same "$(of '[status, output, nextState]' stepfunctions test-state --role-arn "$role" --input '{"n":1}' \
        --definition '{"Type": "Pass", "Result": 2, "ResultPath": "$.m", "Next": "B"}')" 'SUCCEEDED {"n":1,"m":2} B'
    same "$(of result stepfunctions validate-state-machine-definition --definition "$pass")" OK
}
