# SPDX-License-Identifier: Apache-2.0
# afflux serve is killed while tables and objects are written and workflows count: kills.py. Three kills each; 50 and
# 200 with AFFLUX_LONG.

load helper

[[ -z ${AFFLUX_LONG-} ]] || export BATS_TEST_TIMEOUT=3600

setup() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    cd "$BATS_TEST_TMPDIR" || return 1
}

# kills N: how many.
kills() { if [[ -n ${AFFLUX_LONG-} ]]; then echo "$1"; else echo 3; fi; }

@test "what tables and objects have acknowledged is there after each kill" {
    run -0 python3 "$BATS_TEST_DIRNAME/kills.py" load kept "$(kills 50)"
    has "$output" 'acknowledged writes'
}

@test "each task of workflows that counts in a table has counted once, whatever was killed" {
    run -0 python3 "$BATS_TEST_DIRNAME/kills.py" workflows kept "$(kills 200)"
    has "$output" 'each counted once'
}
