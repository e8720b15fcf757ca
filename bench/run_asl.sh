#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# State machines: how many transitions (states entered) a second one core makes, beside npm's
# aws-local-stepfunctions (NPM_DIR) in the same run; what keeping them costs; time and memory of long loops;
# how a step leaves an endless one; how fast definitions are read. Fails when an output is not the expected
# one. Without NPM_DIR, our figures alone.
#
#   BENCH_CASES="loop_jsonpath map10k_jsonpath"   default: all   (of the first table)
#   MIN_S=0.2                                     seconds of one of the five samples

set -euo pipefail

here=$(dirname "$(realpath "$0")")
bench=$AFFLUX_BUILD/bench/bench_asl
work=$AFFLUX_BUILD/bench-asl
machines=$here/asl_machines.json
cases=${BENCH_CASES-}

mkdir -p "$work"
: >"$work/npm.tsv"
: >"$work/afflux.tsv"
[[ -n ${NPM_DIR-} ]] || echo "npm's aws-local-stepfunctions is not available: no ratios"
# Case by case, so that both meet the same machine.
for name in $("$bench" names "$machines"); do
    [[ -z $cases || " $cases " == *" $name "* ]] || continue
    if [[ -n ${NPM_DIR-} ]]; then
        BENCH_CASES=$name node "$here/asl.mjs" "$machines" >>"$work/npm.tsv"
    fi
    "$bench" speed "$machines" "$name" >>"$work/afflux.tsv"
done

common='function human(x) { return x >= 1e6 ? sprintf("%.2f M", x / 1e6) : x >= 1e4 ? sprintf("%.1f k", x / 1e3) : sprintf("%.4g", x) }'

echo "transitions per second of one core, Express, nothing kept: median, and lowest to highest sample"
awk -F '\t' "$common"'
BEGIN { printf "%-16s %11s %12s %23s %8s\n", "machine", "npm", "afflux", "", "ratio" }
FILENAME ~ /npm\.tsv$/ { npm[$1] = $2; if ($2 == "-") why[$1] = $3; next }
{
    range = sprintf("(%s to %s)", human($5), human($6))
    ratio = npm[$1] > 0 ? sprintf("%.0fx", $4 / npm[$1]) : ""
    note = $1 in why ? "  npm: " why[$1] : ""
    if ($3 > 0) note = note "  " human($4 * $3 / $2) " items/s"
    printf "%-16s %11s %12s %23s %8s%s\n", $1, (npm[$1] > 0) ? human(npm[$1]) : "-", human($4), range, ratio, note
    if ($1 ~ /^loop_/ && (!loop || $4 < loop)) loop = $4
    if ($3 > 0 && (!items || $4 * $3 / $2 < items)) items = $4 * $3 / $2
}
END {
    print ""
    if (loop) printf "asl counting loops at least %s transitions/s (aim 1.00 M)\n", human(loop)
    if (items) printf "asl Map at least %s items/s (aim 500.0 k)\n", human(items)
}' "$work/npm.tsv" "$work/afflux.tsv"

printf '\n%s\n' "with a batch encoded after each step, read back, and snapshots halfway"
"$bench" kept "$machines" >"$work/kept.tsv"
awk -F '\t' "$common"'
{ rate[$1, $2] = $3; bytes[$1, $2] = $6; if (!($1 in seen)) { seen[$1]; order[++count] = $1 } }
END {
    printf "%-16s %14s %14s %14s %16s %14s\n", "machine", "kept /s", "bytes each", "replayed /s", "write+read /s", "snapshot bytes"
    for (i = 1; i <= count; i++) {
        m = order[i]
        printf "%-16s %14s %14s %14s %16s %14d\n", m, human(rate[m, "kept"]), bytes[m, "kept"], human(rate[m, "replay"]), human(rate[m, "snapshot"]), bytes[m, "snapshot"]
    }
}' "$work/kept.tsv"

printf '\n%s\n' "long loops, each in a process of its own"
for loop in "append 10000" "append 100000" "append 10000 kept" "append 100000 kept" "page 100000" \
    "page 1000000" "page 1000000 kept" "answer 1" "answer 10" "answer 10 kept"; do
    # shellcheck disable=SC2086
    "$bench" loop "$machines" $loop
done >"$work/loops.tsv"
awk -F '\t' "$common"'
BEGIN { printf "%-8s %8s %6s %9s %11s %9s %9s %9s %12s %9s\n", "loop", "rounds", "", "seconds", "rounds/s", "peak MB", "before", "after", "kept bytes", "a round" }
{
    bytes = ($9 > 0) ? $9 : "-"
    each = ($9 > 0) ? sprintf("%.0f", $9 / $2) : "-"
    printf "%-8s %8d %6s %9.3f %11s %9.1f %9.1f %9.1f %12s %9s\n", $1, $2, $3, $4, human($5), $6 / 1024, $7 / 1024, $8 / 1024, bytes, each
}
END { print "(page: about 300 KB; answer: 10 MB, made and parsed in that time, and kept as what the task answered)" }' "$work/loops.tsv"

printf '\n%s\n' "an endless loop, left by the budget of a step (processor time)"
"$bench" budget "$machines" | awk -F '\t' '
{ printf "%-18s %d steps of %d to %d moves: median %.0f us, 99%% below %.0f us, longest %.0f us\n", $1, $2, $3, $4, $5, $6, $7 }'

printf '\n%s\n' "definitions of 100 states, read, checked and compiled"
"$bench" load | awk -F '\t' "$common"'
{ printf "%-18s %.1f KB: %s definitions/s (%s to %s), %.1f MB/s\n", $1, $2 / 1024, human($3), human($4), human($5), $6 }'
