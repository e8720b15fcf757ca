# SPDX-License-Identifier: Apache-2.0
# afflux run with http:invoke: pages of three locations from a server of the test.
# shellcheck disable=SC2016,SC2154

load helper

setup() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    cd "$BATS_TEST_TMPDIR" || return
    python3 "$BATS_TEST_DIRNAME/pages.py" calls >port 3>&- &
    server=$!
    for _ in {1..100}; do
        [[ -s port ]] && break
        sleep 0.05
    done
    cat >connections.json <<'END'
[{"Name": "orders", "AuthorizationType": "API_KEY", "AuthParameters":
  {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "s3cret"}}}]
END
    cat >collect.asl.json <<END
{"QueryLanguage": "JSONata", "StartAt": "Locations", "States": {"Locations": {
  "Type": "Map", "Items": "{% [1..3] %}", "End": true, "Output": "{% \$states.result.{'location': location, 'rows': rows, 'cents': cents} %}",
  "ItemProcessor": {"StartAt": "Begin", "States": {
    "Begin": {"Type": "Pass", "Assign": {"location": "{% \$states.input %}", "offset": 0, "rows": 0, "cents": 0}, "Next": "Fetch"},
    "Fetch": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "TimeoutSeconds": 30,
      "Arguments": {"ApiEndpoint": "http://127.0.0.1:$(<port)/orders", "Method": "GET",
        "QueryParameters": {"location": "{% \$location %}", "offset": "{% \$offset %}"},
        "InvocationConfig": {"ConnectionArn": "arn:aws:events:us-east-1:000000000000:connection/orders"}},
      "Retry": [{"ErrorEquals": ["States.Http.StatusCode.503"], "IntervalSeconds": 1, "BackoffRate": 1}],
      "Assign": {"next": "{% \$states.result.ResponseBody.next ~> \$exists() ? \$states.result.ResponseBody.next : -1 %}",
        "rows": "{% \$rows + \$count(\$states.result.ResponseBody.rows) %}",
        "cents": "{% \$cents + \$sum(\$states.result.ResponseBody.rows.cents) %}"},
      "Next": "More"},
    "More": {"Type": "Choice", "Choices": [{"Condition": "{% \$next >= 0 %}", "Assign": {"offset": "{% \$next %}"}, "Next": "Fetch"}], "Default": "Done"},
    "Done": {"Type": "Pass", "Output": {"location": "{% \$location %}", "rows": "{% \$rows %}", "cents": "{% \$cents %}"}, "End": true}}}}}}
END
    wanted='[{"location":1,"rows":100,"cents":10950},{"location":2,"rows":100,"cents":10950},{"location":3,"rows":100,"cents":10950}]'
}

teardown() {
    [[ -z ${server-} ]] || kill "$server"
}

@test "pages are collected without a folder" {
    run -0 "$AFFLUX" run collect.asl.json --connections connections.json
    same "$output" "$wanted"
    same "$(sort calls | uniq | wc -l)" 15
    same "$(wc -l <calls)" 20
}

@test "what was killed in the middle collects the same" {
    "$AFFLUX" run collect.asl.json --connections connections.json -d kept >first &
    pid=$!
    for _ in {1..200}; do
        [[ $(wc -l <calls 2>/dev/null || echo 0) -ge 8 ]] && break
        sleep 0.05
    done
    kill -9 "$pid"
    wait "$pid" || true
    same "$(<first)" ''
    run -0 "$AFFLUX" run collect.asl.json -d kept
    same "$output" "$wanted"
    same "$(sort calls | uniq | wc -l)" 15
    [[ $(wc -l <calls) -lt 26 ]] # what was kept is not fetched again, what was under way is
}

@test "Express executions call" {
    run -0 "$AFFLUX" run collect.asl.json -c connections.json --type EXPRESS
    same "$output" "$wanted"
}

@test "a mock answers instead of the host" {
    echo '{"Fetch": {"Return": {"ResponseBody": {"rows": [{"cents": 1}]}}}}' >mocks.json
    run -0 "$AFFLUX" run collect.asl.json --mock mocks.json
    same "$output" '[{"location":1,"rows":1,"cents":1},{"location":2,"rows":1,"cents":1},{"location":3,"rows":1,"cents":1}]'
    [[ ! -e calls ]]
}

@test "without its connection a call fails, and so does the wrong key" {
    run -1 "$AFFLUX" run collect.asl.json
    has "$output" '/Fetch": Events.ConnectionResource.ResourceNotFound: '
    sed -i 's/s3cret/other/' connections.json
    run -1 "$AFFLUX" run collect.asl.json -c connections.json
    has "$output" '/Fetch": States.Http.StatusCode.401: Unauthorized'
}

@test "connections are kept sealed, and updated by the next file" {
    sed 's/s3cret/other/' connections.json >wrong.json
    run -1 "$AFFLUX" run collect.asl.json -c wrong.json -d kept
    run -0 "$AFFLUX" run collect.asl.json -c connections.json -d kept --name again
    same "$output" "$wanted"
    run -1 grep -rq s3cret kept
    same "$(stat -c %a kept/secret.key)" 600
}

@test "a file of connections that is wrong is said" {
    echo '[{"Name": "x"}]' >bad.json
    run -1 "$AFFLUX" run collect.asl.json -c bad.json
    has "$output" 'afflux run: bad.json: connection 0: '
    echo '[1]' >bad.json
    run -1 "$AFFLUX" run collect.asl.json -c bad.json
    has "$output" 'bad.json: connection 0: a connection is an object'
    echo '[' >bad.json
    run -1 "$AFFLUX" run collect.asl.json -c bad.json
    has "$output" 'bad.json: line 2, column 1: '
    run -1 "$AFFLUX" run collect.asl.json -c none.json
    has "$output" 'cannot read none.json'
    run -2 "$AFFLUX" run collect.asl.json -c connections.json --virtual-time
}

@test "nothing is left of a run without a folder" {
    mkdir tmp
    TMPDIR=$PWD/tmp run -0 "$AFFLUX" run collect.asl.json -c connections.json
    same "$(ls tmp)" ''
}
