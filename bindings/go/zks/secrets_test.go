// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// shows finds a text however a verb may have written it.
func shows(printed, text string) bool {
	numbers := strings.Trim(fmt.Sprint([]byte(text)), "[]")
	hexadecimal := hex.EncodeToString([]byte(text))
	syntax := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(text)), "[]byte{"), "}")
	for _, form := range []string{text, numbers, hexadecimal, syntax} {
		if strings.Contains(strings.ToLower(printed), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

func TestPrintingShowsNoSecret(t *testing.T) {
	const word = "open sesame, thirty two bytes ok"
	config := zks.Config{Store: "a.zks", Secret: []byte(word), Passphrase: word, StoreKey: []byte(word),
		StorePassphrase: []byte(word)}
	invite := zks.Invite{Link: word, Secret: []byte(word)}
	event := zks.Event{Kind: zks.EventPairCode, Code: word, Relay: "relay.example.org"}
	pairing := zks.Pairing{Code: word}
	options := zks.PairOptions{Code: word}
	for _, value := range []any{config, &config, invite, &invite, event, &event, pairing, &pairing, options,
		&options, []zks.Config{config}, struct{ Inner zks.Invite }{invite}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			if printed := fmt.Sprintf(verb, value); shows(printed, word) {
				t.Errorf("%s of %T: %s", verb, value, printed)
			}
		}
	}
	for _, value := range []any{config, &config, invite, &invite, event, &event, pairing, &pairing, options,
		&options} {
		var out strings.Builder
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", value)
		if shows(out.String(), word) {
			t.Errorf("slog of %T: %s", value, out.String())
		}
	}
	if printed := fmt.Sprint(config, event); !strings.Contains(printed, "a.zks") ||
		!strings.Contains(printed, "relay.example.org") {
		t.Errorf("nothing is left: %s", printed)
	}
}
