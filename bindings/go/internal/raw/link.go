// SPDX-License-Identifier: MIT OR Apache-2.0

//go:build !zks_static

package raw

// The default: libzks as `make install` put it, found by pkg-config.

// #cgo pkg-config: zks
import "C"
