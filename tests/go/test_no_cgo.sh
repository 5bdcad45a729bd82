#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Where the package cannot be built, the first line that Go prints says why and what to do.
set -euo pipefail
# shellcheck source=tests/go/env.sh
. "$(dirname "$0")/env.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$go_package" "$work/go" # a folder of which Go remembers no build
cd "$work/go"

# refuses TEXT COMMAND...: the command fails and says it
refuses() {
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then
        fail "'$*' succeeded"
    fi
    grep -q "$text" <<<"$said" || fail "'$*' does not say '$text' but: $said"
}

refuses 'install_a_C_compiler_and_set_CGO_ENABLED_1' env CGO_ENABLED=0 go build ./zks
refuses 'zks.pc' env PKG_CONFIG_LIBDIR=/nowhere PKG_CONFIG_PATH= go build ./zks
refuses 'libzks_linux_.*\.a' go build -tags zks_static -o /dev/null ./internal/dump
