# SPDX-License-Identifier: Apache-2.0
# The workflows of workflows/ as workflows: in a simulated world, with answers made up for each branch.
# shellcheck disable=SC2016,SC2154

load helper

flows=$BATS_TEST_DIRNAME/../../workflows

# ---- answers ----

# page OFFSET COUNT MORE [HASH]: what the page workflow says, as startSyncExecution gives it.
page() {
    printf '{"Return":{"Status":"SUCCEEDED","Output":"{\\"key\\":\\"k\\",\\"offset\\":%s,\\"count\\":%s,\\"written\\":%s,\\"more\\":%s,\\"hash\\":\\"%s\\"}"}}' \
        "$1" "$2" "$2" "$3" "${4:-h$1}"
}

summary() {
    printf '{"Return":{"StatusCode":200,"ResponseBody":{"states":{"failed":%s,"rejected":%s}}}}' "$1" "$2"
}

throw() {
    printf '{"Throw":{"Error":"%s","Cause":"%s"}}' "$1" "${2:-because}"
}

many() { # COUNT ANSWER
    local i
    for ((i = 1; i < $1; i++)); do printf '%s,' "$2"; done
    printf '%s' "$2"
}

one_page='{"task_id":"t 1","run":"r","location":{"location_id":"a/b"},"type":"failed","offset":4,"limit":2}'
one_location='{"task_id":"t","run":"r","location":{"location_id":"l1"},"page_size":2,"pages_at_once":1}'

process() { # ANSWERS, to the call and to the store
    printf '{"Fetch the page":[%s],"Store the part":[%s]}' "$1" "${2:-{\"Return\":{\"ETag\":\"e\"\}\}}" >mocks.json
    "$AFFLUX" run "$flows/processing.asl.json" -t EXPRESS -i "$one_page" -m mocks.json -v "${@:3}"
}

extract() { # SUMMARY PAGES
    printf '{"Ask for the summary":[%s],"One page":[%s],"Write down the counts":{"Return":{}}}' "$1" "$2" >mocks.json
    "$AFFLUX" run "$flows/extraction.asl.json" -i "$one_location" -m mocks.json -v "${@:3}"
}

# What is written to the location's row of a type: state, announced, fetched, error.
counts() { # TYPE
    jq -r --arg type "ledger_$1" 'select(.type == "TaskScheduled") | .taskScheduledEventDetails.parameters | fromjson
        | select(.ExpressionAttributeNames["#entry"] == $type) | .ExpressionAttributeValues[":entry"].M
        | [.state.S, .announced.N, .fetched.N, .error.S] | join(" ")' <<<"$output"
}

# ---- they are what both know ----

