// SPDX-License-Identifier: MIT OR Apache-2.0

//go:build !cgo

package raw

// Go turns cgo off by itself where it finds no C compiler, and when it builds for another platform.

var _ = package_zks_needs_cgo__install_a_C_compiler_and_set_CGO_ENABLED_1
