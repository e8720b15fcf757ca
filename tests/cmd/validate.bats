# SPDX-License-Identifier: Apache-2.0
# afflux validate: what it says about definitions, where it points, and how it exits.
# shellcheck disable=SC2016,SC2154

load helper

validate() {
    "$AFFLUX" validate "$@"
}

good='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'

@test "nothing is said about a definition that is right" {
    echo "$good" >good.json
    run -0 validate good.json
    same "$output" ''
}

@test "findings look like a compiler's" {
    cat >bad.json <<'END'
{
  "StartAt": "A",
  "States": {
    "A": {"Type": "Pass", "Next": "Stopp"},
    "Stop": {"Type": "Succeed"}
  }
}
END
    run -1 --separate-stderr validate bad.json
    same "$stderr" ''
    same "$output" 'bad.json:4:35: error MISSING_TRANSITION_TARGET: Missing '\''Next'\'' target: Stopp
    4 |     "A": {"Type": "Pass", "Next": "Stopp"},
                                          ^^^^^^^
  at /States/A/Next
  hint: did you mean '\''Stop'\''?
bad.json:5:5: error MISSING_TRANSITION_TARGET: State "Stop" is not reachable.
    5 |     "Stop": {"Type": "Succeed"}
            ^^^^^^
  at /States/Stop
  hint: no transition leads here from StartAt
2 errors, 0 warnings'
}

@test "columns count characters, and the place within an expression is shown" {
    echo '{"StartAt": "ä", "States": {"ä": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 + phone %}", "End": true}}}' >j.json
    run -1 validate j.json
    has "${lines[0]}" "j.json:1:97: error UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level"
    has "${lines[2]}" ' ^^^^^'
}

@test "text that is no JSON is shown with its place" {
    echo '{"StartAt": nope}' >broken.json
    run -1 validate broken.json
    has "${lines[0]}" 'broken.json:1:13: error INVALID_JSON_DESCRIPTION: '
    same "${lines[1]}" '    1 | {"StartAt": nope}'
    same "${lines[2]}" '                    ^'
}

@test "text that is no UTF-8 is refused without being shown" {
    printf '{"a": "\xff"}' >latin.json
    run -1 validate latin.json
    has "$output" 'latin.json:1:8: error INVALID_JSON_DESCRIPTION'
    same "${#lines[@]}" 2
}

@test "names cannot steer the terminal" {
    printf '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "\\u001b[31m"}}}' >esc.json
    run -1 validate esc.json
    [[ $output != *$'\033'* ]]
}

@test "stdin, and several files" {
    echo "$good" >good.json
    run -0 validate - <good.json
    run -1 validate good.json - <<<'{}'
    has "$output" '<stdin>:1:1: error SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt]'
    same "${lines[-1]}" '1 error, 0 warnings'
}

@test "warnings do not count, and can be left out" {
    echo '{"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "$.e"}}}' >w.json
    run -0 validate w.json
    has "${lines[0]}" 'w.json:1:60: warning NO_PATH: '
    same "${lines[-1]}" '0 errors, 1 warning'
    run -0 validate --severity ERROR w.json
    same "$output" ''
}

@test "--type and --strict-aws refuse more" {
    echo '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": true}}}' >sync.json
    run -0 validate sync.json
    run -1 validate --type EXPRESS sync.json
    has "$output" "Express state machine does not support '.sync' service integration"
    echo '{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "{% $states.input ?: 1 %}", "End": true}}}' >elvis.json
    run -0 validate elvis.json
    run -1 validate --strict-aws elvis.json
    has "$output" 'INVALID_JSONATA_EXPRESSION'
}

@test "--json is the answer of ValidateStateMachineDefinition, a line for each file" {
    echo "$good" >good.json
    run -1 validate --json good.json - <<<'{}'
    same "$output" '{"result":"OK","diagnostics":[],"truncated":false}
{"result":"FAIL","diagnostics":[{"severity":"ERROR","code":"SCHEMA_VALIDATION_FAILED","message":"These fields are required: [States, StartAt]","location":"/"}],"truncated":false}'
}

@test "--show prints what was understood" {
    echo "$good" >good.json
    run -0 validate --show good.json
    same "$output" 'STANDARD, 1 state
start -> A
  Succeed A'
}

@test "colours only on a terminal" {
    echo '{}' >bad.json
    on_terminal "'$AFFLUX' validate bad.json"
    has "$output" $'\033[1;31merror SCHEMA_VALIDATION_FAILED:\033[0m'
    on_terminal "NO_COLOR=1 '$AFFLUX' validate bad.json"
    [[ $output != *$'\033'* ]]
    run -1 validate bad.json
    [[ $output != *$'\033'* ]]
}

@test "wrong usage exits with 2" {
    run -2 validate
    has "$output" 'a file is missing'
    run -2 validate --type FAST x.json
    run -2 validate --severity INFO x.json
    run -2 validate --json --show x.json
    run -2 validate --nope x.json
}

@test "a file that cannot be read is reported, the others are still checked" {
    run -1 --separate-stderr validate missing.json - <<<'{}'
    has "$stderr" 'afflux validate: cannot read missing.json: No such file or directory'
    has "$output" '<stdin>:1:1: error'
}

@test "the examples of validate --help are understood" {
    run -0 validate --help
    has "$output" 'usage: afflux validate [OPTIONS] FILE…'
    run -0 "$AFFLUX" help validate
    has "$output" '--strict-aws'
}

@test "what a deployment tool has to fill in is pointed out" {
    echo '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${FunctionArn}", "End": true}}}' >tool.json
    run -1 "$AFFLUX" validate tool.json
    has "$output" '  hint: ${…} is for a deployment tool to fill in; the ARN itself has to stand here'
}
