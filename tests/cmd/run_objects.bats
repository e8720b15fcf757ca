# SPDX-License-Identifier: Apache-2.0
# afflux run --objects: distributed Maps that read and write objects of a folder.
# shellcheck disable=SC2016,SC2154

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p objects/in/part objects/out
    printf 'id,name\n1,one\n2,two\n3,three\n' >objects/in/rows.csv
    printf '{"id": 4}\n{"id": 5}\n' >objects/in/part/a.jsonl
    printf '{"id": 6}\n' | gzip >objects/in/part/b.jsonl.gz
}

# machine READER WRITER MEMBERS: a Map over what the reader finds, each item through a Pass.
machine() {
    cat <<END
{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {"Type": "Map", "Label": "Each",
  "ItemReader": $1, $2 ${3:-}
  "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
    "StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": true}}},
  "End": true}}}
END
}

CSV='{"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
  "Arguments": {"Bucket": "in", "Key": "rows.csv"}}'
LIST='{"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": {"Bucket": "in", "Prefix": "part/"}}'
FLAT='{"Resource": "arn:aws:states:::s3:listObjectsV2", "ReaderConfig": {"InputType": "JSONL", "Transformation":
  "LOAD_AND_FLATTEN"}, "Arguments": {"Bucket": "in", "Prefix": "part/"}}'
WRITER='"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "out", "Prefix": "r"},
  "WriterConfig": {"OutputType": "JSONL", "Transformation": "COMPACT"}},'

@test "an object is read" {
    machine "$CSV" '' >map.json
    run -0 "$AFFLUX" run map.json --objects objects
    same "$output" '[{"id":"1","name":"one"},{"id":"2","name":"two"},{"id":"3","name":"three"}]'
}

@test "objects are listed, and loaded" {
    machine "$LIST" '' '"Output": "{% $states.result.Key %}",' >map.json
    run -0 "$AFFLUX" run map.json --objects objects
    same "$output" '["part/a.jsonl","part/b.jsonl.gz"]'
    machine "$FLAT" '' >map.json
    run -0 "$AFFLUX" run map.json -o objects
    same "$output" '[{"id":4},{"id":5},{"id":6}]'
}

@test "results are written, and named by the output" {
    machine "$FLAT" "$WRITER" >map.json
    run -0 "$AFFLUX" run map.json --objects objects
    has "$output" '"ResultWriterDetails":{"Bucket":"out","Key":"r/'
    folder=$(echo objects/out/r/*)
    same "$(<"$folder/SUCCEEDED_0.json")" $'{"id":4}\n{"id":5}\n{"id":6}'
    has "$(<"$folder/manifest.json")" '"DestinationBucket":"out"'
    same "$(find "$folder" -type f | wc -l)" 2
}

@test "keys do not lead out of the folder" {
    echo '[1]' >secret.json
    ln -s "$PWD/secret.json" objects/in/link.json
    for key in ../../secret.json /secret.json link.json; do
        machine "{\"Resource\": \"arn:aws:states:::s3:getObject\", \"ReaderConfig\": {\"InputType\": \"JSON\"},
          \"Arguments\": {\"Bucket\": \"in\", \"Key\": \"$key\"}}" '' >map.json
        run -1 "$AFFLUX" run map.json --objects objects
        has "$output" States.ItemReaderFailed
    done
}

@test "what cannot be read says why" {
    machine "${CSV//CSV\"/PARQUET\"}" '' >map.json
    run -1 "$AFFLUX" run map.json --objects objects
    has "$output" 'Parquet objects cannot be read here'
    machine "$CSV" '' >map.json
    run -1 "$AFFLUX" run map.json
    has "$output" 'The specified bucket'
    run -1 "$AFFLUX" run map.json --objects nowhere
    has "$output" 'the folder nowhere cannot be opened'
    run -2 "$AFFLUX" run map.json --objects objects --virtual-time
    has "$output" '--objects is for objects'
}

@test "a mock's items are taken without any object" {
    machine "$CSV" '' >map.json
    echo '{"Each": [{"Items": [{"a": 1}, 2]}]}' >mocks.json
    run -0 "$AFFLUX" run map.json --mock mocks.json
    same "$output" '[{"a":1},2]'
    run -0 "$AFFLUX" run map.json --mock mocks.json --virtual-time
    same "$output" '[{"a":1},2]'
    echo '{"Each": {"Throw": {"Error": "No", "Cause": "none"}}}' >mocks.json
    run -1 "$AFFLUX" run map.json --mock mocks.json
    has "$output" 'No: none'
}

@test "what was killed goes on behind what was done, and writes its files" {
    seq 1 3000 >objects/in/numbers.jsonl
    machine "${FLAT//part\//numbers}" "$WRITER" '"MaxConcurrency": 20,' >map.json
    sed -i 's/"Keep": {"Type": "Pass"/"Keep": {"Type": "Wait", "Seconds": 0/' map.json
    "$AFFLUX" run map.json --objects objects --data kept --name once >/dev/null &
    pid=$!
    for _ in {1..200}; do
        [[ $("$AFFLUX" inspect -d kept once --history 2>/dev/null | grep -c MapRunStarted) == 1 ]] && break
        sleep 0.01
    done
    kill -9 "$pid"
    wait "$pid" || true
    run -0 "$AFFLUX" run map.json --objects objects --data kept --name once
    folder=$(echo objects/out/r/*)
    same "$(cat "$folder"/SUCCEEDED_0.json)" "$(seq 1 3000)"
}

@test "however often it is killed, each item is in one file once" {
    seq 1 2000 >objects/in/numbers.jsonl
    steps='"Keep": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input % 7 = 0 %}", "Next": "Bad"}], "Default": "Good"},
      "Good": {"Type": "Pass", "End": true}, "Bad": {"Type": "Fail", "Error": "Seven"}'
    one='{"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL"},
      "Arguments": {"Bucket": "in", "Key": "numbers.jsonl"}}'
    for type in EXPRESS STANDARD; do
        reader=$one
        [[ $type == EXPRESS ]] || reader=${FLAT//part\//numbers}
        map=$(machine "$reader" "${WRITER//\"r\"/\"$type\"}" '"ToleratedFailurePercentage": 50,')
        map=${map//EXPRESS/$type}
        echo "${map//'"Keep": {"Type": "Pass", "End": true}'/$steps}" >map.json
        for delay in 0.02 0.05 0.08 0.11 0.15 0.2 0.25 0.3; do
            timeout -s KILL "$delay" "$AFFLUX" run map.json --objects objects --data "$type" >/dev/null 2>&1 || true
        done
        run -0 "$AFFLUX" run map.json --objects objects --data "$type"
        folder=$(echo "objects/out/$type"/*)
        same "$(cat "$folder"/SUCCEEDED_0.json)" "$(seq 1 2000 | awk '$1 % 7')"
        same "$(grep -o '"Input":"[0-9]*"' "$folder"/FAILED_0.json | tr -dc '0-9\n')" "$(seq 7 7 2000)"
        same "$(find "$folder" -type f -name '*.json' | wc -l)" 3
    done
}
