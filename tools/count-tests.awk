# SPDX-License-Identifier: Apache-2.0
#
# Counts test cases in meson's testlog.json (one program a line). Prints the output of each program that
# failed, and as its last line "PASSED FAILED SKIPPED".
#
# A cmocka program is counted by its summary ("[  PASSED  ] 3 test(s)."), a data-driven one by the lines
# "cases: 3 passed, 0 failed, 1 skipped" that it prints, any other as one. A program that fails without a
# failed case (a crash, a leak, a timeout) counts as one failure; exit code 77 means skipped.

# The text of one field; the log is one flat object a line.
function field(name,    at, rest) {
    at = index($0, "\"" name "\": ")
    if (!at) return ""
    rest = substr($0, at + length(name) + 4)
    if (rest !~ /^"/) return match(rest, /^[-0-9]+/) ? substr(rest, 1, RLENGTH) : ""
    if (!match(rest, /^"([^"\\]|\\.)*"/)) return ""
    rest = substr(rest, 2, RLENGTH - 2)
    gsub(/\\\\/, "\001", rest)
    gsub(/\\n/, "\n", rest)
    gsub(/\\t/, "\t", rest)
    gsub(/\\u001b/, "\033", rest)
    gsub(/\\"/, "\"", rest)
    gsub(/\001/, "\\", rest)
    return rest
}

# The number behind prefix in a line, 0 when the line does not start with it.
function number_after(line, prefix) {
    return index(line, prefix) == 1 ? substr(line, length(prefix) + 1) + 0 : 0
}

/^[{]"name"/ {
    name = field("name"); result = field("result")
    text = field("stdout") "\n" field("stderr")
    ok = bad = skip = 0
    n = split(text, line, "\n")
    for (i = 1; i <= n; i++) {
        if (line[i] ~ /^\[  (PASSED|FAILED) +\] [0-9]+ test\(s\)|^\[  SKIPPED \] [0-9]+ test\(s\)/) {
            ok += number_after(line[i], "[  PASSED  ] ")
            bad += number_after(line[i], "[  FAILED  ] ")
            skip += number_after(line[i], "[  SKIPPED ] ")
        } else if (line[i] ~ /^cases: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/) {
            split(line[i], word, " ")
            ok += word[2]; bad += word[4]; skip += word[6]
        }
    }
    if (result == "SKIP") { if (!skip) skip = 1 }
    else if (result == "OK" || result == "EXPECTEDFAIL") { if (ok + bad + skip == 0) ok = 1 }
    else if (!bad) bad = 1
    if (bad) {
        printf "---- %s: %s, exit code %s\n", name, result, field("returncode")
        for (i = 1; i <= n; i++)
            if (line[i] != "" && line[i] !~ /^\[ (RUN     |      OK) \]/) print "     " line[i]
    }
    passed += ok; failed += bad; skipped += skip
}

END { print passed + 0, failed + 0, skipped + 0 }
