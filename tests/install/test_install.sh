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
