#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The package's own tests and examples, its layout and go vet; so that of the Go programs beside it.
set -euo pipefail
# shellcheck source=tests/go/env.sh
. "$(dirname "$0")/env.sh"

programs=()
for program in "$source"/tests/{bench,conformance}/go; do
    [ ! -e "$program/go.mod" ] || programs+=("$program")
done
written=$(find "$go_package" "$source/tests/go" "${programs[@]}" -name '*.go' \
    ! -path '*/internal/raw/zks.go')
unformatted=$(xargs gofmt -l <<<"$written")
[ -z "$unformatted" ] || fail "not laid out by gofmt: $unformatted"

cd "$go_package"
go vet ./...
go test -count=1 ./...
for program in "${programs[@]}"; do
    (cd "$program" && go vet ./... && go build -o /dev/null ./...)
done
