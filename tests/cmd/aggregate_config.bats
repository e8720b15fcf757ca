# SPDX-License-Identifier: Apache-2.0
# afflux aggregate: credentials, limits, the configuration file, and --init.
# shellcheck disable=SC2016,SC2154

load helper

teardown() {
    [[ -z ${api_pid:-} ]] || kill "$api_pid" 2>/dev/null || true
}

# api [CERTIFICATE KEY]: auth_api.py on http://127.0.0.1:$one and :$two.
api() {
    python3 "$BATS_TEST_DIRNAME/auth_api.py" ports "$@" 3>&- &
    api_pid=$!
    until [[ -f ports ]]; do sleep 0.05; done
    read -r one two <ports || true
    url=http://127.0.0.1:$one
    printf 'location_id,name\na,A\nb,B\n' >list.csv
}

seen() {
    curl -s "http://127.0.0.1:$one/_seen" | jq -c "$@"
}

# ask KIND [OPTION…]
ask() {
    "$AFFLUX" aggregate --api "$url/$1" --locations list.csv --out report.csv "${@:2}"
}

@test "each kind of credentials comes to the API, and nowhere else" {
    api
    printf 's3cret\n' >secret
    KEY=s3cret run -0 ask key --auth api-key:X-Key=env:KEY
    has "$output" '8 in report.csv'
    run -0 ask basic --auth basic:me=file:secret
    run -0 ask none --auth none
    same "$(seen '.clients | unique')" '[null,"afflux"]'
    KEY=s3cret run -0 ask oauth --auth oauth:me=env:KEY --token-url "$url/token" --scope 'read all' --loops 1
    has "$output" '8 in report.csv'
    same "$(seen .tokens)" 1
    run -1 grep -raq -e s3cret -e t0ken report.afflux report.csv report.ledger.csv
}

@test "a connection that is none is told with its file" {
    api
    echo '{"AuthorizationType": "BASIC"}' >connection.json
    run -1 ask none --connection connection.json
    has "$output" "connection.json: connection 0: 1 validation error detected: Value null at 'authParameters'"
    echo '{' >connection.json
    run -2 ask none --connection connection.json
    has "$output" 'connection: connection.json: line 2, column 1: '
}

@test "a connection of its own file is taken, with all it says" {
    api
    cat >connection.json <<'END'
[{"Name": "of the file", "AuthorizationType": "API_KEY", "AuthParameters": {
  "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "s3cret"},
  "InvocationHttpParameters": {"HeaderParameters": [{"Key": "X-Extra", "Value": "more", "IsValueSecret": false}]}}}]
END
    run -0 ask key --connection connection.json
    has "$output" '8 in report.csv'
    same "$(seen '.extras | unique')" '["more"]'
    run -1 grep -raq s3cret report.afflux
    echo '[1]' >connection.json
    run -2 ask key --connection connection.json --data other
    has "$output" 'connection.json: it is an object as CreateConnection takes it'
    echo '{' >connection.json
    run -2 ask key --connection connection.json --data other
    has "$output" 'connection: connection.json: line 2, column 1'
    run -2 ask key --connection none.json --data other
    has "$output" 'none.json: No such file'
}

@test "the wrong credentials are told, and the right ones go on" {
    api
    KEY=wrong run -1 ask key --auth api-key:X-Key=env:KEY
    has "$(<report.ledger.csv)" 'States.Http.StatusCode.401'
    [[ $output != *wrong* ]]
    KEY=s3cret run -0 ask key --auth api-key:X-Key=env:KEY --retry-failed
    has "$output" '8 in report.csv'
}

