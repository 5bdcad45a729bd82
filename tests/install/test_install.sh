#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Installs into an empty prefix, moves it, and builds a small program against it three
# ways: pkg-config, pkg-config --static, find_package. Also reads what was installed.
set -euo pipefail

build=${ZKS_BUILD_DIR:?} source=${ZKS_SOURCE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}

fail() {
    echo "test_install: $*" >&2
    exit 1
}

DESTDIR=$work/stage cmake --install "$build" --prefix /opt/zks >"$work/install.log" ||
    fail "cmake --install: $(cat "$work/install.log")"
prefix=$work/moved # nothing may depend on the place that it was installed for
mv "$work/stage/opt/zks" "$prefix"
pc=$(find "$prefix" -name zks.pc)
lib=$(dirname "$(dirname "$pc")")

for file in "$lib"/libzks.{a,so,so.0} "$prefix"/include/zks/zks.h "$prefix"/bin/{zks,zks-relay}; do
    [ -e "$file" ] || fail "${file#"$prefix"/} was not installed"
done
for file in "$lib"/libzks.so "$prefix"/bin/*; do
    leak=$(strings -a "$file" | grep -F -e "$source" -e "$build" -e "${HOME:-/root}/" | head -n 3) || true
    [ -z "$leak" ] || fail "${file#"$prefix"/} holds a path of this machine: $leak"
done
# The manual pages know every option that a program's help names.
check_page() {
    local page=$prefix/share/man/man$2/$1.$2 text option
    [ -s "$page" ] || fail "${page#"$prefix"/} was not installed"
    text=$(sed 's/\\-/-/g; s/\\f[A-Z]//g' "$page")
    for option in $("$prefix/bin/$1" "${@:3}" --help | grep -o -e '--[a-z][a-z-]*' | sort -u); do
        grep -q -e "$option\b" <<<"$text" || fail "${page##*/} says nothing of $option"
    done
    [ $# -eq 2 ] || grep -q "^\.SS \"$1 $3\"" <<<"$text" || fail "${page##*/} has no section $1 $3"
}
if command -v help2man >/dev/null; then
    check_page zks-relay 8
    for command in $("$prefix/bin/zks" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        check_page zks 1 "$command"
    done
    for part in create join invite; do
        check_page zks 1 group "$part"
    done
    if command -v groff >/dev/null; then
        groff -man -ww -Tutf8 "$prefix"/share/man/man?/* 2>"$work/groff" >/dev/null
        [ ! -s "$work/groff" ] || fail "groff: $(cat "$work/groff")"
    fi
else
    echo "help2man is not installed: no manual pages"
fi
"$prefix/bin/zks" --version >"$work/out" || fail "the installed zks does not start: $(cat "$work/out")"

export PKG_CONFIG_PATH=$lib/pkgconfig
read -ra flags < <(pkg-config --cflags --libs zks)
"$cc" "$source/tests/install/consumer.c" -o "$work/shared" "${flags[@]}"
LD_LIBRARY_PATH=$lib "$work/shared" >/dev/null || fail "the program with libzks.so failed"

# The archive by name: with -lzks the linker would take the shared library.
read -ra flags < <(pkg-config --static --libs zks | sed 's/-lzks\b//')
"$cc" -I"$prefix/include" "$source/tests/install/consumer.c" -o "$work/static" "$lib/libzks.a" "${flags[@]}"
"$work/static" >/dev/null || fail "the program with libzks.a failed"

cmake -S "$source/tests/install" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log" 2>&1 &&
    cmake --build "$work/build" >>"$work/cmake.log" 2>&1 || fail "find_package: $(cat "$work/cmake.log")"
"$work/build/consumer" >/dev/null || fail "the program from find_package failed"
echo "installed, moved, used three ways"
