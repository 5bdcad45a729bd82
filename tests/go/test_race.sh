#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The package's tests under Go's race detector.
set -euo pipefail
# shellcheck source=tests/go/env.sh
. "$(dirname "$0")/env.sh"
cd "$go_package"
go test -race -short -count=1 ./...
