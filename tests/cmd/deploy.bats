# SPDX-License-Identifier: Apache-2.0
# afflux serve --deploy: folders of `afflux aggregate --init` on a server, started with the stock aws command.
# (workflows_served.bats deploys the workflows by hand.)
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load helper
load server

states=arn:aws:states:us-east-1:000000000000
sample_rows='l1failed 10
l1rejected 1
l2failed 20
l2rejected 2
l3failed 30
l3rejected 3'

# api [LOCATION=WHAT …]: aggregate_api.py on a free port; sets $api.
api() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    rm -f port
    python3 "$BATS_TEST_DIRNAME/aggregate_api.py" port "$@" 3>&- &
    pids+=($!)
    until [[ -f port ]]; do sleep 0.05; done
    api=http://127.0.0.1:$(<port)
}

# folder NAME [MEMBERS]: one that is deployed, with three locations unless told otherwise.
folder() {
    rm -rf "$1"
    "$AFFLUX" aggregate --init "$1" >/dev/null
    same "$(jq -r .name "$1/afflux.json")" "$1"
    printf 'location_id\nl1\nl2\nl3\n' >"$1/locations.csv"
    jq -n --arg name "$1" --arg api "$api/v1" '{name: $name, api: $api, auth: "api-key:X-Key=env:KEY",
        locations: "locations.csv", workflows: "workflows", page_size: 7} + '"${2-{\}}" >"$1/afflux.json"
}

