# SPDX-License-Identifier: Apache-2.0
# What the .bats files share. AFFLUX names the program.

bats_require_minimum_version 1.5.0

: "${AFFLUX:?must name the program to test}"

export PYTHONDONTWRITEBYTECODE=1 # what tests import leaves nothing beside them

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    unset NO_COLOR
    export TERM=xterm
}

# same WHAT WANTED: $output (or $stderr) is exactly this.
same() {
    [[ $1 == "$2" ]] && return
    printf 'wanted: %q\ngot:    %q\n' "$2" "$1"
    return 1
}

# has TEXT PART: TEXT contains PART.
has() {
    [[ $1 == *"$2"* ]] && return
    printf 'wanted inside: %q\ngot:           %q\n' "$2" "$1"
    return 1
}

# On a terminal: output and errors of a shell command in $output, carriage returns removed.
on_terminal() {
    run script -qec "$1" /dev/null
    output=${output//$'\r'/}
}

# What the last event in $output says, of aggregate --json.
finished() { # JQ-ARGUMENT…
    tail -n 1 <<<"$output" | jq "$@"
}
