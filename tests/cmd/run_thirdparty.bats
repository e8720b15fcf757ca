# SPDX-License-Identifier: Apache-2.0
# afflux run beside the sample third party, which counts how it was treated.
# shellcheck disable=SC2016,SC2154

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    thirdparty=$(dirname "$AFFLUX")/../../thirdparty
    [[ -x $thirdparty ]] || skip "build/thirdparty is not built"
    cat >connections.json <<'END'
[{"Name": "third", "AuthorizationType": "API_KEY", "AuthParameters":
  {"ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "Bearer sample-key"}}}]
END
    # Every location, its failed records page by page; how many there were, and how many it announced.
    cat >collect.asl.json <<'END'
{"QueryLanguage": "JSONata", "StartAt": "Locations", "States": {"Locations": {
  "Type": "Map", "Items": "{% $states.input %}", "MaxConcurrency": 8, "End": true,
  "ItemProcessor": {"StartAt": "Summary", "States": {
    "Summary": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "TimeoutSeconds": 30,
      "Assign": {"at": "{% $states.input.url & '/' & $states.input.id %}", "offset": 0,
        "announced": "{% $states.result.ResponseBody.states.failed %}"},
      "Arguments": {"ApiEndpoint": "{% $states.input.url & '/' & $states.input.id & '/get-summary' %}", "Method": "GET",
        "InvocationConfig": {"ConnectionArn": "arn:aws:events:us-east-1:000000000000:connection/third"}},
      "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1}], "Next": "Page"},
    "Page": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "TimeoutSeconds": 30,
      "Arguments": {"ApiEndpoint": "{% $at & '/get-data' %}", "Method": "GET",
        "QueryParameters": {"state": "failed", "limit": 20, "offset": "{% $offset %}"},
        "InvocationConfig": {"ConnectionArn": "arn:aws:events:us-east-1:000000000000:connection/third"}},
      "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1}],
      "Assign": {"offset": "{% $offset + $states.result.ResponseBody.count %}", "got": "{% $states.result.ResponseBody.count %}"},
      "Output": {}, "Next": "More"},
    "More": {"Type": "Choice", "Choices": [{"Condition": "{% $got = 20 %}", "Next": "Page"}], "Default": "Done"},
    "Done": {"Type": "Pass", "Output": "{% [$announced, $offset] %}", "End": true}}}}}}
END
}

teardown() {
    [[ -z ${party-} ]] || { kill "$party" && wait "$party"; } || true
}

# begin OPTION…: a third party of 12 locations; input.json for the workflow; $origin, $party.
begin() {
    "$thirdparty" --listen 127.0.0.1:0 --locations 12 --write-locations locations.csv "$@" >line 3>&- &
    party=$!
    for _ in {1..400}; do
        [[ ! -s line ]] || break
        sleep 0.025
    done
    origin=$(sed 's,.*\(http:.*\)/v1.*,\1,' line)
    awk -F , 'NR > 1 { printf "%s{\"id\":\"%s\",\"url\":\"%s\"}", (NR > 2 ? "," : "["), $1, $2 } END { print "]" }' \
        locations.csv >input.json
}

# figure NAME: what the third party says of all locations.
figure() {
    curl -sS "$origin/_stats?brief" | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

# collected: every location in $output gave what it announced.
collected() {
    [[ $output =~ ^\[(\[[0-9]+,[0-9]+\],?){12}\]$ ]]
    [[ -z $(tr -d '[' <<<"$output" | tr ']' '\n' | sed 's/^,//' | awk -F , 'NF == 2 && $1 != $2') ]]
}

@test "a third party that names a time is left alone until then, by all" {
    begin --rows 100 --fault busy=1:3 --retry-after 1
    run -0 "$AFFLUX" run collect.asl.json -i @input.json --connections connections.json
    collected
    same "$(figure busy_given)" 3
    same "$(figure early)" 0
    same "$(figure early_any)" 0
    same "$(figure page_given_max)" 1
}

@test "after each kill a page is fetched once more at most" {
    begin --rows 500 --latency 30
    kills=0
    while [[ $kills -lt 3 ]]; do
        before=$(figure pages_given)
        "$AFFLUX" run collect.asl.json -i @input.json -c connections.json -d kept >first 2>errors 3>&- &
        pid=$!
        for _ in {1..400}; do
            [[ $(figure pages_given) -ge $((before + 10)) ]] && break
            sleep 0.01
        done
        kill -9 "$pid"
        wait "$pid" || true
        kills=$((kills + 1))
        [[ ! -s first ]]
    done
    run -0 "$AFFLUX" run collect.asl.json -i @input.json -c connections.json -d kept
    collected
    [[ $(figure page_given_max) -le $((kills + 1)) ]]
    [[ $(figure pages_again) -le $((kills * 8)) ]] # at most those that were under way
}

@test "locations that fail at first, are slow or end a page in the middle are collected in the end" {
    begin --rows 100 --fault error=2,reset,cut,slow=300,garbage
    run -0 "$AFFLUX" run collect.asl.json -i @input.json --connections connections.json
    collected
    [[ $(figure faults_given) -ge 4 ]]
}
