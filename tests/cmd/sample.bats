# SPDX-License-Identifier: Apache-2.0
# The README of the AWS sample "Distributed Data Stream Aggregator", from its first command to its last, with every
# aws command that is installed; and what becomes of it when the server is killed in the middle. The workflows in
# tests/cases/sample have the shape of the sample's, the API is rows_api.py.
# shellcheck disable=SC2016,SC2154

load helper
load server

cases=$BATS_TEST_DIRNAME/../cases/sample
role=arn:aws:iam::000000000000:role/StepFunctionsExecutionRole
states=arn:aws:states:us-east-1:000000000000

# api SECONDS: somebody's API on a free port, with pages that take so long; sets $api.
api() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    : >port
    python3 "$BATS_TEST_DIRNAME/rows_api.py" calls "$1" >port 3>&- &
    pids+=($!)
    wait_for_line port
    api=http://127.0.0.1:$(<port)
}

# Step 3 of the README: tables.
create_tables() {
    aws dynamodb create-table \
        --table-name locations \
        --attribute-definitions \
            AttributeName=task_id,AttributeType=S \
        --key-schema \
            AttributeName=task_id,KeyType=HASH \
        --billing-mode PAY_PER_REQUEST
    aws dynamodb create-table \
        --table-name processing-tasks \
        --attribute-definitions \
            AttributeName=task_id,AttributeType=S \
            AttributeName=created_at,AttributeType=S \
        --key-schema \
            AttributeName=task_id,KeyType=HASH \
            AttributeName=created_at,KeyType=RANGE \
        --billing-mode PAY_PER_REQUEST
}

# Steps 4 to 6: buckets, the job, the connection.
create_surroundings() {
    aws s3 mb s3://your-data-processing-bucket
    aws s3 mb s3://your-output-bucket
    aws glue create-job \
        --name data-aggregation-job \
        --role arn:aws:iam::000000000000:role/GlueServiceRole \
        --command "Name=glueetl,ScriptLocation=${script:-builtin:consolidate}"
    aws events create-connection \
        --name api-connection \
        --authorization-type API_KEY \
        --auth-parameters "ApiKeyAuthParameters={ApiKeyName=Authorization,ApiKeyValue=Bearer YOUR_TOKEN}"
}

# Step 7: names in the files. They lie in statemachine/ then, under the names that the README says.
fill_in() {
    local connection file
    connection=$(of ConnectionArn events describe-connection --name api-connection)
    mkdir -p statemachine
    for file in aggregator:statemachine extraction:data-extraction-child processing:data-processing-child; do
        sed -e "s|@API@|$api|; s|@CONNECTION@|$connection|; s|@JOB@|data-aggregation-job|" \
            -e 's|@SOURCE@|your-data-processing-bucket|; s|@DESTINATION@|your-output-bucket|' \
            -e "s|@TASKS@|processing-tasks|; s|@EXTRACTION@|$states:stateMachine:DataExtractionChild|" \
            -e "s|@PROCESSING@|$states:stateMachine:DataProcessingChildExpress|" \
            "$cases/${file%:*}.asl.json" >"statemachine/${file#*:}.asl.json"
    done
}

# Step 8: the machines, first the one that names the others.
create_machines() {
    aws stepfunctions create-state-machine \
        --name DistributedDataStreamAggregator \
        --definition file://statemachine/statemachine.asl.json \
        --role-arn "$role"
    aws stepfunctions create-state-machine \
        --name DataExtractionChild \
        --definition file://statemachine/data-extraction-child.asl.json \
        --role-arn "$role"
    aws stepfunctions create-state-machine \
        --name DataProcessingChildExpress \
        --definition file://statemachine/data-processing-child.asl.json \
        --role-arn "$role" \
        --type EXPRESS
}

# location TASK ID: a row of the table of locations.
location() {
    aws dynamodb put-item \
        --table-name locations \
        --item '{"task_id": {"S": "'"$1"'"}, "location_id": {"S": "'"$2"'"}, "api_url": {"S": "https://api.example.com"}}'
}

# start TASK: the execution of the README; sets $execution.
start() {
    execution=$(of executionArn stepfunctions start-execution \
        --state-machine-arn "$states:stateMachine:DistributedDataStreamAggregator" \
        --name "test-execution-$1" \
        --input '{"task_id": "'"$1"'", "task_sort_key": "2024-12-15T14:30:00.000Z"}')
}

