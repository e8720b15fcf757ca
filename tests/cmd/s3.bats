# SPDX-License-Identifier: Apache-2.0
# S3 of afflux serve with the stock aws command: every one that is installed, as old ones speak otherwise than new ones.
# shellcheck disable=SC2016,SC2154

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    pids=()
    export HOME=$BATS_TEST_TMPDIR AWS_PAGER='' AWS_MAX_ATTEMPTS=1 AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
    export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true NO_PROXY='*'
}

teardown() {
    [[ ${#pids[@]} -eq 0 ]] || kill "${pids[@]}" 2>/dev/null || true
    [[ ${#pids[@]} -eq 0 ]] || wait "${pids[@]}" || true # not for bats' own clock
}

# serve OPTION…: a server on a free port; sets $address and $server.
serve() {
    : >line
    "$AFFLUX" serve --listen 127.0.0.1:0 "$@" >line 2>errors 3>&- &
    server=$!
    pids+=("$server")
    for _ in {1..400}; do
        [[ ! -s line ]] || break
        sleep 0.025
    done
    [[ $(<line) =~ http://(127\.0\.0\.1:[0-9]+), ]] || { cat errors; return 1; }
    address=${BASH_REMATCH[1]}
}

need_aws() {
    command -v aws >/dev/null || skip "the aws command is not installed"
    aws_command=aws
}

# each_aws FUNCTION: with every aws there is; its number is $number.
each_aws() {
    need_aws
    number=0
    while read -r aws_command; do
        number=$((number + 1))
        "$1"
    done < <(type -ap aws | xargs -n 1 realpath | sort -u)
}

a() { "$aws_command" --endpoint-url "http://$address" "$@" </dev/null; }
api() { a s3api "$@"; }

# wrong CODE ARGUMENT…: fails with this code.
wrong() {
    local code=$1
    shift
    run api "$@"
    ((status == 254 || status == 255)) # of version 2, of version 1
    has "$output" "($code)"
}

memory_kb() { awk '/VmRSS/ { print $2 }' "/proc/$server/status"; }

everyday() {
    local box=s3://day-$number
    a s3 mb "$box"
    printf 'hello\n' >hello
    printf 'x' >'ä b+c%20&.txt'
    a s3 cp --quiet hello "$box/dir/hello"
    a s3 cp --quiet 'ä b+c%20&.txt' "$box/"
    a s3 mv --quiet "$box/dir/hello" "$box/moved//there"
    run -0 a s3 ls --recursive "$box"
    has "$output" ' 6 moved//there'
    has "$output" ' 1 ä b+c%20&.txt'
    run -0 a s3 cp "$box/moved//there" -
    same "$output" hello
    a s3 cp --quiet "$box/ä b+c%20&.txt" back
    same "$(<back)" x
    run -1 a s3 rb "$box"
    has "$output" BucketNotEmpty
    a s3 rb --force "$box"
    run -0 a s3 ls
    same "$output" ''
}

@test "s3: mb, cp, mv, ls, rb" {
    serve --loops 2
    each_aws everyday
    same "$(<errors)" ''
}

tree_both_ways() {
    local box=s3://tree-$number
    rm -rf back
    a s3 mb "$box"
    a s3 sync --quiet tree "$box/top"
    a s3 sync --quiet "$box/top" back
    diff -r tree back
    run -0 a s3 sync tree "$box/top"
    same "$output" ''
    rm "tree/d3/f 7"
    run -0 a s3 sync --delete tree "$box/top"
    has "$output" 'delete: s3://tree-'
    printf '7\n' >"tree/d3/f 7"
}

@test "s3: a tree of 500 files is synced both ways" {
    serve --loops 2
    for d in {0..9}; do
        mkdir -p "tree/d$d"
        for f in {0..49}; do
            printf '%s\n' "$f" >"tree/d$d/f $f"
        done
    done
    head -c 2000000 /dev/urandom >tree/d1/large
    : >tree/d1/empty
    each_aws tree_both_ways
}

in_parts() {
    a s3 mb "s3://parts-$number"
    a s3 cp --quiet large "s3://parts-$number/large"
    a s3 cp --quiet "s3://parts-$number/large" back
    cmp large back
    run -0 api head-object --bucket "parts-$number" --key large --query ETag --output text
    [[ $output =~ -13\"$ ]]
    a s3 cp --quiet "s3://parts-$number/large" "s3://parts-$number/copy"
    run -0 api get-object --bucket "parts-$number" --key copy --range bytes=99999990-100000009 piece
    cmp piece <(tail -c +99999991 large | head -c 20)
    run -0 api list-multipart-uploads --bucket "parts-$number" --query 'Uploads'
    same "$output" null
}

@test "s3: 100 MB in parts, down again in ranges, and copied" {
    serve --loops 2
    head -c 104857600 /dev/urandom >large
    each_aws in_parts
}

@test "s3: memory stays flat while 300 MB pass" {
    need_aws
    ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=1 serve --loops 2
    head -c 300000000 /dev/zero >large
    a s3 mb s3://flow
    local before peak=0 now
    before=$(memory_kb)
    { a s3 cp --quiet large s3://flow/large && a s3 cp --quiet s3://flow/large /dev/null; } 3>&- &
    local copying=$!
    while kill -0 "$copying" 2>/dev/null; do
        now=$(memory_kb)
        ((now <= peak)) || peak=$now
        sleep 0.1
    done
    wait "$copying"
    echo "$before kB before, at most $peak kB"
    ((peak - before < 40000))
}

@test "s3api: metadata, ranges, conditions, checksums" {
    need_aws
    serve
    api create-bucket --bucket box >/dev/null
    printf '0123456789' >ten
    run -0 api put-object --bucket box --key k --body ten --metadata a=b,c=d --content-type text/ten \
        --checksum-algorithm SHA256 --query ETag --output text
    same "$output" '"781e5e245d69b566979b86e28d23f2c7"'
    run -0 api get-object --bucket box --key k --range bytes=2-4 out --output text \
        --query '[ContentRange, ContentType, Metadata.a, Metadata.c]'
    same "$output" $'bytes 2-4/10\ttext/ten\tb\td'
    same "$(<out)" 234
    run -0 api head-object --bucket box --key k --checksum-mode ENABLED --query ChecksumSHA256 --output text
    same "$output" "$(openssl dgst -sha256 -binary ten | base64)"
    wrong 304 get-object --bucket box --key k --if-none-match '"781e5e245d69b566979b86e28d23f2c7"' out
    wrong PreconditionFailed get-object --bucket box --key k --if-match '"x"' out
    run -0 api copy-object --bucket box --key l --copy-source box/k --query CopyObjectResult.ETag --output text
    same "$output" '"781e5e245d69b566979b86e28d23f2c7"'
    run -0 a s3 presign s3://box/l
    run -0 curl -sS "$output"
    same "$output" 0123456789
}

@test "s3api: pages with and without a delimiter, and 1,000 keys deleted at once" {
    need_aws
    serve
    api create-bucket --bucket box >/dev/null
    python3 "$BATS_TEST_DIRNAME/puts.py" many "$address" box 1100
    for key in dir/a dir/b 'dir2/ä +%/' end; do
        curl -sS -X PUT --data-binary x "http://$address/box/$(python3 -c 'import sys, urllib.parse
print(urllib.parse.quote(sys.argv[1]))' "$key")"
    done
    run -0 api list-objects-v2 --bucket box --delimiter / --page-size 200 --output text \
        --query '[length(Contents), CommonPrefixes[0].Prefix, CommonPrefixes[1].Prefix]'
    has "$output" $'dir/\tdir2/'
    run -0 api list-objects-v2 --bucket box --page-size 300 --query 'length(Contents)'
    same "$output" 1104
    run -0 api list-objects --bucket box --prefix dir2 --query 'Contents[].Key' --output text
    same "$output" 'dir2/ä +%/'
    run -0 api list-objects-v2 --bucket box --max-items 2 --start-after k1098 --query 'Contents[].Key' --output text
    has "$output" k1099
    python3 -c 'import json
print(json.dumps({"Objects": [{"Key": "k%04d" % i} for i in range(1000)]}))' >keys.json
    run -0 api delete-objects --bucket box --delete file://keys.json --query 'length(Deleted)'
    same "$output" 1000
    run -0 api list-objects-v2 --bucket box --query 'length(Contents)'
    same "$output" 104
}

@test "s3api: errors have S3's names" {
    need_aws
    serve
    api create-bucket --bucket box >/dev/null
    printf 'x' >x
    wrong NoSuchBucket list-objects-v2 --bucket nobox
    wrong NoSuchBucket put-object --bucket nobox --key k --body x
    wrong NoSuchKey get-object --bucket box --key none out
    wrong 404 head-object --bucket box --key none
    wrong InvalidBucketName create-bucket --bucket Box
    wrong BadDigest put-object --bucket box --key k --body x --content-md5 XUFAKrxLKna5cZ2REBfFkA==
    wrong NoSuchUpload list-parts --bucket box --key k --upload-id u
    local id
    id=$(api create-multipart-upload --bucket box --key k --query UploadId --output text)
    for n in 1 2; do
        api upload-part --bucket box --key k --part-number "$n" --upload-id "$id" --body x >/dev/null
    done
    local etag='"9dd4e461268c8034f5c8564e155c67a6"'
    wrong EntityTooSmall complete-multipart-upload --bucket box --key k --upload-id "$id" --multipart-upload \
        "{\"Parts\": [{\"PartNumber\": 1, \"ETag\": $etag}, {\"PartNumber\": 2, \"ETag\": $etag}]}"
    wrong InvalidPart complete-multipart-upload --bucket box --key k --upload-id "$id" --multipart-upload \
        '{"Parts": [{"PartNumber": 1, "ETag": "y"}]}'
    wrong InvalidPartOrder complete-multipart-upload --bucket box --key k --upload-id "$id" --multipart-upload \
        "{\"Parts\": [{\"PartNumber\": 2, \"ETag\": $etag}, {\"PartNumber\": 1, \"ETag\": $etag}]}"
    api abort-multipart-upload --bucket box --key k --upload-id "$id"
    wrong NotImplemented put-bucket-policy --bucket box --policy '{}'
    wrong NoSuchBucketPolicy get-bucket-policy --bucket box
    run -0 api get-bucket-versioning --bucket box
    same "$output" ''
    same "$(<errors)" ''
}

@test "s3: what was acknowledged is there when the server was killed among many puts" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    serve --data kept --loops 2
    curl -sS -X PUT "http://$address/box"
    for round in 1 2; do
        python3 "$BATS_TEST_DIRNAME/puts.py" put "$address" box >>acknowledged 3>&- &
        local putting=$!
        sleep 2
        kill -KILL "$server"
        wait "$server" || true
        wait "$putting"
        serve --data kept --loops "$round"
    done
    run -0 python3 "$BATS_TEST_DIRNAME/puts.py" check "$address" box <acknowledged
    echo "$output objects"
    ((output > 100))
}

@test "s3: workflows read and write what aws s3 puts and gets" {
    need_aws
    serve --data kept --loops 3
    a s3 mb s3://inputs
    a s3 mb s3://outputs
    python3 -c 'import json
print(json.dumps([{"n": n} for n in range(300)]))' >items.json
    a s3 cp --quiet items.json s3://inputs/items.json
    cat >each.json <<'END'
{"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true,
    "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "inputs", "Key": "items.json"}},
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Put",
        "States": {"Put": {"Type": "Task", "End": true, "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Parameters": {"Bucket": "outputs", "Key.$": "States.Format('parts/{}.json', $.n)", "Body.$": "$"}}}},
    "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "outputs", "Prefix": "results"}}}}}
END
    local machine execution
    machine=$(a stepfunctions create-state-machine --name each --definition file://each.json \
        --role-arn arn:aws:iam::000000000000:role/any --query stateMachineArn --output text)
    execution=$(a stepfunctions start-execution --state-machine-arn "$machine" --query executionArn --output text)
    for _ in {1..20}; do
        run -0 a stepfunctions describe-execution --execution-arn "$execution" --query '[status, cause]' --output text
        [[ $output == RUNNING* ]] || break
        sleep 0.5
    done
    same "$output" $'SUCCEEDED\tNone'
    run -0 a s3 cp s3://outputs/parts/17.json -
    same "$output" '{"n":17}'
    mkdir parts
    a s3 sync --quiet s3://outputs/parts parts
    same "$(find parts -type f | wc -l)" 300
    run -0 a s3 ls --recursive s3://outputs/results/
    has "$output" /SUCCEEDED_0.json
    has "$output" /manifest.json
    same "$(<errors)" ''
}