@test "a secret that somebody writes down is not repeated" {
    api
    for how in api-key:X-Key=s3cret s3cret basic:s3cret oauth:me=s3cret; do
        run -2 ask key --auth "$how"
        [[ $output != *s3cret* ]]
        has "$output" '--auth is api-key:HEADER=SECRET'
        has "$output" 'never the secret itself'
        echo "{\"auth\": \"$how\"}" >c.json
        run -2 ask key --config c.json
        [[ $output != *s3cret* ]]
        has "$output" 'c.json: auth is api-key:HEADER=SECRET'
    done
    run -2 ask key --auth api-key:X-Key=file:nowhere
    has "$output" 'nowhere: No such file'
    : >empty
    run -2 ask key --auth api-key:X-Key=file:empty
    has "$output" 'the secret in empty is empty'
    head -c 65537 /dev/zero | tr '\0' x >large
    run -2 ask key --auth api-key:X-Key=file:large
    has "$output" 'large: File too large'
    run -2 ask key --auth none --api http://me:s3cret@127.0.0.1:9
    [[ $output != *s3cret* ]]
}

@test "calls are limited in all and to a host" {
    export WAIT=0.1
    api
    for i in {1..12}; do
        echo "{\"location_id\": \"l$i\", \"url\": \"http://127.0.0.1:$((i % 3 ? one : two))/none\"}"
    done >list.csv
    run -0 ask none --auth none --per-host 1 --loops 2 --data other
    same "$(seen '.most."0" == 1 and .most."1" == 1')" true
    run -0 ask none --auth none --concurrency 6 --per-host 4 --loops 2 --page-size 1
    same "$(seen '.most.all <= 6 and .most.all > 4')" true
    same "$(seen '.most."0" <= 4 and .most."1" <= 4')" true
}

@test "more calls are made at a time by the next process, if it is told so" {
    export WAIT=0.1
    api
    printf 'location_id\n' >list.csv
    printf '%s\n' {a..z} >>list.csv
    "$AFFLUX" aggregate --api "$url/none" --locations list.csv --out report.csv --auth none --concurrency 2 --quiet 3>&- &
    pid=$!
    until [[ $(seen '.begun | length') -gt 8 ]]; do sleep 0.05; done
    kill -9 "$pid"
    wait "$pid" || true
    same "$(seen '.most.all <= 2')" true
    run -0 ask none --auth none --concurrency 12
    same "$(seen '.most.all >= 8 and .most.all <= 12')" true
    has "$output" '104 in report.csv'
}

@test "calls begin as slowly as they are asked to" {
    api
    printf 'location_id\n' >list.csv
    printf '%s\n' {a..j} >>list.csv
    run -0 ask none --auth none --rate 20 --loops 2
    # 10 summaries and 20 pages: in no second more than 20, a twentieth, and one for each of the two loops
    same "$(seen '.begun | length')" 30
    same "$(seen '.begun | sort as $t | [range(0; 30 - 23) | $t[. + 23] - $t[.]] | min >= 1')" true
}

@test "certificates of one's own are trusted when they are named" {
    command -v openssl >/dev/null || skip "openssl is not installed"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.pem -days 2 -subj /CN=test \
        -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    api ca.pem key.pem
    run -1 ask none --auth none --retries 0 --api "https://127.0.0.1:$two/none"
    has "$(<report.ledger.csv)" 'States.Http.Socket'
    run -0 ask none --auth none --ca-file ca.pem --retry-failed --api "https://127.0.0.1:$two/none"
    has "$output" '8 in report.csv'
}

@test "what excludes or needs another option is told" {
    api
    run -2 ask none --auth none --connection x
    has "$output" '--auth and --connection exclude each other'
    run -2 ask none --no-summary --summary 1 --auth none
    has "$output" '--no-summary and --summary exclude each other'
    run -2 ask none --auth none --token-url http://x
    has "$output" '--token-url is for oauth'
    run -2 ask none --auth oauth:a=env:B
    has "$output" '--token-url is missing'
    run -2 ask none
    has "$output" "--auth is missing; an API that wants nothing has 'none'"
    run -2 ask none --auth none a b
    has "$output" "one folder at a time: 'b' is a second one"
    run -2 ask none --auth none --config x y
    has "$output" 'exclude each other'
    run -2 ask none --auth none --per-hosts 4
    has "$output" 'unknown option --per-hosts; did you mean --per-host?'
    run -2 ask none --auth none --rate 100001
    has "$output" '--rate is a number from 0 to 100000'
    [[ ! -e report.afflux ]]
}

