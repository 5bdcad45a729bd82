// SPDX-License-Identifier: MIT OR Apache-2.0

//go:build zks_static && linux && (amd64 || arm64)

package raw

// `go build -tags zks_static`: the archive in this folder, with all that libzks needs in it.
// scripts/package go puts it there; a checkout has none.

// #cgo amd64 LDFLAGS: ${SRCDIR}/libzks_linux_amd64.a
// #cgo arm64 LDFLAGS: ${SRCDIR}/libzks_linux_arm64.a
// #cgo LDFLAGS: -lpthread -lm
import "C"
