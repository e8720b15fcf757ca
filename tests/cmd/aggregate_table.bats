# SPDX-License-Identifier: Apache-2.0
# afflux aggregate with locations that are items of a table, as aws put them into the data folder.
# shellcheck disable=SC2016,SC2154

load helper
load server
load aggregate

# stop: the server, cleanly.
stop() {
    kill -TERM "$server"
    wait "$server"
    unset 'pids[-1]'
}

# call OPERATION BODY: of the table service, by hand.
call() {
    curl -sSf -H "X-Amz-Target: DynamoDB_20120810.$1" -d "$2" "http://$address/"
}

# table NAME HASH TYPE: with a range key location_id, and with HASH alone where that is it.
table() {
    local range='' attribute=''
    [[ $2 == location_id ]] || {
        range=', {"AttributeName": "location_id", "KeyType": "RANGE"}'
        attribute=', {"AttributeName": "location_id", "AttributeType": "S"}'
    }
    call CreateTable '{"TableName": "'"$1"'", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "'"$2"'",
        "KeyType": "HASH"}'"$range"'], "AttributeDefinitions": [{"AttributeName": "'"$2"'", "AttributeType": "'"$3"'"}'"$attribute"']}' >/dev/null
}

put() { # TABLE ITEM
    call PutItem '{"TableName": "'"$1"'", "Item": '"$2"'}' >/dev/null
}

@test "items that the aws command put are the locations; a run over them is gone on with, and a changed table is another" {
    serve --data data
    with_aws
    aws dynamodb create-table --table-name shops --billing-mode PAY_PER_REQUEST \
        --attribute-definitions AttributeName=location_id,AttributeType=S \
        --key-schema AttributeName=location_id,KeyType=HASH >/dev/null
    aws dynamodb put-item --table-name shops --item '{"location_id": {"S": "l1"}, "name": {"S": "One"}}'
    aws dynamodb put-item --table-name shops --item '{"location_id": {"S": "l3"}, "name": {"S": "Three"}}'
    stop
    api
    run -0 aggregate --locations table:shops --row '{"shop": $location.name, "code": $row.resourceKey}'
    has "$output" '44 in report.csv'
    same "$(read_csv report.csv | jq -c '[.[1:][][0]] | group_by(.) | map([.[0], length])')" '[["One",11],["Three",33]]'
    cp report.csv first.csv
    run -0 aggregate --locations table:shops --row '{"shop": $location.name, "code": $row.resourceKey}' --json
    same "$(finished .was_finished)" true
    run=$(finished -r .run)
    cmp first.csv report.csv
    serve --data data
    put shops '{"location_id": {"S": "l2"}, "name": {"S": "Two"}}'
    stop
    run -0 aggregate --locations table:shops --row '{"shop": $location.name, "code": $row.resourceKey}' --json
    same "$(finished -c '[.was_finished, .locations, .in_csv]')" '[false,3,66]'
    [[ $(finished -r .run) != "$run" ]]
}

@test "items are what the same lines of JSON are, and what the workflows write down is no part of them" {
    serve --data data
    table places task_id S
    put places '{"task_id": {"S": "t"}, "location_id": {"S": "l1"}, "n": {"N": "12.50"}, "b": {"BOOL": true}, "s": {"S": "x \"y\" é"},
        "no": {"NULL": true}, "empty": {"S": ""}, "m": {"M": {"a": {"L": [{"N": "1"}, {"S": "two"}, {"NULL": true}, {"BOOL": false}]}}},
        "ss": {"SS": ["p", "q"]}, "ns": {"NS": ["1", "2"]}, "bytes": {"B": "AQI="},
        "ledger": {"M": {"run": {"S": "x"}}}, "ledger_failed": {"M": {}}}'
    stop
    api
    row='{"all": $string($location)}'
    run -0 aggregate --locations table:places --row "$row"
    read_csv report.csv | jq -c '.[1][0] | fromjson' >of_table
    echo '{"location_id":"l1","n":12.5,"b":true,"s":"x \"y\" é","no":null,"empty":"","m":{"a":[1,"two",null,false]},"ss":["p","q"],"ns":[1,2],"bytes":"AQI="}' >list.jsonl
    run -0 aggregate --locations list.jsonl --row "$row"
    read_csv report.csv | jq -c '.[1][0] | fromjson' >of_list
    same "$(<of_table)" "$(<of_list)"
    same "$(jq -c . <of_table)" '{"b":true,"bytes":"AQI=","location_id":"l1","m":{"a":[1,"two",null,false]},"n":12.5,"ns":[1,2],"s":"x \"y\" é","ss":["p","q"]}'
}

