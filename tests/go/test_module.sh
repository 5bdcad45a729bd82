#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The module as users get it: a zip, through a file-system proxy, into an empty project without a
# network. Linked both ways, from the module cache and from a vendor folder.
set -euo pipefail
# shellcheck source=tests/go/env.sh
. "$(dirname "$0")/env.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$source/scripts/package" go "$work/out" >"$work/log" 2>&1 || fail "scripts/package go: $(cat "$work/log")"
module=$(sed -n 's/^module //p' "$go_package/go.mod")
version=$(cat "$work/out/proxy/$module/@v/list")

export GOPROXY=file://$work/out/proxy GOSUMDB=off GOMODCACHE=$work/cache GOFLAGS='-modcacherw -buildvcs=false'
mkdir "$work/app"
cp "$go_package/examples/hello/main.go" "$work/app"
cd "$work/app"
go mod init example.test/app 2>/dev/null
go get "$module@$version" 2>"$work/log" || fail "go get: $(cat "$work/log")"

# says_hello PROGRAM [WANTED]: it runs, and needs libzks.so or does not
says_hello() {
    local out
    out=$("$1") || fail "$1 failed: $out"
    [ "$out" = 'received: hello, ben' ] || fail "$1 says '$out'"
    readelf -d "$1" | grep -q 'NEEDED.*libzks' && [ "${2:-}" != shared ] && fail "$1 needs libzks.so"
    return 0
}

go build -tags zks_static -o static . || fail "the build with the archive failed"
says_hello ./static

go mod vendor
rm -rf "$GOMODCACHE"
GOPROXY=off go build -mod=vendor -tags zks_static -o vendored . || fail "the build from vendor failed"
says_hello ./vendored

cmake --install "$build" --prefix "$work/prefix" >"$work/log" || fail "cmake --install: $(cat "$work/log")"
unset CGO_LDFLAGS
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name zks.pc)")
export LD_LIBRARY_PATH=${PKG_CONFIG_PATH%/*}
GOPROXY=off go build -mod=vendor -o shared . || fail "the build with pkg-config failed"
says_hello ./shared shared