# deploy OPTION…: a server that has deployed; sets $address and $server. What it says is in `line`.
deploy() {
    : >line
    KEY=${KEY-s3cret} "$AFFLUX" serve --listen "${address:-127.0.0.1:0}" "$@" >line 2>errors 3>&- &
    server=$!
    pids+=("$server")
    for _ in {1..800}; do
        ! grep -q '^afflux listens on ' line || break
        kill -0 "$server" 2>/dev/null || { cat errors; return 1; }
        sleep 0.025
    done
    [[ $(grep '^afflux listens' line) =~ http://(127\.0\.0\.1:[0-9]+), ]] || { cat errors; return 1; }
    address=${BASH_REMATCH[1]}
}

kill_server() {
    kill -KILL "$server"
    wait "$server" || true
}

# refused DIR…: what a server says that does not begin.
refused() {
    run -1 --separate-stderr timeout 30 "$AFFLUX" serve --listen 127.0.0.1:0 "${@/#/--deploy=}"
    same "$output" ''
}

# call OPERATION BODY: an operation of Step Functions, by hand.
call() {
    curl -sS -H "X-Amz-Target: AWSStepFunctions.$1" -d "$2" "http://$address/"
}

# start NAME TASK: sets $execution.
start() {
    execution=$(call StartExecution "$(jq -n --arg machine "$states:stateMachine:$1-parent" --arg task "$2" \
        '{stateMachineArn: $machine, input: ({task_id: $task, task_sort_key: $task} | tojson)}')" | jq -r .executionArn)
    has "$execution" arn:aws
}

# ended ARN: until it is; its status, and its output in `output`.
ended() {
    for _ in {1..600}; do
        call DescribeExecution "{\"executionArn\": \"$1\"}" >said
        [[ $(jq -r .status said) == RUNNING ]] || break
        sleep 0.1
    done
    jq -r '.output // .cause // ""' said >output
    jq -r .status said
}

# get_csv: the file of what ended.
get_csv() {
    local file
    file=$(jq -r .file output)
    curl -sS "http://$address/${file#s3://}"
}

# How many rows of which location and type a CSV has.
count_rows() {
    python3 -c 'import collections, csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
assert len({row["discount_code"] for row in rows}) == len(rows)
for name, n in sorted(collections.Counter(row["location_id"] + row["status"] for row in rows).items()): print(name, n)' "$1"
}

row_of() { # TASK
    aws dynamodb get-item --table-name processing-tasks --key "{\"task_id\": {\"S\": \"$1\"}, \"created_at\": {\"S\": \"$1\"}}" \
        --query 'Item.[status.S, locations.N, complete.N, announced.N, fetched.N, written.N]' --output text | xargs
}

@test "what is printed starts it: rows in a file, counts in the task's row" {
    api
    folder shop
    deploy --deploy shop
    same "$(head -n 1 line)" "deployed shop: aws stepfunctions start-execution --state-machine-arn $states:stateMachine:shop-parent --input '{\"task_id\": \"shop\", \"task_sort_key\": \"shop\"}'"
    with_aws
    same "$(row_of shop)" 'READY None None None None None'
    eval "$(sed -n 's/^deployed shop: //p' line)" >started
    execution=$(jq -r .executionArn started)
    same "$(until_ended "$execution")" SUCCEEDED
    file=$(of output stepfunctions describe-execution --execution-arn "$execution" | jq -r .file)
    [[ $file == s3://shop-output/shop/*.csv ]]
    aws s3 cp --quiet "$file" - >all.csv
    same "$(head -n 1 all.csv)" '"location_id","discount_code","error_message","status"'
    same "$(count_rows all.csv)" "$sample_rows"
    same "$(row_of shop)" 'SUCCEEDED 3 3 66 66 66'
    same "$(curl -s "$api/_asked" | jq -cS 'with_entries(select(.key | startswith("l1")))')" \
        '{"l1/failed/0":1,"l1/failed/7":1,"l1/rejected/0":1}'
}

@test "another task is rows in two tables" {
    api
    folder shop '{locations: null} | del(.locations)'
    deploy --deploy shop
    has "$(head -n 1 line)" "--input '{\"task_id\": \"…\", \"task_sort_key\": \"…\"}'"
    with_aws
    aws dynamodb put-item --table-name processing-tasks \
        --item '{"task_id": {"S": "night"}, "created_at": {"S": "night"}}'
    aws dynamodb batch-write-item --request-items '{"locations": [
        {"PutRequest": {"Item": {"task_id": {"S": "night"}, "location_id": {"S": "l1"}}}},
        {"PutRequest": {"Item": {"task_id": {"S": "night"}, "location_id": {"S": "l3"}}}}]}'
    start shop night
    same "$(ended "$execution")" SUCCEEDED
    get_csv >all.csv
    same "$(count_rows all.csv)" "$(grep -v l2 <<<"$sample_rows")"
    same "$(row_of night)" 'SUCCEEDED 2 2 44 44 44'
}

@test "killed in the middle and deployed again it goes on, and the file is the same" {
    export WAIT=0.1
    api
    folder shop '{concurrency: 4}'
    deploy --deploy shop --data undisturbed
    start shop shop
    same "$(ended "$execution")" SUCCEEDED
    get_csv >whole.csv
    kill "$server"
    wait "$server"
    curl -s "$api/_asked" | jq add >asked
    deploy --deploy shop --data killed
    start shop shop
    for _ in 1 2 3; do
        sleep 0.3
        kill_server
        deploy --deploy shop --data killed
    done
    same "$(ended "$execution")" SUCCEEDED
    get_csv >all.csv
    cmp whole.csv all.csv
    # Only what was under way is asked for again.
    again=$(($(curl -s "$api/_asked" | jq add) - $(<asked)))
    (($(<asked) <= again && again <= $(<asked) + 3 * 8)) || { echo "$(<asked) pages, asked for $again"; return 1; }
}

@test "deployed again without a change, nothing is made anew" {
    api l2=dead
    folder shop '{retries: 0}'
    deploy --deploy shop
    start shop shop
    same "$(ended "$execution")" SUCCEEDED
    same "$(jq -r '[.status, .complete, .failed] | join(" ")' output)" 'PARTIAL 2 1'
    for loops in 1 4 3 2; do
        kill_server
        deploy --deploy shop --loops $loops
    done
    with_aws
    same "$(row_of shop)" 'PARTIAL 3 2 44 44 44'
    same "$(of 'Item.ledger.M.state.S' dynamodb get-item --table-name locations \
        --key '{"task_id": {"S": "shop"}, "location_id": {"S": "l2"}}')" FAILED
    for flow in parent extraction processing; do
        call ListStateMachineVersions "{\"stateMachineArn\": \"$states:stateMachine:shop-$flow\"}" >versions
        same "$(jq '.stateMachineVersions | length' versions)" 1
    done
}

@test "a list that changed is registered anew" {
    api
    folder shop
    deploy --deploy shop
    start shop shop
    same "$(ended "$execution")" SUCCEEDED
    kill_server
    echo l4 >>shop/locations.csv
    deploy --deploy shop
    with_aws
    same "$(row_of shop)" 'READY None None None None None'
    start shop shop
    same "$(ended "$execution")" SUCCEEDED
    same "$(jq .locations output)" 4
}

@test "locations are taken from a table of the server" {
    api
    deploy
    with_aws
    aws dynamodb create-table --table-name places --billing-mode PAY_PER_REQUEST \
        --attribute-definitions AttributeName=location_id,AttributeType=S --key-schema AttributeName=location_id,KeyType=HASH >/dev/null
    for location in l1 l3; do
        aws dynamodb put-item --table-name places --item '{"location_id": {"S": "'$location'"}}'
    done
    kill_server
    folder shop '{locations: "table:places"}'
    deploy --deploy shop
    start shop shop
    same "$(ended "$execution")" SUCCEEDED
    get_csv >all.csv
    same "$(count_rows all.csv)" "$(grep -v l2 <<<"$sample_rows")"
}

@test "a changed expression is for executions that begin after it, those under way keep theirs on every level" {
    export WAIT=0.2
    api
    folder shop '{concurrency: 2}'
    deploy --deploy shop --data kept
    start shop shop
    old=$execution
    sleep 0.5
    kill_server
    jq '.row = "{\"code\": $row.resourceKey}"' shop/afflux.json >new
    mv new shop/afflux.json
    deploy --deploy shop --data kept
    start shop shop
    same "$(ended "$old")" SUCCEEDED
    get_csv >old.csv
    same "$(count_rows old.csv)" "$sample_rows"
    same "$(ended "$execution")" SUCCEEDED
    get_csv >new.csv
    same "$(head -n 1 new.csv)" '"code"'
    same "$(grep -c '^"l[123]-' new.csv)" 66
}

@test "several folders, each with names of its own, or with shared tables" {
    api
    folder one
    folder two '{tables: {tasks: "two-tasks", locations: "two-locations"}, buckets: {parts: "two-p", output: "two-o"}, job: "two-j"}'
    printf 'location_id\nl1\n' >two/locations.csv
    deploy --deploy one --deploy two --account 123456789012 --region eu-west-1
    has "$(<line)" 'arn:aws:states:eu-west-1:123456789012:stateMachine:one-parent'
    states=arn:aws:states:eu-west-1:123456789012
    start two two
    same "$(ended "$execution")" SUCCEEDED
    has "$(<output)" s3://two-o/two/
    get_csv >all.csv
    same "$(count_rows all.csv)" "$(grep l1 <<<"$sample_rows")"
    start one one
    same "$(ended "$execution")" SUCCEEDED
}

@test "workflows of the folder are what runs" {
    api
    folder shop
    sed -i 's|, .status.: .exists(.row.state)|, '"'mine': 'yes'"'&|' shop/workflows/processing.asl.json
    grep -q "'mine'" shop/workflows/processing.asl.json
    deploy --deploy shop
    start shop shop
    same "$(ended "$execution")" SUCCEEDED
    get_csv >all.csv
    has "$(head -n 1 all.csv)" '"mine"'
}

@test "what cannot be deployed ends it before anything is made, with file and member" {
    api
    export KEY=s3cret
    refused nowhere
    same "$stderr" 'afflux serve: nowhere/afflux.json: No such file or directory'
    folder good
    folder shop
    echo '{' >shop/afflux.json
    refused good shop
    has "$stderr" 'afflux serve: shop/afflux.json: '
    folder shop '{row: "$row.("}'
    refused good shop
    has "$stderr" 'afflux serve: shop/afflux.json: row is no JSONata: '
    has "$stderr" '(character 7)'
    folder shop '{auth: "api-key:X-Key=env:NOT_THERE"}'
    refused good shop
    same "$stderr" 'afflux serve: shop/afflux.json: auth: the variable NOT_THERE is not set'
    folder shop '{name: "Shop_1"}'
    refused good shop
    has "$stderr" "afflux serve: shop/afflux.json: buckets.parts: 'Shop_1-parts': "
    folder shop '{api: null} | del(.api)'
    refused good shop
    has "$stderr" 'afflux serve: shop/afflux.json: api is missing'
    folder shop '{locations: "table:places"}'
    refused good shop
    has "$stderr" 'afflux serve: shop/afflux.json: locations: '
    folder shop '{locations: "none.csv"}'
    refused good shop
    has "$stderr" 'shop/none.csv: No such file or directory'
    folder shop
    echo l1 >>shop/locations.csv
    refused good shop
    has "$stderr" "shop/locations.csv: line 5: the location 'l1' is there twice"
    folder shop
    sed -i 's/"Bucket": "${Bucket}"/"Bucket": "${Nobody}"/' shop/workflows/processing.asl.json
    refused good shop
    has "$stderr" 'shop/workflows/processing.asl.json: ${Nobody} has no value'
    folder shop
    sed -i 's/"StartAt": "Begin"/"StartAt": "Nowhere"/' shop/workflows/parent.asl.json
    refused good shop
    has "$stderr" 'shop/workflows/parent.asl.json: '
    has "$stderr" MISSING_TRANSITION_TARGET
    rm shop/workflows/parent.asl.json
    refused good shop
    has "$stderr" 'shop/workflows/parent.asl.json: No such file or directory'
    folder shop '{name: "good"}'
    refused good shop
    same "$stderr" 'afflux serve: good and shop have the same name, good'
    [[ ! -e afflux-data ]]
    # shellcheck disable=SC2046
    run -2 "$AFFLUX" serve $(printf -- '--deploy shop %.0s' {1..17})
    has "$output" '--deploy can be given 16 times'
}

@test "what cannot be put ends it, too" {
    api
    folder shop
    deploy
    call CreateStateMachine "$(jq -n --arg d '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}' \
        '{name: "shop-processing", definition: $d, roleArn: "arn:aws:iam::000000000000:role/r", type: "STANDARD"}')" >/dev/null
    kill_server
    KEY=x run -1 "$AFFLUX" serve --listen 127.0.0.1:0 --deploy shop
    has "$output" 'afflux serve: shop: machine shop-processing: there is one of another type, STANDARD'
}

# set_up ITEM PUT: the setup workflow in a simulated world, where the task's row is found like this, and rows are put so.
set_up() {
    printf '{"Look at the task": {"Return": %s}, "Put": %s, "Task": {"Return": {}}' "$1" "$2" >mocks.json
    for state in 'Tasks table' 'Locations table' 'Bucket of parts' 'Bucket of files' Job; do
        printf ', "%s": {"Return": {}}' "$state" >>mocks.json
    done
    printf '}' >>mocks.json
    "$AFFLUX" run "$BATS_TEST_DIRNAME/../../src/aggregate/setup.asl.json" -m mocks.json -v --history \
        -i '{"task_id": "t", "task_sort_key": "k", "list": "new", "chunks": [[{"PutRequest": {"Item": {}}}]]}'
}

@test "a list is the task's when all of its rows are there, and not before" {
    put='{"Return": {"UnprocessedItems": {}}}'
    run -0 set_up '{}' "$put"
    same "$(jq -r 'select(.type == "TaskScheduled") | .taskScheduledEventDetails.resource' <<<"$output" | tail -n 2 | xargs)" 'batchWriteItem putItem'
    has "$output" '\"list\":{\"S\":\"new\"}'
    run -0 set_up '{"Item": {"list": {"S": "old"}}}' "$put"
    has "$output" '"resource":"putItem"'
    run -0 set_up '{"Item": {"list": {"S": "new"}}}' '{"Throw": {"Error": "No.Put"}}'
    [[ $output != *putItem* ]]
    run -1 set_up '{}' '{"Return": {"UnprocessedItems": {"locations": []}}}'
    has "$output" Aggregate.LocationsNotPut
    [[ $output != *putItem* ]]
}

@test "killed while it deploys, the next one does the rest" {
    api
    folder shop
    { echo location_id; seq -f 'l%.0f' 5000; } >shop/locations.csv
    for after in 0.3 0.6 1 1.5; do
        KEY=x "$AFFLUX" serve --listen 127.0.0.1:0 --deploy shop >line 2>errors 3>&- &
        server=$!
        pids+=("$server")
        sleep "$after"
        kill_server
    done
    deploy --deploy shop
    with_aws
    same "$(of Count dynamodb query --table-name locations --select COUNT --key-condition-expression 'task_id = :t' \
        --expression-attribute-values '{":t": {"S": "shop"}}')" 5000
    same "$(row_of shop)" 'READY None None None None None'
    call ListExecutions "{\"stateMachineArn\": \"$states:stateMachine:shop-setup\", \"statusFilter\": \"FAILED\"}" >failed
    same "$(jq '.executions | length' failed)" 0
}

@test "a signal while it deploys ends it" {
    api
    folder shop
    { echo location_id; seq -f 'l%.0f' 200000; } >shop/locations.csv
    KEY=x "$AFFLUX" serve --listen 127.0.0.1:0 --deploy shop >line 2>errors 3>&- &
    server=$!
    until [[ -e afflux-data/afflux.db ]]; do sleep 0.05; done
    sleep 1
    kill -TERM "$server"
    wait "$server"
    same "$(<errors)" ''
}

@test "calls at a time are those of the folder, whatever else the server does" {
    export WAIT=0.05
    api
    folder shop '{concurrency: 3, page_size: 2}'
    deploy --deploy shop --loops 1
    start shop shop
    same "$(ended "$execution")" SUCCEEDED
    same "$(curl -s "$api/_most")" 3
}

@test "a server trusts one file of certificates" {
    api
    export KEY=s3cret
    folder one '{ca_file: "../one.pem"}'
    folder two '{ca_file: "two.pem"}'
    echo '-----BEGIN CERTIFICATE-----' >one.pem
    refused one two
    same "$stderr" 'afflux serve: two/afflux.json: ca_file: two/two.pem: No such file or directory'
    : >two/two.pem
    refused one two
    has "$stderr" 'ca_file: two/two.pem: there is no certificate in it; they are PEM'
    cp one.pem two/two.pem
    refused one two
    has "$stderr" 'afflux serve: two/afflux.json: ca_file is another one than that of one/afflux.json'
    deploy --deploy one --deploy two --ca-file one.pem
    folder two "{ca_file: \"$PWD/one.pem\"}"
    folder one "{ca_file: \"$PWD/one.pem\"}"
    kill_server
    deploy --deploy one --deploy two
}
