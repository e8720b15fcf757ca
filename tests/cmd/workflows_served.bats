# SPDX-License-Identifier: Apache-2.0
# The workflows as somebody has them who deploys them with the aws command, by the commands of docs/workflows.md; and what
# src/aggregate/setup.asl.json makes.
# shellcheck disable=SC2016,SC2154,SC2034

load helper
load server

root=$BATS_TEST_DIRNAME/../..

third_party() {
    python3 "$BATS_TEST_DIRNAME/aggregate_api.py" port "$@" 3>&- &
    pids+=($!)
    until [[ -f port ]]; do sleep 0.05; done
    api=http://127.0.0.1:$(<port)/v1
}

# The documentation's commands, with another API in them.
deploy() {
    ROLE=arn:aws:iam::000000000000:role/any
    CONNECTION=$(of ConnectionArn events create-connection --name shop --authorization-type API_KEY \
        --auth-parameters 'ApiKeyAuthParameters={ApiKeyName=X-Key,ApiKeyValue=s3cret}')
    ln -sfn "$root/workflows" workflows
    sed -n '/^## On AWS/,$p' "$root/docs/workflows.md" | sed -n '/^```$/,/^```$/p' | sed '/^```/d' | sed "s|https://api.example.com/v1|$api|" >commands
    # shellcheck disable=SC1091
    source ./commands
}

surroundings() {
    aws dynamodb create-table --table-name processing-tasks --billing-mode PAY_PER_REQUEST \
        --attribute-definitions AttributeName=task_id,AttributeType=S AttributeName=created_at,AttributeType=S \
        --key-schema AttributeName=task_id,KeyType=HASH AttributeName=created_at,KeyType=RANGE >/dev/null
    aws dynamodb create-table --table-name locations --billing-mode PAY_PER_REQUEST \
        --attribute-definitions AttributeName=task_id,AttributeType=S AttributeName=location_id,AttributeType=S \
        --key-schema AttributeName=task_id,KeyType=HASH AttributeName=location_id,KeyType=RANGE >/dev/null
    aws s3 mb s3://my-parts >/dev/null
    aws s3 mb s3://my-output >/dev/null
    aws glue create-job --name consolidate --role "$ROLE" --command Name=afflux-consolidate,ScriptLocation=builtin:consolidate >/dev/null
}

put_task() { # TASK CREATED_AT LOCATION…
    aws dynamodb put-item --table-name processing-tasks --item "{\"task_id\":{\"S\":\"$1\"},\"created_at\":{\"S\":\"$2\"}}"
    local location
    for location in "${@:3}"; do
        aws dynamodb put-item --table-name locations --item "{\"task_id\":{\"S\":\"$1\"},\"location_id\":{\"S\":\"$location\"}}"
    done
}

@test "as the documentation deploys them, a task's two keys start a whole aggregation" {
    serve --data data
    with_aws
    third_party
    deploy
    run -1 grep -l '\${[A-Z]' <(fill parent) <(fill extraction) <(fill processing)
    surroundings
    put_task t1 2026-11-26 l0 l1 l2
    put_task t1 2026-11-27 # another task of this name
    execution=$(of executionArn stepfunctions start-execution --state-machine-arn "$PARENT" --name first \
        --input '{"task_id": "t1", "task_sort_key": "2026-11-26"}')
    same "$(until_ended "$execution")" SUCCEEDED
    same "$(of 'Item.[status.S, locations.N, fetched.N, file.S]' dynamodb get-item --table-name processing-tasks \
        --key '{"task_id":{"S":"t1"},"created_at":{"S":"2026-11-26"}}')" 'SUCCEEDED 3 33 s3://my-output/t1/first.csv'
    same "$(of 'Item.status' dynamodb get-item --table-name processing-tasks \
        --key '{"task_id":{"S":"t1"},"created_at":{"S":"2026-11-27"}}')" None
    aws s3 cp s3://my-output/t1/first.csv first.csv >/dev/null
    same "$(grep -c '^"l[012]"' first.csv)" 33
    aws s3 cp s3://my-output/t1/first.parts.jsonl parts.jsonl >/dev/null
    same "$(jq -s 'map(.rows) | add' parts.jsonl)" 33
    same "$(of 'Items[].[location_id.S, ledger.M.state.S, ledger_failed.M.fetched.N, ledger_rejected.M.announced.N]' dynamodb query \
        --table-name locations --key-condition-expression 'task_id = :t' --expression-attribute-values '{":t":{"S":"t1"}}' | tr '\n' ' ')" \
        'l0 COMPLETE 0 0 l1 COMPLETE 10 1 l2 COMPLETE 20 2 '
}

@test "a task that is not there is told" {
    serve --data data
    with_aws
    api=http://127.0.0.1:9
    deploy
    surroundings
    execution=$(of executionArn stepfunctions start-execution --state-machine-arn "$PARENT" --name first \
        --input '{"task_id": "t1", "task_sort_key": "x"}')
    same "$(until_ended "$execution" 2>said)" FAILED
    has "$(<said)" 'Aggregate.NoSuchTask the table of tasks has no row t1 of x'
}

# setup INPUT
setup_flow() {
    sed -e 's|${TasksTable}|tasks|; s|${LocationsTable}|places|; s|${Bucket}|the-parts|; s|${OutputBucket}|the-files|; s|${JobName}|job|' \
        "$root/src/aggregate/setup.asl.json" >setup.json
    "$AFFLUX" run setup.json -i "$1" --data data --name "$2" 2>&1
}

@test "the set-up makes tables, buckets and a job, and with a task also its row and its locations, once" {
    run -0 setup_flow '{}' first
    run -0 setup_flow '{}' second
    chunks='"chunks":[[{"PutRequest":{"Item":{"task_id":{"S":"t"},"location_id":{"S":"a"}}}},{"PutRequest":{"Item":{"task_id":{"S":"t"},"location_id":{"S":"b"}}}}]]'
    run -0 setup_flow "{\"task_id\":\"t\",\"task_sort_key\":\"k\",$chunks}" third
    serve --data data
    with_aws
    same "$(of 'Table.KeySchema[].AttributeName' dynamodb describe-table --table-name tasks)" 'task_id created_at'
    same "$(of 'Table.KeySchema[].AttributeName' dynamodb describe-table --table-name places)" 'task_id location_id'
    same "$(of 'Items[].[task_id.S, created_at.S, status.S]' dynamodb scan --table-name tasks)" 't k READY'
    same "$(of Count dynamodb scan --table-name places)" 2
    same "$(of 'Buckets[].Name' s3api list-buckets)" 'the-files the-parts'
    same "$(of 'Job.Command.Name' glue get-job --job-name job)" afflux-consolidate
    aws dynamodb update-item --table-name places --key '{"task_id":{"S":"t"},"location_id":{"S":"a"}}' \
        --update-expression 'SET ledger = :l' --expression-attribute-values '{":l":{"S":"kept"}}'
    kill "$server"
    wait "$server" || true
    run -0 setup_flow "{\"task_id\":\"t\",\"task_sort_key\":\"k\",$chunks}" fourth
    serve --data data
    with_aws
    same "$(of 'Items[0].ledger.S' dynamodb scan --table-name places)" kept
    kill "$server"
    wait "$server" || true
    run -0 setup_flow "{\"task_id\":\"t\",\"task_sort_key\":\"k\",\"list\":\"other\",$chunks}" fifth
    serve --data data
    with_aws
    same "$(of 'Items[0].ledger.S' dynamodb scan --table-name places)" None
}
