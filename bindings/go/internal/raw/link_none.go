// SPDX-License-Identifier: MIT OR Apache-2.0

//go:build zks_static && !(linux && (amd64 || arm64))

package raw

var _ = no_archive_of_libzks_for_this_platform__build_without_the_tag_zks_static