@test "KEY chooses the items that have it, as text or as a number" {
    serve --data data
    table towns town S
    table days day N
    for n in 1 2 3; do
        put towns '{"town": {"S": "Porto/Norte"}, "location_id": {"S": "l'$n'"}}'
        put days '{"day": {"N": "'$n'"}, "location_id": {"S": "l'$n'"}}'
    done
    put towns '{"town": {"S": "Lyon"}, "location_id": {"S": "l1"}}'
    stop
    api
    run -0 aggregate --json --locations table:towns/Porto/Norte
    same "$(finished .locations)" 3
    run -0 aggregate --json --locations table:days/2.0
    same "$(finished -c '[.locations, .in_csv]')" '[1,22]'
    run -0 aggregate --json --locations table:towns/Nowhere
    same "$(finished -c '[.locations, .in_csv]')" '[0,0]'
    run -1 aggregate --locations table:towns
    has "$output" "the location 'l1' is there twice"
    run -1 aggregate --locations table:days/two
    has "$output" 'table:days/two: '
}

@test "what is wrong with a table is said" {
    run -1 aggregate --locations table:shops
    has "$output" 'table:shops: there is no data folder data'
    serve --data data
    table towns town S
    put towns '{"town": {"S": "Porto"}, "location_id": {"S": "l1"}}'
    call CreateTable '{"TableName": "things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "B"}]}' >/dev/null
    put things '{"id": {"B": "AQI="}, "name": {"S": "x"}}'
    run -1 aggregate --locations table:towns
    has "$output" 'table:towns: the data folder data is in use by process'
    has "$output" 'stop it, or start the workflows that are deployed there'
    stop
    run -1 aggregate --locations table:shops
    has "$output" 'table:shops: there is no such table'
    run -1 aggregate --locations table:things
    has "$output" 'the item with id "AQI=": it has no location_id'
    run -1 aggregate --locations table:things/AQI=
    has "$output" 'its key id is binary'
    for name in table: table:/x table:towns/; do
        run -1 aggregate --locations "$name"
        has "$output" "$name: it is table:NAME, or table:NAME/KEY"
    done
    serve --data data
    put things '{"id": {"B": "AQI="}, "location_id": {"N": "5"}}'
    stop
    run -1 aggregate --locations table:things
    has "$output" 'its location_id is no text, or empty'
    [[ ! -e report.csv ]]
}

@test "five thousand items are as many locations, page by page" {
    third_party '' 5000 0-2 0
    serve --data data
    table many town S
    python3 - "$address" <<'END'
import csv, http.client, json, sys

c = http.client.HTTPConnection(sys.argv[1])
rows = [row["location_id"] for row in csv.DictReader(open("list.csv", newline=""))]
for at in range(0, len(rows), 25):
    items = [{"town": {"S": "x"}, "location_id": {"S": row}, "text": {"S": "y" * 300}} for row in rows[at : at + 25]]
    body = {"RequestItems": {"many": [{"PutRequest": {"Item": item}} for item in items]}}
    c.request("POST", "/", json.dumps(body), {"X-Amz-Target": "DynamoDB_20120810.BatchWriteItem"})
    answer = c.getresponse()
    body = answer.read()
    assert answer.status == 200 and json.loads(body)["UnprocessedItems"] == {}, body
END
    stop
    for from in table:many table:many/x; do # the same locations in the same order: one run
        run -0 timeout 150 env KEY=sample-key "$AFFLUX" aggregate --api "$url/v1" --locations "$from" --auth api-key:X-Api-Key=env:KEY \
            --out report.csv --data data --concurrency 100 --json
        same "$(finished -c '[.locations, .complete, .was_finished, .in_csv]')" \
            "[5000,5000,$([[ $from == */x ]] && echo true || echo false),$(curl -s "$url/_stats" | jq '[.locations[] | .failed + .rejected] | add')]"
    done
}
