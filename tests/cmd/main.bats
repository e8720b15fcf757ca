# SPDX-License-Identifier: Apache-2.0
# afflux itself: finding commands, help, version.
# shellcheck disable=SC2154

load helper

@test "--version names program and version" {
    run -0 "$AFFLUX" --version
    [[ $output =~ ^afflux\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "--help lists the commands on stdout" {
    run -0 --separate-stderr "$AFFLUX" --help
    has "$output" '  eval '
    same "$stderr" ''
    help=$output
    run -0 "$AFFLUX" help
    same "$output" "$help"
}

@test "without a command the list goes to stderr" {
    run -2 --separate-stderr "$AFFLUX"
    same "$output" ''
    has "$stderr" '  eval '
}

@test "an unknown command is refused with a suggestion" {
    run -2 "$AFFLUX" evla
    has "$output" "unknown command 'evla'; did you mean 'eval'?"
    run -2 "$AFFLUX" zzz
    has "$output" "unknown command 'zzz'. There are: help, aggregate, demo, consolidate, serve, env"
    run -2 "$AFFLUX" help zzz
    run -2 "$AFFLUX" --verson
    has "$output" "unknown option"
}
