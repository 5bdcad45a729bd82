// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"fmt"
	"io"
	"log/slog"
)

// What holds secrets never shows them when it is printed, whatever the verb, or logged with slog.

// String shows no secret: the store, the relays and the device's name.
func (c Config) String() string {
	return fmt.Sprintf("zks.Config(store %q, relays %q, device %q)", c.Store, c.Relays, c.DeviceName)
}

// Format is String for every verb.
func (c Config) Format(to fmt.State, _ rune) { io.WriteString(to, c.String()) }

// LogValue is String.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String does not show the secret.
func (i Invite) String() string { return "zks.Invite(group " + i.GroupID.String()[:8] + ")" }

// Format is String for every verb.
func (i Invite) Format(to fmt.State, _ rune) { io.WriteString(to, i.String()) }

// LogValue is String.
func (i Invite) LogValue() slog.Value { return slog.StringValue(i.String()) }

// String shows all but the pairing code.
func (e Event) String() string {
	type plain Event // without this method
	if e.Code != "" {
		e.Code = "(secret)"
	}
	return fmt.Sprintf("zks.Event%+v", plain(e))
}

// Format is String for every verb.
func (e Event) Format(to fmt.State, _ rune) { io.WriteString(to, e.String()) }

// LogValue is String.
func (e Event) LogValue() slog.Value { return slog.StringValue(e.String()) }

// String does not show a code.
func (o PairOptions) String() string {
	return fmt.Sprintf("zks.PairOptions(kind %d, rights %d, life %v)", int32(o.Kind), uint32(o.Rights),
		o.Life)
}

// Format is String for every verb.
func (o PairOptions) Format(to fmt.State, _ rune) { io.WriteString(to, o.String()) }

// LogValue is String.
func (o PairOptions) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String does not show the code.
func (p Pairing) String() string { return "zks.Pairing" }

// Format is String for every verb.
func (p Pairing) Format(to fmt.State, _ rune) { io.WriteString(to, p.String()) }

// LogValue is String.
func (p Pairing) LogValue() slog.Value { return slog.StringValue(p.String()) }

// lend gives a copy of a secret to C, which copies it again, and clears it behind. The caller's own
// memory may lie beside Go pointers, which cgo refuses.
func lend[T string | []byte](secret T, use func([]byte) int32) int32 {
	mine := append([]byte{}, secret...)
	defer clear(mine)
	return use(mine)
}
