#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# examples/hello.c says what it should: as built with the project, and, where the library can be
# installed from here, built as its readers build it, with pkg-config against an installed one.
set -euo pipefail

source=${ZKS_SOURCE_DIR:?} build=${ZKS_BUILD_DIR:?} examples=${ZKS_EXAMPLE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say_hello() {
    local said
    said=$(timeout 60 "$@" "$(mktemp -d -p "$work")") || {
        echo "test_hello: $* ended with $?" >&2
        exit 1
    }
    if [ "$said" != "received: hello, ben" ]; then
        echo "test_hello: $* said '$said'" >&2
        exit 1
    fi
}

say_hello "$examples/hello"
if [ -n "${ZKS_SANITIZER:-}" ]; then
    echo "a sanitizer's library needs its runtime in the program: installed form skipped"
    exit 0
fi
cmake --install "$build" --prefix "$work/prefix" >"$work/log" || {
    cat "$work/log" >&2
    exit 1
}
lib=$(dirname "$(dirname "$(find "$work/prefix" -name zks.pc)")")
read -ra flags < <(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags --libs zks)
"${CC:-cc}" -std=c99 -Wall -Wextra -Werror "$source/examples/hello.c" \
    -o "$work/hello" "${flags[@]}"
say_hello env LD_LIBRARY_PATH="$lib" "$work/hello"
echo "hello said twice"
