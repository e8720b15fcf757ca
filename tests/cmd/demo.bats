# SPDX-License-Identifier: Apache-2.0
# What ./dev demo, tools/tour and the README show is true.
# shellcheck disable=SC2016,SC2154

load helper

@test "the demonstration collects everything but what its third party keeps back" {
    run -0 "$AFFLUX" demo --locations 30 --dir demo
    has "$output" 'A third party with 30 locations answers on http://127.0.0.1:'
    has "$output" '28 complete, 1 failed, 1 with other counts than announced, 0 open'
    has "$output" 'States.Http.Socket'
    has "$output" MISMATCH
    same "$(head -n 1 demo/report.csv)" '"location_id","discount_code","error_message","status"'
    same "$(grep -c COMPLETE demo/report.ledger.csv)" 56
    run -1 "$AFFLUX" demo --dir demo
    has "$output" 'the folder demo cannot be made: File exists'
    run -2 "$AFFLUX" demo --locations 5
    has "$output" '--locations is a number from 20 to 100000'
}

@test "the tour runs, and shows what it promises" {
    run -0 "$BATS_TEST_DIRNAME/../../tools/tour"
    has "$output" '[{"url":"https://api.north.example","orders":4,"total":44.5},'
    has "$output" '"type":"ExecutionSucceeded","id":42'
    has "$output" "examples/mistakes.asl.json:9:15: error MISSING_TRANSITION_TARGET: Missing 'Next' target"
    has "$output" '["rope-12","lamp-03","rope-12"]'
    has "$output" $'order,sku,quantity\nA-17,rope-12,4'
    has "$output" '{"counter":"Old Bridge","records":24,"bikes":6646,'
    has "$output" 'T2001'
    has "$output" '{"result":3}'
    same "$(grep -c '^(exit' <<<"$output")" 2
}

@test "the example of the README works" {
    cd "$BATS_TEST_DIRNAME/../.."
    expression=$(sed -n "s/.*afflux eval '\(.*\)' examples\/orders.json/\1/p" README.md | head -n 1)
    [[ -n $expression ]]
    run -0 "$AFFLUX" eval -c "$expression" examples/orders.json
    [[ $output == \[* ]]
}

@test "the examples of eval --help work" {
    cp "$BATS_TEST_DIRNAME/../../examples/orders.json" .
    while read -r line; do
        words=${line%%  *}
        case $words in
        'afflux eval'*orders.json) ;;
        *) continue ;;
        esac
        run -0 bash -c "${words/#afflux/\"\$AFFLUX\"}"
        [[ -n $output ]]
        count=$((${count-0} + 1))
    done < <("$AFFLUX" eval --help | sed -n '/^Examples/,/^--stream/p')
    [[ $count -ge 3 ]]
}
