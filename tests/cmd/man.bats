#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manual pages that the build made beside the program.

load helper

setup() {
    pages=$(realpath "$(dirname "$AFFLUX")/../../docs/man")
    [[ -e $pages/afflux.1 ]] || skip "the program does not lie in a build folder"
    commands=$("$AFFLUX" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
}

@test "every command has a page, and the program's names them all" {
    [[ $(wc -w <<<"$commands") -gt 5 ]]
    local command
    for command in $commands; do
        [[ $(sed -n 2p "$pages/afflux-$command.1") == ".TH AFFLUX-${command^^} 1 "* ]]
        grep -qF ".BR afflux-$command (1)" "$pages/afflux.1"
    done
    [[ $(find "$pages" -name '*.1' | wc -l) -eq $(($(wc -w <<<"$commands") + 1)) ]]
}

@test "each option that a command tells of is in its page" {
    local command option
    for command in $commands; do
        while read -r option; do
            sed 's/\\-/-/g' "$pages/afflux-$command.1" | grep -q -- "^\.B .*$option" ||
                { echo "$command: $option"; return 1; }
        done < <("$AFFLUX" "$command" --help | sed -n '/^Examples/q;s/^ \{2,6\}\(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p')
    done
}

@test "groff finds nothing wrong in the pages" {
    command -v groff >/dev/null || skip "groff is not installed"
    local page
    for page in "$pages"/*.1; do
        run -0 groff -man -Tutf8 -K utf8 -ww -z "$page"
        [[ -z $output ]] || { echo "$page: $output"; return 1; }
    done
}
