# SPDX-License-Identifier: Apache-2.0
# Step Functions of afflux serve with npm's @aws-sdk/client-sfn, which is fetched into a temporary folder: what the aws
# command does not reach. The cases are in sdk.mjs.
# shellcheck disable=SC2154

load helper
load server

setup_file() {
    export SDK_DIR=$BATS_FILE_TMPDIR/sdk
    mkdir "$SDK_DIR"
    command -v npm >/dev/null || return 0
    (cd "$SDK_DIR" && timeout 100 npm install --silent --no-audit --no-fund @aws-sdk/client-sfn >/dev/null 2>&1) || true
}

sdk() {
    [[ -d $SDK_DIR/node_modules/@aws-sdk/client-sfn ]] || skip "npm has no @aws-sdk/client-sfn for us"
    serve --loops "${2-2}"
    NODE_NO_WARNINGS=1 AWS_ENDPOINT_URL=http://$address timeout 60 node "$BATS_TEST_DIRNAME/sdk.mjs" "$1"
    same "$(<errors)" ''
}

@test "sdk: an Express execution is waited for, through the host that the SDK makes up" { sdk sync; }

@test "sdk: one state is tried out" { sdk test_state; }

@test "sdk: a definition is validated" { sdk validate; }

@test "sdk: activities are polled, and who leaves takes no task along" { sdk activities 3; }

@test "sdk: map runs are described, changed and read page by page" { sdk map_runs 3; }
