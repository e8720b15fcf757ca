#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Paths and intrinsic functions: one line per figure, in ns per evaluation. AFFLUX_BUILD: the build folder
# (default build).

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec "${AFFLUX_BUILD:-build}/bench/bench_jsonpath"
