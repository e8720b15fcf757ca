#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Reading and writing JSON: this project and, where node is installed, JSON.parse and JSON.stringify of Node
# on the same files in the same run. One line per figure: what, file, MB/s here, MB/s in Node, ratio.
# Further files can be given as arguments. AFFLUX_BUILD: the build folder (default build).

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${BENCH_JSON:-${AFFLUX_BUILD:-build}/bench/bench_json}
inputs=$(mktemp -d)
trap 'rm -rf "$inputs"' EXIT

"$program" --generate "$inputs"
files=("$inputs"/*.json "$@")
ours=$("$program" "${files[@]}")
if ! command -v node >/dev/null; then
    echo "json: node is not installed, no ratios"
    printf '%s\n' "$ours"
    exit 0
fi
node bench/json.mjs "${files[@]}" >"$inputs/node.txt"
awk 'NR == FNR { node[$2 " " $3] = $4; next }
    { key = $2 " " $3
      printf "json %-5s %-28s %6d MB/s  node %5d MB/s  %5.1fx\n", $2, $3, $4, node[key], $4 / node[key] }' \
    "$inputs/node.txt" <(printf '%s\n' "$ours")
