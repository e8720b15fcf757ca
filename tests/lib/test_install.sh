#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the JSONata library into a temporary folder and uses it from there the way other programs do:
# examples/embed.c against the shared and the static library, found by pkg-config; the header in C++; and no
# symbols but afx_*.
#
# test_install.sh SHARED STATIC BUILD_FOLDER SOURCE_FOLDER SANITIZER_OPTION -- COMPILER…
set -euo pipefail

shared=$1 static=$2 build=$3 source=$4 sanitize=$5
shift 6
cc=("$@")
[[ -z $sanitize ]] || cc+=("$sanitize")

failed=0
say() {
    count=$((${count-0} + 1))
    if [[ $1 == ok ]]; then echo "ok $count - $2"; else echo "not ok $count - $2" && failed=1; fi
}
# try WHAT COMMAND…
try() {
    local what=$1
    shift
    if "$@"; then say ok "$what"; else say bad "$what"; fi
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

DESTDIR=$dir/whole meson install -C "$build" --no-rebuild --quiet --tags devel,runtime >"$dir/log" 2>&1 || {
    cat "$dir/log"
    say bad "meson install"
    exit 1
}
pc=$(find "$dir/whole" -name afflux-jsonata.pc)
installed=$(sed -n 's/^prefix=//p' "$pc")
prefix=$dir/whole$installed
libdir=$(dirname "$(dirname "$pc")")

export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
flags() {
    pkg-config --define-variable=prefix="$prefix" "$@" afflux-jsonata
}

public_names() {
    nm "$@" | awk 'NF == 3 && $2 ~ /[A-Z]/ && $2 != "U" { print $3 }' | sort -u
}
only_afx() {
    local names others
    names=$(public_names "$@")
    others=$(grep -v '^afx_' <<<"$names" | grep -v -e '^__odr_asan' -e '^__asan' -e '^__start_' -e '^__stop_' || true)
    [[ $names == *afx_evaluate* && -z $others ]] || { echo "# also public: $others"; return 1; }
}
# Every function of the header is there, and nothing else.
as_in_header() {
    diff <(grep -oE '\bafx_[a-z0-9_]+\(' "$prefix/include/afflux/jsonata.h" | tr -d '(' | sort -u) \
        <(public_names -D --defined-only "$1" | grep '^afx_')
}

try "the shared library shows afx_* only" only_afx -D --defined-only "$libdir/libafflux-jsonata.so"
try "the static library shows afx_* only" only_afx --defined-only "$libdir/libafflux-jsonata.a"
try "header and library have the same functions" as_in_header "$libdir/libafflux-jsonata.so"
try "the shared library has a soname" bash -c 'readelf -d "$1" | grep -q "soname: \[libafflux-jsonata.so.0\]"' - \
    "$libdir/libafflux-jsonata.so"
try "what was tested is what was built" cmp -s "$static" "$libdir/libafflux-jsonata.a"
try "there is a shared library" test -f "$shared"
try "pkg-config knows the version" test "$(flags --modversion)" = \
    "$(sed -n 's/^#define AFFLUX_JSONATA_VERSION "\(.*\)"/\1/p' "$prefix/include/afflux/jsonata.h")"

strict=(-std=c11 -Wall -Wextra -Wpedantic -Werror)
# shellcheck disable=SC2046
try "the example compiles with the shared library" "${cc[@]}" "${strict[@]}" "$source/examples/embed.c" \
    -o "$dir/embed-shared" $(flags --cflags --libs)
# shellcheck disable=SC2046
try "the example compiles with the static library" "${cc[@]}" "${strict[@]}" "$source/examples/embed.c" \
    -o "$dir/embed-static" $(flags --cflags) "$libdir/libafflux-jsonata.a" \
    $(flags --libs --static | sed 's/-lafflux-jsonata//')
try "the static example needs no libafflux-jsonata.so" bash -c '! ldd "$1" | grep -q afflux' - "$dir/embed-static"

for kind in shared static; do
    "$dir/embed-$kind" >"$dir/said-$kind" || echo "exit $?" >>"$dir/said-$kind"
    try "the example prints what it should ($kind)" diff "$source/tests/lib/embed.expected" "$dir/said-$kind"
done

if command -v g++ >/dev/null; then
    printf '#include <afflux/jsonata.h>\nint main() { return afx_version() == nullptr; }\n' >"$dir/program.cc"
    # shellcheck disable=SC2046
    try "the header works in C++" g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror $sanitize "$dir/program.cc" \
        -o "$dir/program" $(flags --cflags --libs)
else
    echo "ok $((count + 1)) - the header works in C++ # SKIP no g++"
    count=$((count + 1))
fi
echo "1..$count"
exit $failed
