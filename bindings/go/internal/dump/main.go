// SPDX-License-Identifier: MIT OR Apache-2.0

// What this package really binds, as JSON, for the parity test: `go run ./internal/dump`. The
// constants are those of the loaded library; one that differs from ours is an error.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// loaded are the constants that the library enumerates.
func loaded() map[string]int64 {
	found := map[string]int64{}
	for i := uint32(0); ; i++ {
		var name *byte
		var value int64
		if raw.ConstantAt(i, &name, &value) != 0 {
			return found
		}
		found[raw.Text(name)] = value
	}
}

func main() {
	if !maps.Equal(loaded(), raw.Constants) {
		fmt.Fprintln(os.Stderr, "dump: libzks has other constants than this package")
		os.Exit(1)
	}
	events := map[string]int64{}
	for name, value := range raw.Constants {
		kind, found := strings.CutPrefix(name, "ZKS_EVENT_")
		if found && zks.EventKind(value).String() == kind {
			events[kind] = value
		}
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	err := out.Encode(map[string]any{
		"version":   zks.Version(),
		"functions": slices.Sorted(maps.Keys(raw.Functions)),
		"constants": raw.Constants,
		"events":    events,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "dump:", err)
		os.Exit(1)
	}
}
