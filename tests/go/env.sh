# shellcheck shell=bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# For the tests of the Go package, sourced: Go, and the library of this build where pkg-config finds
# it. Nothing asks the network.

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
unset LD_LIBRARY_PATH
export PKG_CONFIG_PATH=$build/go # cmake/ZksGo.cmake
export CGO_LDFLAGS=-Wl,-rpath,$build/lib # so that Go's cache knows this build from others
export GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-buildvcs=false GOWORK=off CGO_ENABLED=1
