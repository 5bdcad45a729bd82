# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with scripts/bootstrap
# SPDX-License-Identifier: MIT OR Apache-2.0
# Go >= 1.23 for the tests of the Go package. Where the machine has an older one or none, Debian's
# Go 1.19 fetches a newer one: Go's own toolchain is a module, checked like any other. It lies in
# $deps/tools/go. SWIG remakes the package's lowest layer, to compare it.

go_min=1.23
go_pinned=1.23.12

go_new_enough() {
    local found
    found=$("$1" env GOVERSION 2>/dev/null) || return 1
    dpkg --compare-versions "${found#go}" ge $go_min
}

have_tools_go() {
    go_new_enough "$deps/tools/go/bin/go" || GOTOOLCHAIN=local go_new_enough go
}

packages_test+=(swig)
have_tools_go || packages_test+=(golang-go)

install_tools_go() {
    local arch module=$state/go-module
    say "installing Go $go_pinned"
    arch=$(go env GOARCH) || fail "golang-go is not installed"
    # A module proxy marks no file as a program.
    (
        export GOMODCACHE=$module GOFLAGS=-modcacherw
        cd "$state" && quiet go mod download -json "golang.org/toolchain@v0.0.1-go$go_pinned.linux-$arch"
    ) || fail "Go $go_pinned did not download"
    chmod +x "$module"/golang.org/toolchain@*/{bin,pkg/tool/*}/* || fail "Go $go_pinned is not what was expected"
    mkdir -p "$deps/tools"
    rm -rf "$deps/tools/go"
    mv -T "$module"/golang.org/toolchain@*/ "$deps/tools/go"
}
