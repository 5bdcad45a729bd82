#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# A program may end in any way with clients open and operations under way: it neither hangs nor
# crashes, and ends with its own exit code.
set -euo pipefail
# shellcheck source=tests/go/env.sh
. "$(dirname "$0")/env.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$source/tests/go/exit/." "$work"
cat >"$work/go.mod" <<END
module exit
go 1.23
require github.com/0k-sync/0k-sync/bindings/go v0.0.0
replace github.com/0k-sync/0k-sync/bindings/go => $go_package
END
(cd "$work" && go build -o exit .)

# ends CODE WAY
ends() {
    local code=0 folder
    folder=$(mktemp -d -p "$work")
    timeout -k 5 60 "$work/exit" "$2" "$folder" >"$work/out" 2>&1 || code=$?
    [ "$code" = "$1" ] || fail "$2: exit code $code instead of $1: $(cat "$work/out")"
}

for _ in 1 2 3 4 5; do
    ends 0 return
    ends 7 exit
    ends 1 fatal
    ends 2 panic
    ends 143 signal # of SIGTERM, as a shell says it
done
