// SPDX-License-Identifier: MIT OR Apache-2.0

//go:build zks_static && linux && (amd64 || arm64)

package raw

// `go build -tags zks_static`: the archive in this folder. scripts/package go puts it there; a
// checkout has none. GnuTLS and what it needs stay shared, since the LGPL asks that users can
// replace them; they are linked by their files' names, so that no -dev package is needed.

// #cgo amd64 LDFLAGS: ${SRCDIR}/libzks_linux_amd64.a
// #cgo arm64 LDFLAGS: ${SRCDIR}/libzks_linux_arm64.a
// #cgo LDFLAGS: -l:libgnutls.so.30 -l:libhogweed.so.6 -l:libnettle.so.8 -l:libgmp.so.10
// #cgo LDFLAGS: -lpthread -lm
import "C"