@test "the workflows are valid" {
    run -0 "$AFFLUX" validate "$flows"/*.asl.json
    run -0 "$AFFLUX" validate --strict-aws "$flows"/*.asl.json
}

@test "no key and no name is made of a clock or of chance" {
    run -1 grep -nE '\$(millis|now|uuid|random)\(' "$flows"/*.asl.json
}

# ---- a page ----

page_of_two='{"Return":{"StatusCode":200,"ResponseBody":{"count":2,"results":[{"resourceKey":"A","state":"failed","errors":[{"message":"x"},{"message":"y"}]},{"resourceKey":null,"errors":null}]}}}'

@test "a page: asked for by limit and offset, its rows stored, counts and a key go back" {
    run -0 process "$page_of_two" '' --history
    has "$output" '${ApiEndpoint}/a%2Fb/get-data'
    has "$output" '\"QueryParameters\":{\"state\":\"failed\",\"limit\":\"2\",\"offset\":\"4\"}'
    has "$output" '\"Body\":[{\"location_id\":\"a/b\",\"discount_code\":\"A\",\"error_message\":\"x; y\",\"status\":\"failed\"},{\"location_id\":\"a/b\",\"discount_code\":\"\",\"error_message\":\"\",\"status\":\"failed\"}]'
    run -0 process "$page_of_two"
    same "$(jq -c 'del(.hash)' <<<"$output")" '{"key":"parts/t%201/r/a%2Fb/failed/000000000004.json","offset":4,"count":2,"written":2,"more":true}'
}

@test "a page of one row is stored as an array" {
    run -0 process '{"Return":{"ResponseBody":[{"resourceKey":1}]}}' '' --history
    has "$output" '\"Body\":[{\"location_id\":\"a/b\",\"discount_code\":\"1\",\"error_message\":\"\",\"status\":\"failed\"}]'
    has "$output" '\"count\":1,\"written\":1,\"more\":false'
}

@test "what the answer says about more pages is believed" {
    run -0 process '{"Return":{"ResponseBody":{"items":[{"id":1},{"id":2}],"total":6}}}'
    has "$output" '"more":false'
    run -0 process '{"Return":{"ResponseBody":{"items":[{"id":1}],"total":6}}}'
    has "$output" '"more":true'
    run -0 process '{"Return":{"ResponseBody":{"items":[{"id":1},{"id":2}],"has_more":false}}}'
    has "$output" '"more":false'
}

@test "an empty page is no part" {
    run -0 process '{"Return":{"ResponseBody":{"items":[],"has_more":true}}}' "$(throw S3.NoSuchBucketException)"
    same "$output" '{"offset":4,"count":0,"written":0,"more":false,"hash":""}'
}

@test "429 and 500 are asked again, 404 is not" {
    run -0 process "$(throw States.Http.StatusCode.429),$(throw States.Http.StatusCode.500),$(throw States.Http.Socket),$page_of_two"
    has "$output" '"count":2'
    run -1 process "$(throw States.Http.StatusCode.404 'Not Found'),$page_of_two"
    has "$output" 'States.Http.StatusCode.404: Not Found'
    run -1 process "$(many 20 "$(throw States.Http.StatusCode.503)")"
    has "$output" 'States.Http.StatusCode.503'
}

@test "a store that fails is asked again" {
    run -0 process "$page_of_two" "$(throw S3.InternalErrorException),{\"Return\":{}}"
    has "$output" '"count":2'
}

@test "a page that came but could not be stored is told apart" {
    run -0 process "$page_of_two" "$(many 9 "$(throw S3.NoSuchBucketException gone)")"
    same "$(jq -c 'del(.hash)' <<<"$output")" '{"offset":4,"count":2,"written":0,"more":true,"error":"S3.NoSuchBucketException","cause":"gone"}'
}

@test "an answer that is no page, is too long, or has rows that are none, is an error and not an empty page" {
    run -1 process "$(many 3 '{"Return":{"ResponseBody":"<html>"}}'),$page_of_two"
    has "$output" 'Aggregate.NotAPage: the answer for offset 4 has no array of rows'
    run -0 process "$(many 2 '{"Return":{"ResponseBody":"<html>"}}'),$page_of_two"
    has "$output" '"count":2'
    run -1 process "$(many 3 '{"Return":{"StatusCode":204}}')"
    has "$output" 'Aggregate.NotAPage'
    run -1 process '{"Return":{"ResponseBody":[{"id":1},{"id":2},{"id":3}]}}'
    has "$output" 'Aggregate.PageTooLong: the page at offset 4 has 3 rows; asked for were 2'
    run -1 process '{"Return":{"ResponseBody":[{"id":1},7]}}'
    has "$output" 'Aggregate.RowWithoutShape: not every row of the page at offset 4 became an object'
}

@test "a location with a url of its own is asked there" {
    one_page='{"task_id":"t","run":"r","location":{"location_id":"l","url":"https://other"},"type":"rejected","offset":0,"limit":2}'
    run -0 process "$page_of_two" '' --history
    has "$output" '\"ApiEndpoint\":\"https://other/l/get-data\"'
}

# ---- a location ----

@test "a location without rows asks for no page" {
    run -0 extract "$(summary 0 0)" "$(throw No.Page)" --history
    same "$(counts failed)" 'COMPLETE 0 0 '
    same "$(counts rejected)" 'COMPLETE 0 0 '
    run -0 extract "$(summary 0 0)" "$(throw No.Page)"
    same "$output" '{"location_id":"l1","state":"COMPLETE","announced":0,"fetched":0}'
}

@test "both types are fetched" {
    run -0 extract "$(summary 1 1)" "$(page 0 1 false),$(page 0 1 false)" --history
    same "$(counts failed)" 'COMPLETE 1 1 '
    same "$(counts rejected)" 'COMPLETE 1 1 '
}

@test "pages are known from the summary, and none is asked for twice" {
    run -0 extract "$(summary 5 0)" "$(page 0 2 true),$(page 2 2 true),$(page 4 1 false)" --history
    same "$(counts failed)" 'COMPLETE 5 5 '
    run -0 extract "$(summary 4 0)" "$(page 0 2 true),$(page 2 2 false)" --history
    same "$(counts failed)" 'COMPLETE 4 4 '
}

@test "more than 100 pages come in turns" {
    answers=
    for ((i = 0; i < 250; i++)); do answers+="$(page $((2 * i)) 2 "$([[ $i == 249 ]] && echo false || echo true)"),"; done
    run -0 extract "$(summary 500 0)" "${answers%,}" --history
    same "$(counts failed)" 'COMPLETE 500 500 '
    same "$(grep -c '"type":"MapRunStarted"' <<<"$output")" 3
}

@test "a summary that announces too little does not hide rows" {
    run -0 extract "$(summary 2 0)" "$(page 0 2 true),$(page 2 2 true),$(page 4 1 false)" --history
    same "$(counts failed)" 'MISMATCH 2 5 '
    has "$output" '\"state\":\"MISMATCH\",\"announced\":2,\"fetched\":5'
}

@test "a summary that announces too much is told" {
    run -0 extract "$(summary 6 0)" "$(page 0 2 true),$(page 2 1 false),$(page 4 0 false)" --history
    same "$(counts failed)" 'MISMATCH 6 3 '
}

@test "a page that repeats fails the location" {
    run -1 extract "$(summary 4 0)" "$(page 0 2 true same),$(page 2 2 true same)" --history
    same "$(counts failed)" 'FAILED 4 4 Aggregate.PageRepeats'
    run -1 extract "$(summary 2 0)" "$(page 0 2 true same),$(page 2 2 true same)"
    has "$output" 'Aggregate.PageRepeats: failed: different offsets gave the same rows'
}

@test "pages without end have one" {
    answers=
    for ((i = 0; i < 300; i++)); do answers+="$(page $((2 * i)) 2 true),"; done
    run -1 extract "$(summary 4 0)" "${answers%,}" --history
    same "$(counts failed)" 'FAILED 4 204 Aggregate.NoEnd'
}

@test "a page that cannot be had fails the location, and the rows that came are counted" {
    failed='{"Return":{"Status":"FAILED","Error":"States.Http.StatusCode.500","Cause":"oh"}}'
    run -1 extract "$(summary 5 0)" "$(page 0 2 true),$failed,$(page 4 1 false)" --history
    same "$(counts failed)" 'FAILED 5 3 States.Http.StatusCode.500'
    run -1 extract "$(summary 5 0)" "$(page 0 2 true),$(many 2 "$(throw Sfn.Broken)")"
    has "$output" 'Sfn.Broken: failed: 2 pages, first offset 2: because'
    not_stored='{"Return":{"Status":"SUCCEEDED","Output":"{\"offset\":0,\"count\":2,\"written\":0,\"more\":true,\"error\":\"S3.Full\",\"cause\":\"c\"}"}}'
    run -1 extract "$(summary 2 0)" "$not_stored" --history
    same "$(counts failed)" 'FAILED 2 2 S3.Full'
    has "$output" '\"written\":{\"N\":\"0\"}'
    run -1 extract "$(summary 1 0)" '{"Return":{"Status":"TIMED_OUT"}}'
    has "$output" 'Aggregate.PageTIMED_OUT'
}

@test "the summary is asked for again where that may help" {
    run -0 extract "$(throw States.Http.StatusCode.429),$(throw States.Http.StatusCode.502),$(summary 0 0)" "$(throw No.Page)"
    run -1 extract "$(throw States.Http.StatusCode.401 Unauthorized),$(summary 0 0)" "$(throw No.Page)"
    has "$output" 'States.Http.StatusCode.401: Unauthorized'
    run -1 extract "$(many 9 "$(throw States.Http.Socket)")" "$(throw No.Page)"
    has "$output" 'States.Http.Socket'
}

@test "an answer that is no summary is an error and not nothing" {
    for body in '{}' '{"failed":1}' '{"failed":"1","rejected":0}' '{"failed":1.5,"rejected":0}' '{"failed":-1,"rejected":0}' '"x"'; do
        run -1 extract "{\"Return\":{\"ResponseBody\":{\"states\":$body}}}" "$(throw No.Page)"
        has "$output" 'Aggregate.NotASummary'
    done
}

# ---- a task ----

found='{"Return":{"Count":2,"Items":[{"task_id":{"S":"t"},"location_id":{"S":"a"},"shelf":{"N":"3"}},{"task_id":{"S":"t"},"location_id":{"S":"b"},"ledger":{"M":{}},"open":{"BOOL":true}}]}}'
items='{"Items":[{"location_id":"a","shelf":3},{"location_id":"b","open":true}]}'
job_done='{"Return":{"JobRunState":"SUCCEEDED"}}'

extracted() { # STATE
    printf '{"Return":{"Status":"SUCCEEDED","Output":{"state":"%s"}}}' "$1"
}

not_extracted='{"Throw":{"Error":"States.TaskFailed","Cause":"{\"Error\":\"States.Http.StatusCode.503\",\"Cause\":\"gone\",\"Status\":\"FAILED\"}"}}'

type_entry() { # RUN ANNOUNCED FETCHED
    printf '{"M":{"run":{"S":"%s"},"state":{"S":"x"},"announced":{"N":"%s"},"fetched":{"N":"%s"},"written":{"N":"4"}}}' "$@"
}

counted() { # STATE...: a location for each, with 5 of 5 and 1 of 2 rows
    local items= state
    for state; do
        items+="{\"location_id\":{\"S\":\"l\"},\"ledger\":{\"M\":{\"run\":{\"S\":\"n\"},\"state\":{\"S\":\"$state\"}}},"
        items+="\"ledger_failed\":$(type_entry n 5 5),\"ledger_rejected\":$(type_entry n 2 1)},"
    done
    printf '{"Return":{"Items":[%s]}}' "${items%,}"
}

# aggregate FOUND EXTRACTED COUNTED JOB [OPTIONS]
aggregate() {
    printf '{"Task runs":{"Return":{}},"Find locations":[%s],"Keep their list":{"Return":{}},"Locations":%s,"Extract":[%s],"Write down how it went":{"Return":{}},"Count":[%s],"Consolidate":[%s],"Task done":{"Return":{}},"Task failed":{"Return":{}}}' \
        "$1" "$items" "$2" "$3" "$4" >mocks.json
    "$AFFLUX" run "$flows/parent.asl.json" -n n -i "${input:-{\"task_id\":\"t\"\}}" -m mocks.json -v "${@:5}"
}

# The arguments of the calls of an operation, a line each.
calls() { # OPERATION
    jq -rc --arg operation "$1" 'select(.type == "TaskScheduled" and .taskScheduledEventDetails.resource == $operation)
        | .taskScheduledEventDetails.parameters' <<<"$output"
}

# How the task's row is left: status, then counts and error.
row() {
    calls updateItem | tail -n 1 | jq -r '.ExpressionAttributeValues | [.[":status"].S, .[":locations"].N, .[":complete"].N, .[":failed"].N,
        .[":mismatched"].N, .[":announced"].N, .[":fetched"].N, .[":error"].S // "-"] | join(" ")'
}

@test "a task: locations are found, extracted and made into one file, its row says so" {
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$job_done"
    same "$output" '{"task_id":"t","run":"n","status":"SUCCEEDED","file":"s3://${OutputBucket}/t/n.csv","locations":2,"complete":2,"failed":0,"mismatched":0,"announced":14,"fetched":12,"written":16}'
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$job_done" --history
    same "$(row)" 'SUCCEEDED 2 2 0 0 14 12 -'
    same "$(calls putObject | jq -c '[.Key, .Body]')" '["locations/t/n/000000000.json",[{"location_id":"a","shelf":3},{"location_id":"b","open":true}]]'
    same "$(calls startJobRun.sync | jq -c .Arguments)" '{"--source_bucket":"${Bucket}","--source_prefix":"parts/t/n/","--destination_bucket":"${OutputBucket}","--destination_key":"t/n.csv"}'
    same "$(calls updateItem | head -n 1 | jq -r '.ExpressionAttributeValues[":status"].S')" RUNNING
}

@test "locations are looked up page by page, an empty page is not the last" {
    more='{"Return":{"Items":[],"LastEvaluatedKey":{"task_id":{"S":"t"},"location_id":{"S":"a"}}}}'
    run -0 aggregate "$more,$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE),$(counted COMPLETE)" "$job_done" --history
    same "$(calls query | sed -n 2p | jq -c .ExclusiveStartKey)" '{"task_id":{"S":"t"},"location_id":{"S":"a"}}'
    last='{"Return":{"Items":[]}}'
    run -0 aggregate "${found/\"Count\":2/\"LastEvaluatedKey\":{\"task_id\":{\"S\":\"t\"\}\}},$last" "$(many 2 "$(extracted COMPLETE)")" \
        "$(counted COMPLETE)" "$job_done"
}

@test "counts are added up over all pages" {
    more=$(counted COMPLETE FAILED)
    run -0 aggregate "$found" "$(extracted COMPLETE),$not_extracted" \
        "${more/\"Items\"/\"LastEvaluatedKey\":{\"task_id\":{\"S\":\"t\"\}\},\"Items\"},$(counted MISMATCH)" "$job_done" --history
    same "$(row)" 'PARTIAL 3 1 1 1 21 18 -'
}

@test "what an earlier run left in the rows is not counted" {
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" \
        "{\"Return\":{\"Items\":[{\"ledger\":{\"M\":{\"run\":{\"S\":\"old\"},\"state\":{\"S\":\"FAILED\"}}},\"ledger_failed\":$(type_entry old 7 7)}]}}" "$job_done" --history
    same "$(row)" 'PARTIAL 1 0 0 0 0 0 -'
}

@test "a task without locations is well, and has a file" {
    run -0 aggregate '{"Return":{"Items":[]}}' "$(throw No.Location)" '{"Return":{"Items":[]}}' "$job_done" --history
    same "$(row)" 'SUCCEEDED 0 0 0 0 0 0 -'
}

@test "one failed location is tolerated, and its cause is kept" {
    run -0 aggregate "$found" "$(extracted COMPLETE),$not_extracted" "$(counted COMPLETE FAILED)" "$job_done" --history
    same "$(row)" 'PARTIAL 2 1 1 0 14 12 -'
}

@test "too many failed locations end the task, and its row says so" {
    input='{"task_id":"t","tolerate":10}'
    run -1 aggregate "$found" "$(extracted COMPLETE),$not_extracted" "$(counted COMPLETE FAILED)" "$(throw No.Job)" --history
    same "$(row)" 'FAILED 2 1 1 0 14 12 States.ExceedToleratedFailureThreshold'
}

@test "where no location could be extracted the task has failed" {
    run -1 aggregate "$found" "$(many 2 "$not_extracted")" "$(counted FAILED FAILED)" "$(throw No.Job)" --history
    same "$(row)" 'FAILED 2 0 2 0 14 12 Aggregate.AllFailed'
}

@test "wrong counts leave the task partial" {
    run -0 aggregate "$found" "$(extracted COMPLETE),$(extracted MISMATCH)" "$(counted COMPLETE MISMATCH)" "$job_done" --history
    same "$(row)" 'PARTIAL 2 1 0 1 14 12 -'
}

@test "a job that fails, is stopped or takes too long fails the task" {
    for state in FAILED STOPPED TIMEOUT ERROR EXPIRED; do
        run -1 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" \
            "$(throw States.TaskFailed "{\\\"Id\\\":\\\"jr\\\",\\\"JobRunState\\\":\\\"$state\\\"}")" --history
        same "$(row)" "FAILED 2 2 0 0 14 12 Aggregate.Job$state"
        has "$output" "the run jr ended as $state"
    done
    run -1 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$(throw Glue.EntityNotFoundException)"
    has "$output" 'Glue.EntityNotFoundException: because'
}

@test "a job whose runs are all taken is asked for again" {
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" \
        "$(throw Glue.ConcurrentRunsExceededException),$job_done"
}

@test "a task that is not in the table is not begun" {
    printf '{"Task runs":%s}' "$(throw DynamoDB.ConditionalCheckFailedException)" >mocks.json
    run -1 "$AFFLUX" run "$flows/parent.asl.json" -i '{"task_id":"t"}' -m mocks.json -v
    has "$output" 'Aggregate.NoSuchTask: the table of tasks has no row t'
}

@test "a table that cannot be asked fails the task" {
    run -1 aggregate "$(throw DynamoDb.ResourceNotFoundException)" "$(throw No.Location)" "$(throw No.Count)" "$(throw No.Job)" --history
    same "$(row)" 'FAILED 0 0 0 0 0 0 DynamoDb.ResourceNotFoundException'
}

@test "a run that is gone on with leaves out what is done" {
    input='{"task_id":"t","run":"first","only_open":true}'
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$job_done" --history
    has "$(calls query | head -n 1)" '"FilterExpression":"attribute_not_exists(ledger) OR ledger.#run <> :run OR ledger.#state <> :complete"'
    has "$(calls startJobRun.sync)" '"--source_prefix":"parts/t/first/"'
    has "$(calls putObject)" 'locations/t/n/000000000.json'
}