# ---- the file ----

@test "a configuration file says all of it, from where it lies" {
    api
    mkdir -p shop/data
    cp list.csv shop/shops.csv
    echo s3cret >shop/secret
    cat >shop/afflux.json <<END
{"//": "a test", "api": "$url/key", "auth": "api-key:X-Key=file:secret", "locations": "shops.csv", "out": "rows.csv",
 "page_size": 2, "concurrency": 3, "crlf": false}
END
    run -0 "$AFFLUX" aggregate shop
    has "$output" '8 in shop/rows.csv'
    [[ -d shop/rows.afflux && -f shop/rows.ledger.csv ]]
    run -0 env -C shop "$AFFLUX" aggregate .
    has "$output" 'This was finished before'
    run -0 env -C shop "$AFFLUX" aggregate --config afflux.json
    has "$output" 'This was finished before'
    # Options count more; their paths are meant from here.
    echo s3cret >other
    run -0 "$AFFLUX" aggregate shop --auth basic:me=file:other --api "$url/basic" --out today.csv
    has "$output" '8 in today.csv'
    [[ -d today.afflux ]]
}

@test "what is wrong in a configuration file is named" {
    run -2 "$AFFLUX" aggregate nowhere
    has "$output" 'nowhere/afflux.json: No such file'
    has "$output" "'afflux aggregate --init nowhere' writes one"
    echo '{"page_sise": 1}' >c.json
    run -2 "$AFFLUX" aggregate --config c.json
    same "$output" 'afflux aggregate: c.json: page_sise is not known; did you mean page_size?'
    echo '{"api": "http://x"}' >c.json
    run -2 "$AFFLUX" aggregate --config c.json
    same "$output" 'afflux aggregate: c.json: locations is missing'
    run -2 "$AFFLUX" aggregate --config c.json --locations x --auth none --out a.txt
    has "$output" "--out ends with .csv, not 'a.txt'"
    echo '{"api": "http://x", "locations": "l", "auth": "none", "out": "a.txt"}' >c.json
    run -2 "$AFFLUX" aggregate --config c.json
    same "$output" "afflux aggregate: c.json: out ends with .csv, not 'a.txt'"
    echo '{"api": "http://x", "locations": "l", "auth": "none", "out": "a.csv", "row": "$row.("}' >c.json
    run -2 "$AFFLUX" aggregate --config c.json
    has "$output" 'afflux aggregate: c.json: row is no JSONata: '
    echo '{"api": ' >c.json
    run -2 "$AFFLUX" aggregate --config c.json
    has "$output" 'c.json: line 2, column 1: '
    head -c 4194305 /dev/zero >c.json
    run -2 "$AFFLUX" aggregate --config c.json
    has "$output" 'c.json: File too large'
}

