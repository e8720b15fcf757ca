#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# JSONata side by side: npm's jsonata (NPM_DIR) and bench_jsonata (AFFLUX_BUILD) on 20 expressions and three
# sizes of input, in one run. Fails when a result differs. Without NPM_DIR, our figures alone.
#
#   BENCH_SIZES="1KB 100KB 10MB"   also 10krows       BENCH_CASES="sum filter"   default: all
#   MIN_S=0.2                      seconds of one of the five samples

set -euo pipefail

here=$(dirname "$(realpath "$0")")
bench=$AFFLUX_BUILD/bench/bench_jsonata
work=$AFFLUX_BUILD/bench-jsonata
sizes=${BENCH_SIZES-1KB 100KB 10MB}
cases=${BENCH_CASES-}

mkdir -p "$work"
"$bench" --generate "$work"
awk -F '\t' -v sizes=" $sizes " -v cases=" $cases " \
    'index(sizes, " " $2 " ") && (cases ~ /^ *$/ || index(cases, " " $1 " "))' "$work/cases.tsv" >"$work/chosen.tsv"

: >"$work/npm.tsv"
: >"$work/afflux.tsv"
[[ -n ${NPM_DIR-} ]] || echo "npm's jsonata is not available: no ratios"
# Size by size, so that both meet the same machine: whatever else runs there slows npm's threads more.
for size in $sizes; do
    awk -F '\t' -v size="$size" '$2 == size' "$work/chosen.tsv" >"$work/size.tsv"
    [[ -s $work/size.tsv ]] || continue
    if [[ -n ${NPM_DIR-} ]]; then
        node --max-old-space-size=6144 "$here/jsonata.mjs" "$work/size.tsv" >>"$work/npm.tsv"
    fi
    "$bench" "$work/size.tsv" >>"$work/afflux.tsv"
done

awk -F '\t' '
function human(x) { return x >= 1e6 ? sprintf("%.2f M", x / 1e6) : x >= 1e4 ? sprintf("%.1f k", x / 1e3) : sprintf("%.4g", x) }
BEGIN { printf "%-14s %-8s %12s %12s %8s\n", "case", "size", "npm eval/s", "afflux eval/s", "ratio" }
FILENAME ~ /npm\.tsv$/ { npm[$1, $2] = $3; hash[$1, $2] = $6 " " $7; next }
{
    if (!(($1, $2) in npm)) { printf "%-14s %-8s %12s %12s\n", $1, $2, "-", human($3) }
    else {
        ratio = $3 / npm[$1, $2]
        if (hash[$1, $2] != $6 " " $7) { different++; note = "  DIFFERENT RESULT" } else note = ""
        printf "%-14s %-8s %12s %12s %7.1fx%s\n", $1, $2, human(npm[$1, $2]), human($3), ratio, note
        if (!($2 in count)) order[++size_count] = $2
        logs[$2] += log(ratio); count[$2]++
        if (!lowest || ratio < lowest) { lowest = ratio; lowest_name = $1 " " $2 }
    }
    if ($2 == "1KB" && $1 ~ /^(states_input|concat_url|path_simple)$/) short[++short_count] = $1 " " human($3)
}
END {
    print ""
    for (i = 1; i <= size_count; i++)
        printf "jsonata %s geometric mean %.1f x npm (%d cases)\n", order[i], exp(logs[order[i]] / count[order[i]]), count[order[i]]
    if (lowest) printf "jsonata lowest ratio %.1f x npm (%s)\n", lowest, lowest_name
    for (i = 1; i <= short_count; i++) printf "jsonata short %s/s\n", short[i]
    if (different) { printf "jsonata: %d results differ from npm\n", different; exit 1 }
}' "$work/npm.tsv" "$work/afflux.tsv"
