// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"fmt"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Version is the version of the libzks in use, "0.2.0".
func Version() string { return versionText(raw.AbiVersion()) }

func versionText(v uint32) string { return fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff) }

// checkLibrary refuses a libzks that lacks what this package was made with; a newer one of the same
// major version has all of it.
func checkLibrary(op string) error {
	found, made := raw.AbiVersion(), uint32(raw.ABI_VERSION)
	if found>>16 == made>>16 && found>>8 >= made>>8 {
		return nil
	}
	return failText(op, ErrUnsupported, fmt.Sprintf(
		"libzks %s was found and %s is needed: install it, or build with -tags zks_static",
		versionText(found), versionText(made)))
}