@test "the example of the documentation is one" {
    docs=$BATS_TEST_DIRNAME/../../docs/configuration.md
    mkdir shop
    sed -n '/^```json/,/^```/{/^```/d;p}' "$docs" >shop/afflux.json
    same "$(jq length shop/afflux.json)" 21
    run -1 "$AFFLUX" aggregate shop
    has "$output" 'No such file or directory'
    # Every member is told of.
    "$AFFLUX" aggregate --help | grep -o -e '--[a-z-]*' | sort -u | while read -r option; do
        name=${option#--}
        grep -q -e "$option\b" -e "\`${name//-/_}\`" "$docs" || [[ $name == help ]] || { echo "$option"; return 1; }
    done
}

@test "an option takes the place of what it excludes in the file" {
    api
    echo '{"auth": "oauth:me=env:KEY", "token_url": "http://x", "scope": "all", "out": "report.csv"}' >c.json
    run -0 ask none --config c.json --auth none
    cat >connection.json <<'END'
{"AuthorizationType": "BASIC", "AuthParameters": {"BasicAuthParameters": {"Username": "me", "Password": "s3cret"}}}
END
    run -0 ask basic --config c.json --connection connection.json
    has "$output" '8 in report.csv'
}

# ---- a folder ----

@test "a folder that --init wrote runs as it is" {
    api
    run -0 "$AFFLUX" aggregate --init shop --api "$url/key" --auth api-key:X-Key=env:KEY --page-size 2 --locations list.csv
    has "$output" "shop/afflux.json is written; 'afflux aggregate shop' does what it says."
    same "$(find shop -type f | sort | xargs)" \
        'shop/README.md shop/afflux.json shop/workflows/extraction.asl.json shop/workflows/parent.asl.json shop/workflows/processing.asl.json'
    same "$(jq -r '[.api, .auth, .page_size, .locations, .workflows, ."// rows"] | @csv' shop/afflux.json)" \
        "\"$url/key\",\"api-key:X-Key=env:KEY\",2,\"$PWD/list.csv\",\"workflows\",\"\$body.results\""
    run -1 grep -rq s3cret shop
    for flow in parent extraction processing; do
        run -0 "$AFFLUX" validate "shop/workflows/$flow.asl.json"
    done
    KEY=s3cret run -0 "$AFFLUX" aggregate shop
    has "$output" '8 in shop/report.csv'
    # With paths in the folder it may be moved.
    run -0 "$AFFLUX" aggregate --init moved --api "$url/none" --auth none --quiet
    same "$output" ''
    mkdir elsewhere
    mv moved elsewhere/there
    run -0 "$AFFLUX" aggregate elsewhere/there/
    has "$output" '8 in elsewhere/there/report.csv'
    [[ -f elsewhere/there/report.csv ]]
}

@test "--init writes all or nothing, and nothing over what is there" {
    mkdir shop
    echo mine >shop/locations.csv
    run -0 "$AFFLUX" aggregate --init shop/
    same "$(<shop/locations.csv)" mine
    same "$(jq -r .auth shop/afflux.json)" 'api-key:X-Api-Key=env:API_KEY'
    cp -r shop before
    run -1 "$AFFLUX" aggregate --init shop
    has "$output" 'shop/afflux.json is there already: nothing is written'
    diff -r shop before
    rm shop/afflux.json
    run -1 "$AFFLUX" aggregate --init shop
    has "$output" 'shop/workflows/parent.asl.json is there already'
    run -1 "$AFFLUX" aggregate --init nowhere/shop
    has "$output" 'nowhere/shop: No such file'
    mkdir -p half/README.md half/afflux.json.d
    : >half/workflows
    run -1 "$AFFLUX" aggregate --init half
    has "$output" 'half/workflows: File exists'
    [[ ! -e half/afflux.json && ! -e half/locations.csv ]]
    run -2 "$AFFLUX" aggregate --init new --rate x
    run -2 "$AFFLUX" aggregate --init new --auth oauth:a=env:B
    run -2 "$AFFLUX" aggregate --init new --retry-failed
    run -2 "$AFFLUX" aggregate --init new old
    run -2 "$AFFLUX" aggregate --init ''
    [[ ! -e new ]]
}

@test "a changed workflow is another aggregation, another comment in the file is not" {
    api
    run -0 "$AFFLUX" aggregate --init shop --api "$url/none" --auth none
    run -0 "$AFFLUX" aggregate shop --json
    first=$(finished -r .run)
    jq '."// other" = 1 | .concurrency = 7 | .retries = 0' shop/afflux.json >new && mv new shop/afflux.json
    run -0 "$AFFLUX" aggregate shop --json
    same "$(finished -r '.run, .was_finished' | xargs)" "$first true"
    # It is the folder's own that runs.
    sed -i 's/"Comment": "A task/"Comment": "My task/' shop/workflows/parent.asl.json
    run -0 "$AFFLUX" aggregate shop --json
    [[ $(finished -r .run) != "$first" ]]
    same "$(finished -r .was_finished)" false
    echo '{' >shop/workflows/processing.asl.json
    run -1 "$AFFLUX" aggregate shop
    rm shop/workflows/processing.asl.json
    run -1 "$AFFLUX" aggregate shop
    has "$output" 'shop/workflows/processing.asl.json: No such file'
}
