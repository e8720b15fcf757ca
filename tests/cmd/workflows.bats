# SPDX-License-Identifier: Apache-2.0
# The workflows of workflows/ as workflows: in a simulated world, with answers made up for each branch.
# shellcheck disable=SC2016,SC2154

load helper

flows=$BATS_TEST_DIRNAME/../../workflows

# ---- answers ----

# page OFFSET COUNT MORE [HASH [UNSURE [LEFT]]]: what the page workflow says, as startSyncExecution gives it.
page() {
    printf '{"Return":{"Status":"SUCCEEDED","Output":"{\\"offset\\":%s,\\"count\\":%s,\\"written\\":%s,\\"more\\":%s,\\"hash\\":\\"%s\\",\\"unsure\\":%s,\\"left\\":%s}"}}' \
        "$1" "$2" "$2" "$3" "${4-h$1}" "${5-false}" "${6-0}"
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

# marked FILE MARK EXPRESSION: from now on the workflow has this expression there.
marked() {
    [[ -d own ]] || { mkdir own && cp "$flows"/*.asl.json own; }
    python3 - "own/$1" "$2" "$3" <<'PY'
import json, re, sys
path, mark, expression = sys.argv[1:]
text = open(path).read()
pattern = re.compile(rf"(/\*{mark}:\*/).*?(/\*:{mark}\*/)")
assert pattern.search(text), mark
open(path, "w").write(pattern.sub(lambda m: f"{m[1]} ({json.dumps(expression)[1:-1]}) {m[2]}", text))
PY
    flows=own
}

process() { # ANSWERS, to the call and to the store
    printf '{"Fetch the page":[%s],"Store the part":[%s]}' "$1" "${2:-{\"Return\":{\"ETag\":\"e\"\}\}}" >mocks.json
    "$AFFLUX" run "$flows/processing.asl.json" -t EXPRESS -i "$one_page" -m mocks.json -v "${@:3}"
}

extract() { # SUMMARY PAGES
    printf '{"Ask for the summary":[%s],"One page":[%s],"Remove the part":{"Return":{}},"Write down the counts":{"Return":{}}}' "$1" "$2" >mocks.json
    "$AFFLUX" run "$flows/extraction.asl.json" -i "$one_location" -m mocks.json -v "${@:3}"
}

# What is written to the location's row of a type: state, announced (-: it is not there), fetched, error.
counts() { # TYPE
    jq -r --arg type "ledger_$1" 'select(.type == "TaskScheduled") | .taskScheduledEventDetails.parameters | fromjson
        | select(.ExpressionAttributeNames["#entry"] == $type) | .ExpressionAttributeValues[":entry"].M
        | [.state.S, .announced.N // "-", .fetched.N, .error.S] | join(" ")' <<<"$output"
}

# ---- they are what both know ----

@test "the workflows are valid" {
    run -0 "$AFFLUX" validate "$flows"/*.asl.json
    run -0 "$AFFLUX" validate --strict-aws "$flows"/*.asl.json
}

@test "every task has a time limit, and is tried again for what may pass only" {
    run -0 jq -c '.. | objects | select(.Type? == "Task" and .TimeoutSeconds == null) | .Resource' "$flows"/*.asl.json
    same "$output" ''
    run -0 jq -c '.. | objects | select(.Type? == "Task") | .Retry[]?.ErrorEquals[]
        | select(. == "States.ALL" or startswith("States.Http.StatusCode.4") and . != "States.Http.StatusCode.429")' "$flows"/*.asl.json
    same "$output" ''
}

@test "what fails has a name and a cause" {
    run -0 jq -c '.. | objects | select(.Type? == "Fail" and (.Error == null or .Cause == null))' "$flows"/*.asl.json
    same "$output" ''
}

@test "no row is made by telling it something, and names of attributes are those that are defined" {
    run -0 jq -c '.. | objects | select(.Resource? == "arn:aws:states:::dynamodb:updateItem") | .Arguments
        | select((.ConditionExpression // "") | startswith("attribute_exists") | not)' "$flows"/*.asl.json
    same "$output" ''
    run -0 jq -c '.. | objects | select(.Resource? == "arn:aws:states:::dynamodb:updateItem") | .Arguments
        | select(([.UpdateExpression | scan("#[a-z]+")] | unique) != (.ExpressionAttributeNames // {} | keys))' "$flows"/*.asl.json
    same "$output" ''
}

@test "no key and no name is made of a clock or of chance" {
    run -1 grep -nE '\$(millis|now|uuid|random)\(' "$flows"/*.asl.json
}

# ---- a page ----

page_of_two='{"Return":{"StatusCode":200,"ResponseBody":{"count":2,"results":[{"resourceKey":"A","state":"failed","errors":[{"message":"x"},{"message":"y"}]},{"resourceKey":null,"errors":null}]}}}'

@test "a page: asked for by limit and offset, its rows stored, counts go back" {
    run -0 process "$page_of_two" '' --history
    has "$output" '\"Key\":\"parts/t%201/r/a%2Fb/failed/000000000004.json\"'
    has "$output" '${ApiEndpoint}/a%2Fb/get-data'
    has "$output" '\"QueryParameters\":{\"state\":\"failed\",\"limit\":\"2\",\"offset\":\"4\"}'
    has "$output" '\"Body\":[{\"location_id\":\"a/b\",\"discount_code\":\"A\",\"error_message\":\"x; y\",\"status\":\"failed\"},{\"location_id\":\"a/b\",\"discount_code\":\"\",\"error_message\":\"\",\"status\":\"failed\"}]'
    run -0 process "$page_of_two"
    same "$(jq -c 'del(.hash)' <<<"$output")" '{"offset":4,"count":2,"written":2,"more":true,"left":0,"unsure":false}'
}

@test "a page of one row is stored as an array" {
    run -0 process '{"Return":{"ResponseBody":[{"resourceKey":1}]}}' '' --history
    has "$output" '\"Body\":[{\"location_id\":\"a/b\",\"discount_code\":1,\"error_message\":\"\",\"status\":\"failed\"}]'
    has "$output" '\"count\":1,\"written\":1,\"more\":false'
}

# says BODY: what the page workflow makes of it: is there more, or why it failed.
says() {
    process "{\"Return\":{\"StatusCode\":200,\"Headers\":{\"x-total-count\":[\"6\"]},\"ResponseBody\":$1}}" >said 2>&1 || true
    jq -r .more said 2>/dev/null || grep -o 'Aggregate[.A-Za-z]*' said
}

two='[{"id":1},{"id":2}]'

@test "what the answer says about more pages is believed" {
    same "$(says "{\"items\":$two,\"total\":6}")" false
    same "$(says "{\"items\":$two,\"total\":7}")" true
    same "$(says "{\"items\":$two,\"total\":\"7\"}")" true
    same "$(says "{\"items\":$two,\"total\":\"6\"}")" false
    same "$(says "{\"items\":$two,\"total\":\"many\"}")" true
    same "$(says "{\"items\":$two,\"has_more\":false}")" false
    same "$(says "{\"items\":$two,\"has_more\":true,\"total\":6}")" true
    same "$(says "{\"results\":$two,\"count\":100,\"next\":null}")" false
    same "$(says "{\"results\":$two,\"count\":100,\"next\":\"https://next\"}")" true
    same "$(says "{\"data\":$two}")" true
    same "$(says '{"data":[{"id":1}]}')" false
    same "$(says "$two")" true
    same "$(says '{"results":[{"id":1}],"total":5}')" false
    says "{\"items\":$two,\"total\":17}"
    same "$(jq .left said)" 11
}

@test "a page with fewer rows than asked for, and more to come, is an error: rows would be lost" {
    same "$(says '{"items":[{"id":1}],"total":6}')" Aggregate.PageShort
    same "$(says '{"items":[{"id":1}],"has_more":true}')" Aggregate.PageShort
    same "$(says '{"items":[],"has_more":true}')" Aggregate.PageShort
    run -1 process '{"Return":{"ResponseBody":{"items":[{"id":1}],"total":6}}}'
    has "$output" 'the page at offset 4 has 1 rows and says that there are more; asked for were 2: page_size may be 1 at most'
    # A total may be too high, or change.
    same "$(says '{"items":[],"total":6}')" false
}

@test "a page has a hash where it may come twice" {
    says "$two" && same "$(jq -r '.hash | length' said)" 64
    says '[{"id":1}]' && same "$(jq -r .hash said)" ''
    marked processing.asl.json paging "'page'"
    says '[{"id":1}]' && same "$(jq -r '.hash | length' said)" 64
    says '{"items":[{"id":1}],"has_more":false}' && same "$(jq -r .hash said)" ''
}

@test "pages by number may have fewer rows, unless it is a number of rows that tells of more" {
    marked processing.asl.json paging "'page'"
    same "$(says '{"items":[{"id":1}],"has_more":true}')" true
    same "$(says '{"items":[],"next":"https://next"}')" true
    same "$(says '{"items":[{"id":1}],"total":6}')" Aggregate.PageShort
}

@test "how more pages are told of may be replaced: by headers, by rows, or by what is not always said" {
    marked processing.asl.json more "\$number(\$headers.'x-total-count'[0]) > \$offset + \$count(\$rows)"
    same "$(says "$two")" false
    marked processing.asl.json more "\$body.next_cursor"
    same "$(says "{\"items\":$two,\"next_cursor\":\"x\"}")" true
    same "$(says "{\"items\":$two,\"next_cursor\":null}")" false
    same "$(says "{\"items\":$two}")" true # it does not say: the page is full
    marked processing.asl.json more '$count($rows) = $limit'
    same "$(says '[{"id":1}]')" false
    same "$(jq .unsure said)" false
}

@test "who has one page only is asked for one only" {
    marked processing.asl.json paging "'none'"
    same "$(says "$two")" false
    same "$(says '[{"id":1}]')" false
    same "$(jq .unsure said)" false
}

@test "an empty page is no part, in whatever way it is empty" {
    for body in '[]' '{"results":[]}' '{"items":[],"has_more":false}' '{"results":null}' '{"results":null,"error":null}' \
        '{"count":0}' '{"total":"0"}' '{"has_more":false}'; do
        run -0 process "{\"Return\":{\"StatusCode\":200,\"ResponseBody\":$body}}" "$(throw S3.NoSuchBucketException)"
        same "$output" '{"offset":4,"count":0,"written":0,"more":false,"unsure":false,"hash":""}'
    done
    run -0 process '{"Return":{"StatusCode":204,"StatusText":"No Content"}}' "$(throw S3.NoSuchBucketException)"
    same "$output" '{"offset":4,"count":0,"written":0,"more":false,"unsure":false,"hash":""}'
}

@test "rows that are not objects are rows where the mapping takes them" {
    marked processing.asl.json row "{'a': \$row[0], 'b': \$row[1]}"
    run -0 process '{"Return":{"ResponseBody":[[1,2]]}}' '' --history
    has "$output" '\"Body\":[{\"a\":1,\"b\":2}]'
    marked processing.asl.json rows '$body.things'
    marked processing.asl.json row "{'x': \$row}"
    run -0 process '{"Return":{"ResponseBody":{"things":["p","q"]}}}' '' --history
    has "$output" '\"Body\":[{\"x\":\"p\"},{\"x\":\"q\"}]'
}

@test "a mapping that fails says why" {
    marked processing.asl.json row "\$error('no id in ' & \$string(\$row))"
    run -1 process "$page_of_two" '' --history
    has "$output" '"error":"States.QueryEvaluationError"'
    has "$output" 'threw an error during evaluation. D3137: no id in {\"resourceKey\":\"A\"'
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
    same "$(jq -c 'del(.hash)' <<<"$output")" '{"offset":4,"count":2,"written":0,"more":true,"unsure":false,"error":"S3.NoSuchBucketException","cause":"gone"}'
}

@test "an answer that is no page, is too long, or has rows that are none, is an error and not an empty page" {
    run -1 process "$(many 3 '{"Return":{"ResponseBody":"<html>"}}'),$page_of_two"
    has "$output" 'Aggregate.NotAPage: the answer for offset 4 has no array of rows'
    run -0 process "$(many 2 '{"Return":{"ResponseBody":"<html>"}}'),$page_of_two"
    has "$output" '"count":2'
    for body in '{}' '{"results":{}}' '{"results":null,"error":"busy"}' '"[]"' 7 null; do
        run -1 process "$(many 3 "{\"Return\":{\"StatusCode\":200,\"ResponseBody\":$body}}")"
        has "$output" 'Aggregate.NotAPage'
    done
    run -1 process '{"Return":{"ResponseBody":[{"id":1},{"id":2},{"id":3}]}}'
    has "$output" 'Aggregate.PageTooLong: the page at offset 4 has 3 rows; asked for were 2: page_size has to be 3 at least'
    run -1 process '{"Return":{"ResponseBody":[{"id":1},7]}}'
    has "$output" 'Aggregate.RowWithoutShape: not every row of the page at offset 4 became an object'
}

@test "a location with a url of its own is asked there" {
    one_page='{"task_id":"t","run":"r","location":{"location_id":"l","url":"https://other"},"type":"rejected","offset":0,"limit":2}'
    run -0 process "$page_of_two" '' --history
    has "$output" '\"ApiEndpoint\":\"https://other/l/get-data\"'
    one_page=${one_page/other/other//}
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

@test "where fewer rows came than announced, a page that was short says why, if others came behind it" {
    run -0 extract "$(summary 6 0)" "$(page 0 1 false '' true),$(page 2 1 false '' true),$(page 4 1 false '' true)" --history
    same "$(counts failed)" 'MISMATCH 6 3 Aggregate.PageShort'
    has "$output" 'the page at offset 0 has 1 rows where 2 were asked for, and behind it there are others: page_size may be 1 at most'
    run -0 extract "$(summary 6 0)" "$(page 0 2 true),$(page 2 0 false ''),$(page 4 2 false)" --history
    same "$(counts failed)" 'MISMATCH 6 4 Aggregate.PageShort'
    run -0 extract "$(summary 5 0)" "$(page 0 2 true),$(page 2 1 true),$(page 4 2 false)" --history
    same "$(counts failed)" 'COMPLETE 5 5 '
    marked extraction.asl.json paging "'page'"
    run -0 extract "$(summary 6 0)" "$(page 0 1 true),$(page 2 1 true),$(page 4 1 false)" --history
    same "$(counts failed)" 'MISMATCH 6 3 Aggregate.PageShort'
    marked extraction.asl.json has_summary false
    marked extraction.asl.json types "['failed']"
    one_location=${one_location/'pages_at_once":1'/'pages_at_once":3'}
    run -0 extract "$(throw No.Summary)" "$(page 0 1 true),$(page 2 1 true),$(page 4 1 false),$(page 6 0 false '')" --history
    same "$(counts failed)" 'COMPLETE - 3 '
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
    for body in '{}' '{"failed":0}' '{"failed":"x","rejected":0}' '{"failed":"-1","rejected":0}' '{"failed":1.5,"rejected":0}' \
        '{"failed":-1,"rejected":0}' '{"failed":1e300,"rejected":0}' '{"failed":[],"rejected":0}' '"x"'; do
        run -1 extract "{\"Return\":{\"ResponseBody\":{\"states\":$body}}}" "$(throw No.Page)"
        has "$output" 'Aggregate.NotASummary: '
    done
    has "$output" 'failed: the answer does not say how many rows there are of failed; rejected: the answer'
    run -1 extract '{"Return":{"StatusCode":204}}' "$(throw No.Page)" --history
    same "$(counts failed)" 'FAILED - 0 Aggregate.NotASummary'
}

@test "numbers of a summary may be texts" {
    run -0 extract "$(summary '"3"' '"0"')" "$(page 0 2 true),$(page 2 1 false)" --history
    same "$(counts failed)" 'COMPLETE 3 3 '
    same "$(counts rejected)" 'COMPLETE 0 0 '
}

@test "a summary may know one type and not the other" {
    run -0 extract "$(summary null 0)" "$(page 0 2 true),$(page 2 1 false)" --history
    same "$(counts failed)" 'COMPLETE - 3 '
    same "$(counts rejected)" 'COMPLETE 0 0 '
    has "$output" '\"state\":\"COMPLETE\",\"announced\":0,\"fetched\":3'
}

@test "a summary may be in the headers" {
    marked extraction.asl.json types "['all']"
    marked extraction.asl.json summary "{'all': \$headers.'x-total-count'[0]}"
    run -0 extract '{"Return":{"Headers":{"x-total-count":["1"]},"ResponseBody":[]}}' "$(page 0 1 false)" --history
    same "$(counts all)" 'COMPLETE 1 1 '
}

no_summary() {
    marked extraction.asl.json has_summary false
    marked extraction.asl.json types "['failed']"
}

@test "without a summary nobody is asked for one, and pages come until they say that there is no more" {
    no_summary
    run -0 extract "$(throw No.Summary)" "$(page 0 2 true),$(page 2 1 false)" --history
    same "$(counts failed)" 'COMPLETE - 3 '
    run -0 extract "$(throw No.Summary)" "$(page 0 0 false '')"
    same "$output" '{"location_id":"l1","state":"COMPLETE","announced":null,"fetched":0}'
    marked extraction.asl.json types "['a', 'b-1.x', 'c']"
    run -0 extract "$(throw No.Summary)" "$(many 3 "$(page 0 1 false '')")" --history
    for type in a b-1.x c; do same "$(counts $type)" 'COMPLETE - 1 '; done
}

# The sizes of the map runs.
windows() {
    jq -r 'select(.type == "MapStateStarted") | .mapStateStartedEventDetails.length' <<<"$output" | tail -n +2 | tr '\n' ' '
}

@test "without a summary one page comes first, then never more than came already, and later a quarter of that" {
    no_summary
    one_location=${one_location/'pages_at_once":1'/'pages_at_once":3'}
    answers=
    for ((i = 0; i < 40; i++)); do answers+="$(page $((2 * i)) 2 true),"; done
    run -0 extract "$(throw No.Summary)" "${answers}$(many 60 "$(page 80 0 false '')")" --history
    same "$(counts failed)" 'COMPLETE - 80 '
    same "$(windows)" '1 1 2 3 3 3 3 4 5 6 7 9 '
}

@test "without a summary, a page that tells how many rows are left has all other pages asked for at once" {
    no_summary
    run -0 extract "$(throw No.Summary)" "$(page 0 2 true a false 7),$(page 2 2 true b),$(page 4 2 true c),$(page 6 2 true d),$(page 8 1 false '')" --history
    same "$(counts failed)" 'COMPLETE - 9 '
    same "$(windows)" '1 4 '
    run -0 extract "$(throw No.Summary)" "$(page 0 2 true a false 1e9),$(many 100 "$(page 2 1 false '')")" --history
    same "$(windows)" '1 100 '
}

@test "without a summary, what cannot be had behind the last page is no error" {
    no_summary
    one_location=${one_location/'pages_at_once":1'/'pages_at_once":3'}
    two="$(page 0 2 true),$(page 2 2 true)"
    run -0 extract "$(throw No.Summary)" "$two,$(page 4 1 false),$(throw States.Http.StatusCode.404)" --history
    same "$(counts failed)" 'COMPLETE - 5 '
    run -1 extract "$(throw No.Summary)" "$two,$(throw States.Http.StatusCode.404),$(page 6 1 false)" --history
    same "$(counts failed)" 'FAILED - 5 States.Http.StatusCode.404'
}

@test "a short first page that says nothing of others is looked behind: rows of smaller pages are not lost" {
    no_summary
    first=$(page 0 1 false '' true)
    run -0 extract "$(throw No.Summary)" "$first,$(page 1 0 false '')" --history
    same "$(counts failed)" 'COMPLETE - 1 '
    run -0 extract "$(throw No.Summary)" "$first,$(throw States.Http.StatusCode.404)" --history
    same "$(counts failed)" 'COMPLETE - 1 '
    run -1 extract "$(throw No.Summary)" "$first,$(throw States.Http.StatusCode.500)" --history
    same "$(counts failed)" 'FAILED - 1 States.Http.StatusCode.500'
    has "$output" 'offset 1: because'
    run -1 extract "$(throw No.Summary)" "$first,$(page 1 1 false '' true)" --history
    same "$(counts failed)" 'FAILED - 2 Aggregate.PageShort'
    has "$output" 'page_size is more than the API gives at a time'
    marked extraction.asl.json paging "'page'"
    run -1 extract "$(throw No.Summary)" "$first,$(throw States.Http.Socket)"
    has "$output" 'offset 2: because'
}

@test "behind a page that says it is the last one, numbered pages that come all the same are removed, and not counted" {
    no_summary
    marked extraction.asl.json paging "'page'"
    one_location=${one_location/'pages_at_once":1'/'pages_at_once":4'}
    four=
    for ((i = 0; i < 4; i++)); do four+="$(page $((2 * i)) 2 true),"; done
    run -0 extract "$(throw No.Summary)" "$four$(page 8 1 false ''),$(page 10 1 false ''),$(page 12 1 false ''),$(page 14 0 false '')" --history
    same "$(counts failed)" 'COMPLETE - 9 '
    same "$(jq -r 'select(.type == "TaskScheduled") | .taskScheduledEventDetails.parameters | fromjson | .Key | strings' <<<"$output")" \
        $'parts/t/r/l1/failed/000000000010.json\nparts/t/r/l1/failed/000000000012.json'
    run -0 extract "$(throw No.Summary)" "$four$(page 8 2 false same),$(page 10 2 false same),$(page 12 2 false same),$(page 14 2 false same)" --history
    same "$(counts failed)" 'COMPLETE - 10 '
}

@test "without a summary, a short page with others behind it fails the location" {
    no_summary
    one_location=${one_location/'pages_at_once":1'/'pages_at_once":3'}
    run -1 extract "$(throw No.Summary)" "$(page 0 2 true),$(page 2 2 true),$(page 4 1 false),$(page 6 2 true)" --history
    same "$(counts failed)" 'FAILED - 7 Aggregate.PageShort'
    has "$output" 'the page at offset 4 has 1 rows'
}

@test "pages without end have one where nothing was announced, too" {
    no_summary
    run -1 extract "$(throw No.Summary)" "$(page 0 2 true same),$(page 2 2 true same)" --history
    same "$(counts failed)" 'FAILED - 4 Aggregate.PageRepeats'
    has "$(<own/extraction.asl.json)" '$announced < 0 ? 10000 * $page_size'
    sed -i 's/10000 \* \$page_size/20 * $page_size/' own/extraction.asl.json
    answers=
    for ((i = 0; i < 40; i++)); do answers+="$(page $((2 * i)) 2 true),"; done
    run -1 extract "$(throw No.Summary)" "${answers%,}"
    has "$output" 'Aggregate.NoEnd: failed: after '
}

@test "who has one page only is asked for all rows at once" {
    marked extraction.asl.json paging "'none'"
    run -0 extract "$(summary 5 0)" "$(page 0 5 false)" --history
    same "$(counts failed)" 'COMPLETE 5 5 '
}

@test "what an expression complained of comes back from a page, without the expression" {
    run -1 extract "$(summary 1 0)" '{"Return":{"Status":"FAILED","Error":"States.QueryEvaluationError","Cause":"The JSONata expression ... threw an error during evaluation. D3137: the location l1 has no shop"}}'
    has "$output" 'States.QueryEvaluationError: failed: offset 0: D3137: the location l1 has no shop'
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
    same "$(calls startJobRun.sync | jq -c .Arguments)" '{"--source_bucket":"${Bucket}","--source_prefix":"parts/t/n/","--destination_bucket":"${OutputBucket}","--destination_key":"t/n.csv","--ledger_key":"t/n.parts.jsonl"}'
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

@test "an input of a task's two keys is enough, or of one where both are the same" {
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$job_done" --history
    same "$(calls updateItem | head -n 1 | jq -c .Key)" '{"task_id":{"S":"t"},"created_at":{"S":"t"}}'
    input='{"task_id":"t","task_sort_key":"2026-01-01T00:00:00Z"}'
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$job_done" --history
    same "$(calls updateItem | jq -c 'select(.TableName == "${TasksTable}") | .Key' | uniq)" \
        '{"task_id":{"S":"t"},"created_at":{"S":"2026-01-01T00:00:00Z"}}'
    has "$output" '"page_size":"400","pages_at_once":"5"'
}

@test "the defaults of numbers may be replaced, and an input goes before them" {
    marked parent.asl.json page_size 50
    marked parent.asl.json pages_at_once 2
    marked parent.asl.json tolerate 0
    run -1 aggregate "$found" "$(extracted COMPLETE),$not_extracted" "$(counted COMPLETE FAILED)" "$(throw No.Job)" --history
    has "$output" '"page_size":"50","pages_at_once":"2"'
    same "$(row)" 'FAILED 2 1 1 0 14 12 States.ExceedToleratedFailureThreshold'
    input='{"task_id":"t","page_size":7,"tolerate":100}'
    run -0 aggregate "$found" "$(extracted COMPLETE),$not_extracted" "$(counted COMPLETE FAILED)" "$job_done" --history
    has "$output" '"page_size":"7","pages_at_once":"2"'
}

@test "where there are fewer locations than may be at work, each has more pages at once" {
    expression=$(jq -r '.States.Locations.ItemSelector.pages_at_once | ltrimstr("{%") | rtrimstr("%}")' "$flows/parent.asl.json")
    spread() { "$AFFLUX" eval -n "(\$found := $1; \$locations_at_once := 5; \$pages_at_once := 4; $expression)"; }
    same "$(spread 1) $(spread 2) $(spread 3) $(spread 5) $(spread 1000)" '20 10 7 4 4'
}

@test "counts are of the types that there are" {
    marked parent.asl.json types "['a', 'b-1.x']"
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" \
        "{\"Return\":{\"Items\":[{\"location_id\":{\"S\":\"l\"},\"ledger\":{\"M\":{\"run\":{\"S\":\"n\"},\"state\":{\"S\":\"COMPLETE\"}}},\"ledger_a\":$(type_entry n 3 3),\"ledger_b-1.x\":{\"M\":{\"run\":{\"S\":\"n\"},\"fetched\":{\"N\":\"7\"},\"written\":{\"N\":\"7\"}}}}]}}" \
        "$job_done" --history
    same "$(row)" 'SUCCEEDED 1 1 0 0 3 10 -'
    same "$(calls query | tail -n 1 | jq -c '[.ProjectionExpression, .ExpressionAttributeNames]')" \
        '["task_id, location_id, ledger, #t0, #t1",{"#t0":"ledger_a","#t1":"ledger_b-1.x"}]'
    marked parent.asl.json types "['only']"
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE)" "$job_done" --history
    same "$(calls query | tail -n 1 | jq -c '.ExpressionAttributeNames')" '{"#t0":"ledger_only"}'
}

@test "the job may be told more" {
    marked parent.asl.json output '{"--columns": "b,a", "--quote": "minimal"}'
    run -0 aggregate "$found" "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$job_done" --history
    same "$(calls startJobRun.sync | jq -c '.Arguments | [.["--columns"], .["--quote"], .["--source_prefix"]]')" '["b,a","minimal","parts/t/n/"]'
}

@test "columns of a location may be nested" {
    run -0 aggregate '{"Return":{"Count":1,"Items":[{"task_id":{"S":"t"},"location_id":{"S":"a"},"address":{"M":{"city":{"S":"Porto"},"at":{"L":[{"N":"1"},{"N":"2"}]},"no":{"NULL":true}}},"tags":{"SS":["x"]},"one":{"L":[{"M":{"k":{"N":"1"}}}]}}]}}' \
        "$(many 2 "$(extracted COMPLETE)")" "$(counted COMPLETE COMPLETE)" "$job_done" --history
    same "$(calls putObject | jq -c .Body)" '[{"location_id":"a","address":{"city":"Porto","at":[1,2],"no":null},"tags":["x"],"one":[{"k":1}]}]'
}
