// SPDX-License-Identifier: MIT OR Apache-2.0

//go:build !linux

package raw

var _ = package_zks_runs_on_Linux_only