# counts_of CSV LOCATION…: all rows of these locations are there, each once, and nothing else.
counts_of() {
    local csv=$1 code
    shift
    python3 - "$csv" "$@" <<'END'
import csv, sys
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.reader(file))
assert rows[0] == ["discount_code", "error_message", "status"], rows[0]
wanted = {f"{location}/{kind}/{i:03}" for location in sys.argv[2:]
          for kind, n in (("failed", 95), ("rejected", 40)) for i in range(n)}
assert len(rows) == len(wanted) + 1, len(rows)
assert {row[0] for row in rows[1:]} == wanted
for code, message, status in rows[1:]:
    location, kind, i = code.split("/")
    assert status == kind.upper()
    assert message == (f"a quoted text, with commas,\nin {int(i)} lines" if int(i) % 2 else ""), message
END
}

# What the README has to show after the execution: the file, and the row of the task.
see_results() {
    local task=$1 file
    shift
    file=$(of output stepfunctions describe-execution --execution-arn "$execution")
    [[ $file =~ ^\{\"file\":\"(accumulate-[0-9]{13}-file\.csv)\"\}$ ]]
    file=${BASH_REMATCH[1]}
    has "$(aws s3 ls s3://your-output-bucket)" " $file"
    aws s3 cp --quiet "s3://your-output-bucket/$file" all.csv
    counts_of all.csv "$@"
    run -0 of 'Item.[csv_file.S, status.S]' dynamodb get-item --table-name processing-tasks \
        --key '{"task_id": {"S": "'"$task"'"}, "created_at": {"S": "2024-12-15T14:30:00.000Z"}}'
    same "$output" "s3://your-output-bucket/$file SUCCEEDED"
}

# The history of the parent, and the children of its map run.
see_history() {
    local types run
    types=$(of 'events[].type' stepfunctions get-execution-history --execution-arn "$execution" | xargs)
    same "$types" "ExecutionStarted PassStateEntered PassStateExited \
TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited \
MapStateEntered MapStateStarted MapRunStarted MapRunSucceeded MapStateSucceeded MapStateExited \
TaskStateEntered TaskScheduled TaskStarted TaskSubmitted TaskSucceeded TaskStateExited \
TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited ExecutionSucceeded"
    run=$(of 'mapRuns[0].mapRunArn' stepfunctions list-map-runs --execution-arn "$execution")
    same "$(of '[status, itemCounts.succeeded, itemCounts.total]' stepfunctions describe-map-run \
        --map-run-arn "$run" | xargs)" "SUCCEEDED $1 $1"
    same "$(of 'executions[].status' stepfunctions list-executions --map-run-arn "$run" | xargs -n 1 | sort | uniq -c |
        xargs)" "$1 SUCCEEDED"
}

# The clean-up of the README.
clean_up() {
    aws stepfunctions delete-state-machine --state-machine-arn "$states:stateMachine:DistributedDataStreamAggregator"
    aws stepfunctions delete-state-machine --state-machine-arn "$states:stateMachine:DataExtractionChild"
    aws stepfunctions delete-state-machine --state-machine-arn "$states:stateMachine:DataProcessingChildExpress"
    aws dynamodb delete-table --table-name locations
    aws dynamodb delete-table --table-name processing-tasks
    aws s3 rb s3://your-data-processing-bucket --force
    aws s3 rb s3://your-output-bucket --force
    aws glue delete-job --job-name data-aggregation-job
    aws events delete-connection --name api-connection
}

see_nothing() {
    same "$(of 'length(stateMachines)' stepfunctions list-state-machines)" 0
    same "$(of 'length(TableNames)' dynamodb list-tables)" 0
    same "$(of 'length(Jobs)' glue get-jobs)" 0
    same "$(of 'length(Connections)' events list-connections)" 0
    same "$(aws s3 ls)" ''
    wrong ResourceNotFoundException dynamodb describe-table --table-name locations
    wrong StateMachineDoesNotExist stepfunctions describe-state-machine \
        --state-machine-arn "$states:stateMachine:DataExtractionChild"
}

# readme NUMBER: all of it, with the aws command of this number.
readme() {
    local path
    path=$(each_aws | sed -n "$1p")
    [[ -n $path ]] || skip "there is no aws command number $1 here"
    api 0
    serve --data kept
    with_aws "$path"
    create_tables >/dev/null
    create_surroundings >/dev/null
    fill_in
    create_machines >/dev/null
    location data-aggregation-20241215-batch-001 location-001
    start data-aggregation-20241215-batch-001
    same "$(until_ended "$execution")" SUCCEEDED
    see_history 1
    see_results data-aggregation-20241215-batch-001 location-001
    clean_up >/dev/null
    see_nothing
    same "$(<errors)" ''
}

@test "the README of the sample, line by line, with the first aws command of PATH" { readme 1; }

@test "the README of the sample, line by line, with the second aws command of PATH" { readme 2; }

# calls_are N: until the API was called that often.
calls_are() {
    for _ in {1..400}; do
        [[ ! -e calls ]] || (($(wc -l <calls) < $1)) || return 0
        sleep 0.05
    done
    return 1
}

@test "killed twice in the middle of it, it goes on and ends right" {
    local places=(location-001 location-002 location-003) id
    api 0.3
    serve --data kept
    with_aws
    create_tables >/dev/null
    # The README's table has one location for a task: the next one takes its place. Here are three.
    aws dynamodb delete-table --table-name locations >/dev/null
    aws dynamodb create-table --table-name locations --billing-mode PAY_PER_REQUEST \
        --attribute-definitions AttributeName=task_id,AttributeType=S AttributeName=location_id,AttributeType=S \
        --key-schema AttributeName=task_id,KeyType=HASH AttributeName=location_id,KeyType=RANGE >/dev/null
    create_surroundings >/dev/null
    fill_in
    create_machines >/dev/null
    for id in "${places[@]}"; do location three "$id"; done
    start three
    for n in 5 12; do
        calls_are $n
        kill -KILL "$server"
        wait "$server" || true
        serve --data kept
        with_aws
    done
    same "$(until_ended "$execution")" SUCCEEDED
    see_history 3
    see_results three "${places[@]}"
    same "$(sort -u calls | wc -l)" 18
    (($(wc -l <calls) <= 18 + 2 * 6)) # what was under way is asked again, two pages of each location; no more
    same "$(<errors)" ''
}

@test "a job with a script: refused unless the server allows it, and then it is run" {
    local script=s3://your-data-processing-bucket/glue-script.py
    api 0
    serve --data kept
    with_aws
    create_tables >/dev/null
    create_surroundings >/dev/null
    fill_in
    create_machines >/dev/null
    aws s3 cp --quiet "$cases/glue_script.py" "$script"
    location first location-001
    start first
    same "$(until_ended "$execution")" FAILED
    run -0 of cause stepfunctions describe-execution --execution-arn "$execution"
    has "$output" '--allow-scripts'
    kill "$server"
    wait "$server" || true
    serve --data kept --allow-scripts
    with_aws
    location second location-001
    start second
    same "$(until_ended "$execution")" SUCCEEDED
    see_results second location-001
    same "$(aws s3 ls s3://your-data-processing-bucket/tmp/ | xargs)" 'PRE first/'
    same "$(<errors)" ''
}

@test "the tour in README.md works as it stands" {
    local line command='' said=''
    serve --data kept
    with_aws
    ln -s "$BATS_TEST_DIRNAME/../../examples" examples
    while IFS= read -r line; do
        if [[ -n $command || $line == '$ '* ]]; then
            command+=${line#'$ '}
            [[ $line != *\\ ]] || { command=${command%\\}; continue; }
            if [[ $command == 'aws '* ]]; then
                [[ $command != *describe-execution* ]] || until_ended "$states:execution:hello:first"
                output=$(eval "$command")
            fi
            command=''
        elif [[ $line == SUCCEEDED* ]]; then
            same "${output//$'\t'/ }" "$line"
            said=yes
        fi
    done < <(awk '/^\*\*The server/ { on = 1 } on && /^```/ { if (block++) exit; next } block' \
        "$BATS_TEST_DIRNAME/../../README.md")
    same "$said" yes
    same "$output" '{"greeted":"Seven"}'
}
