#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The object service without HTTP: puts and gets of 64 KB, keys listed, and what the same disk and processor give
# alone in the same run. AFFLUX_BUILD: the build folder (default build). BENCH_S3_DIR: where to write
# (default: build, so that it is a disk and not memory). BENCH_S3_SECONDS: of each measurement (default 3).

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${AFFLUX_BUILD:-build}
folder=$(mktemp -d "${BENCH_S3_DIR:-$build}/bench-s3.XXXXXX")
trap 'rm -rf "$folder"' EXIT

"$build/bench/bench_s3" "$folder" "${BENCH_S3_SECONDS:-3}"
