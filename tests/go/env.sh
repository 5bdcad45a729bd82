# shellcheck shell=bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# For the tests of the Go package, sourced: Go, and the library of this build where pkg-config and
# the loader find it, as after `make install`. Nothing asks the network.

# shellcheck disable=SC2034 # for who sources it
build=${ZKS_BUILD_DIR:?} source=${ZKS_SOURCE_DIR:?}
go_package=$source/bindings/go
deps=${ZKS_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/0k-sync}

fail() {
    echo "$(basename "$0" .sh): $*" >&2
    exit 1
}

[ ! -x "$deps/tools/go/bin/go" ] || PATH=$deps/tools/go/bin:$PATH
command -v go >/dev/null || fail "Go is missing: run scripts/bootstrap --test"
unset PKG_CONFIG_PATH LD_LIBRARY_PATH
export GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-buildvcs=false GOWORK=off CGO_ENABLED=1

# The tests of this folder run side by side: one of them installs.
install_library() {
    local prefix=$build/go/prefix
    mkdir -p "$build/go"
    (
        flock 9
        [ "$prefix/.installed" -nt "$build/lib/libzks.so" ] && exit 0
        rm -rf "$prefix"
        cmake --install "$build" --prefix "$prefix" >"$build/go/install.log" &&
            touch "$prefix/.installed"
    ) 9>"$build/go/lock" || fail "cmake --install: $(cat "$build/go/install.log")"
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name zks.pc)")
    LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
    export PKG_CONFIG_PATH LD_LIBRARY_PATH
}
