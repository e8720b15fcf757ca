# SPDX-License-Identifier: Apache-2.0
# afflux serve and afflux env: the server as a shell meets it, with the stock aws command where there is one.
# shellcheck disable=SC2016,SC2154

load helper

# What a test starts is ended here.
setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    pids=()
}

teardown() {
    [[ ${#pids[@]} -eq 0 ]] || kill "${pids[@]}" 2>/dev/null || true
    [[ ${#pids[@]} -eq 0 ]] || wait "${pids[@]}" || true # not for bats' own clock
}

# wait_for_line FILE: until it has one.
wait_for_line() {
    for _ in {1..400}; do
        [[ ! -s $1 ]] || return 0
        sleep 0.025
    done
    return 1
}

# serve OPTION…: a server on a free port; sets $address and $server.
serve() {
    : >line
    "$AFFLUX" serve --listen 127.0.0.1:0 "$@" >line 2>errors 3>&- &
    server=$!
    pids+=("$server")
    wait_for_line line || { cat errors; return 1; }
    [[ $(<line) =~ ^afflux\ listens\ on\ http://(127\.0\.0\.1:[0-9]+),\ data\ in\ (.*)$ ]]
    address=${BASH_REMATCH[1]}
}

# call TARGET BODY: an operation, by hand.
call() {
    curl -sS -H "X-Amz-Target: $1" -d "$2" "http://$address/"
}

# with_aws: settings for this shell, the network elsewhere closed to it.
with_aws() {
    command -v aws >/dev/null || skip "the aws command is not installed"
    export HOME=$BATS_TEST_TMPDIR AWS_PAGER='' AWS_MAX_ATTEMPTS=1
    eval "$("$AFFLUX" env --listen "$address" "$@")"
}

@test "it says where it listens, answers, and ends cleanly with SIGTERM" {
    serve
    [[ -d afflux-data ]]
    run -0 curl -sS "http://$address/_afflux/health"
    same "$output" '{"status":"ok"}'
    kill -TERM "$server"
    wait "$server"
    same "$(<errors)" ''
    ! curl -sS "http://$address/_afflux/health"
}

@test "metrics tell of the HTTP calls of workflows" {
    serve
    run -0 curl -sS "http://$address/_afflux/metrics"
    for line in calls:gauge:0 calls_waiting:gauge:0 calls_total:counter:0 requests_total:counter:0 \
        received_bytes_total:counter:0 hosts_paused:gauge:0 pause_seconds:gauge:0; do
        IFS=: read -r name type value <<<"$line"
        has "$output" "# TYPE afflux_engine_$name $type
afflux_engine_$name $value"
    done
}

@test "SIGINT ends it, too, and what was kept is there again" {
    serve --data kept --loops 3
    run -0 call AWSEvents.CreateConnection '{"Name": "shop", "AuthorizationType": "BASIC", "AuthParameters":
        {"BasicAuthParameters": {"Username": "u", "Password": "s3cret"}}}'
    has "$output" '"ConnectionState":"AUTHORIZED"'
    kill -INT "$server"
    wait "$server"
    serve --data kept --loops 1
    run -0 call AWSEvents.DescribeConnection '{"Name": "shop"}'
    has "$output" '"Username":"u"'
    ! grep -rq s3cret kept
}

@test "what is killed keeps what it has acknowledged" {
    serve --data kept
    for i in 1 2 3 4 5; do
        call AWSEvents.CreateConnection "{\"Name\": \"c$i\", \"AuthorizationType\": \"BASIC\", \"AuthParameters\":
            {\"BasicAuthParameters\": {\"Username\": \"u\", \"Password\": \"p\"}}}" >/dev/null
    done
    kill -KILL "$server"
    wait "$server" || true
    serve --data kept
    run -0 call AWSEvents.ListConnections '{}'
    same "$(grep -o '"Name":"c[0-9]"' <<<"$output" | wc -l)" 5
}

@test "only loopback addresses can be listened on, and it says why" {
    run -1 --separate-stderr "$AFFLUX" serve --listen 0.0.0.0:0
    has "$stderr" 'is not a loopback address'
    [[ ! -e afflux-data ]]
    run -2 "$AFFLUX" serve --listen nowhere
    run -2 "$AFFLUX" serve --account 12
    run -2 "$AFFLUX" serve --region 'eu"x'
    run -2 "$AFFLUX" serve --loops 0
    run -2 "$AFFLUX" serve --loops 65
    run -2 "$AFFLUX" serve --host http://x
    run -2 "$AFFLUX" serve here
}

@test "a port or folder that is in use is an error" {
    serve --data kept
    run -1 "$AFFLUX" serve --listen "$address" --data other
    has "$output" 'in use'
    run -1 "$AFFLUX" serve --listen 127.0.0.1:0 --data kept
    has "$output" 'kept'
}

@test "account, region and host names are settings" {
    serve --account 123456789012 --region eu-west-1 --host box.lan
    run -0 call AWSEvents.CreateConnection '{"Name": "shop", "AuthorizationType": "BASIC", "AuthParameters":
        {"BasicAuthParameters": {"Username": "u", "Password": "p"}}}'
    has "$output" 'arn:aws:events:eu-west-1:123456789012:connection/shop/'
    run -0 curl -sS -H 'Host: box.lan' "http://$address/_afflux/health"
    same "$output" '{"status":"ok"}'
    run -0 curl -sS -H 'Host: evil.example' "http://$address/_afflux/health"
    has "$output" AccessDenied
}

@test "events are accepted and logged" {
    serve
    run -0 call AWSEvents.PutEvents '{"Entries": [{"Source": "me", "DetailType": "t", "Detail": "{}"}, {"Source": "x"}]}'
    has "$output" '"FailedEntryCount":1'
    has "$output" '"EventId":"'
    has "$(<errors)" 'event {"Source":"me"'
    run -0 call AWSEvents.PutEvents '{"Entries": []}'
    has "$output" 'ValidationException'
}

@test "the first token of a connection is fetched when it is created" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    python3 "$BATS_TEST_DIRNAME/tokens.py" >port 3>&- &
    pids+=($!)
    wait_for_line port
    serve --loops 2
    for path in token no; do
        run -0 call AWSEvents.CreateConnection '{"Name": "'$path'", "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
            "AuthParameters": {"OAuthParameters": {"ClientParameters": {"ClientID": "i", "ClientSecret": "s"},
            "AuthorizationEndpoint": "http://127.0.0.1:'"$(<port)/$path"'", "HttpMethod": "POST"}}}'
        has "$output" '"ConnectionState":"AUTHORIZING"'
        for _ in {1..200}; do
            output=$(call AWSEvents.DescribeConnection "{\"Name\": \"$path\"}")
            [[ $output == *AUTHORIZING* ]] || break
            sleep 0.05
        done
        [[ $path == token ]] && has "$output" '"ConnectionState":"AUTHORIZED"' ||
            has "$output" '"ConnectionState":"DEAUTHORIZED"'
    done
}

@test "aws: connections and STS" {
    serve
    with_aws
    run -0 aws sts get-caller-identity --query Account --output text
    same "$output" 000000000000
    run -0 aws events create-connection --name shop --authorization-type API_KEY \
        --auth-parameters 'ApiKeyAuthParameters={ApiKeyName=Authorization,ApiKeyValue=Bearer s3cret}'
    has "$output" arn:aws:events:us-east-1:000000000000:connection/shop/
    run -0 aws events update-connection --name shop --description 'a shop'
    run -0 aws events describe-connection --name shop
    has "$output" '"Description": "a shop"'
    has "$output" '"ApiKeyName": "Authorization"'
    [[ $output != *s3cret* ]]
    run -0 aws events list-connections --query 'Connections[].Name' --output text
    same "$output" shop
    run -0 aws events deauthorize-connection --name shop
    has "$output" DEAUTHORIZING
    run -0 aws events delete-connection --name shop
    run aws events describe-connection --name shop
    [[ $status -ne 0 ]]
    has "$output" 'ResourceNotFoundException'
    run aws events create-connection --name shop --authorization-type API_KEY --auth-parameters '{}'
    [[ $status -ne 0 ]]
    has "$output" 'ValidationException'
}

@test "aws: the region of the caller is in ARNs" {
    serve
    with_aws --region eu-central-1
    run -0 aws events create-connection --name shop --authorization-type BASIC --query ConnectionArn \
        --auth-parameters 'BasicAuthParameters={Username=u,Password=p}' --output text
    has "$output" arn:aws:events:eu-central-1:000000000000:connection/shop/
}

@test "env knows which aws needs a function" {
    mkdir bin
    printf '#!/bin/sh\ncase $1 in --version) echo "aws-cli/$FAKE Python/3";; *) echo "$@";; esac\n' >bin/aws
    chmod +x bin/aws
    for old in 2.9.19 2.12.7 2.0.30 1.28.9 1.9.1; do
        run -0 env PATH="$PWD/bin:$PATH" FAKE=$old bash -c 'eval "$("$AFFLUX" env)"; aws s3 ls'
        same "$output" "--endpoint-url http://127.0.0.1:4599 s3 ls"
        run -0 env PATH="$PWD/bin:$PATH" FAKE=$old bash -c 'eval "$("$AFFLUX" env)"; bash -c "aws s3 ls"'
        same "$output" "--endpoint-url http://127.0.0.1:4599 s3 ls"
    done
    for new in 2.13.0 2.22.1 2.100.0 1.29.0 1.45.11; do
        run -0 env PATH="$PWD/bin:$PATH" FAKE=$new sh -c 'eval "$("$AFFLUX" env)"; aws s3 ls'
        same "$output" "s3 ls"
    done
}

@test "env prints the settings of a server" {
    run -0 "$AFFLUX" env --listen '[::1]:80' --region eu-west-1
    has "$output" 'export AWS_ENDPOINT_URL=http://[::1]:80'
    has "$output" 'AWS_REGION=eu-west-1'
    has "$output" 'AWS_DISABLE_HOST_PREFIX_INJECTION=true'
    run -2 "$AFFLUX" env --listen x
    run -2 "$AFFLUX" env --region "a b"
    run -2 "$AFFLUX" env x
}
