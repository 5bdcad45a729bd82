// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// An embedded relay; its address stays when it is stopped: the next start takes its port.
type embedded struct {
	address string
	relay   *zks.Relay
}

// bare is an address without its key.
func bare(address string) string {
	_, bare, found := strings.Cut(address, "@")
	if !found {
		return address
	}
	return bare
}

// relayAddress is an address for a relay's text in a configuration.
func relayAddress(value any) string {
	text, ok := value.(string)
	name, refers := strings.CutPrefix(text, "@")
	if !ok || !refers {
		return textOf(value)
	}
	name, _, wantBare := strings.Cut(name, "/")
	address := *fixture
	if name != "" {
		e := world.relays[name]
		if e == nil {
			broken("no such relay:", value)
		}
		address = e.address
	}
	if wantBare {
		return bare(address)
	}
	return address
}

func startRelay(t *task) {
	before := world.relays[t.who]
	listen := "127.0.0.1:0"
	if before != nil {
		listen = bare(before.address)
	}
	config := fmt.Sprintf("listen = %s\ndata = %s\n", listen, filepath.Join(world.folder, t.text(2)))
	options, _ := t.arg(3).(map[string]any)
	for name, value := range options {
		config += fmt.Sprintf("%s = %v\n", name, value)
	}
	relay, err := zks.StartRelay(t.ctx(), config)
	if err == nil {
		if before != nil {
			before.relay.Close()
		}
		world.relays[t.who] = &embedded{relay.Address(), relay}
	}
	t.said(err)
}

func stopRelay(t *task) {
	e := world.relays[t.who]
	if e == nil {
		broken("no such relay:", t.step)
	}
	t.said(e.relay.Stop(t.ctx()))
}

func invite(t *task) {
	invite, err := t.client().InviteShared()
	if err != nil {
		t.fail(err)
		return
	}
	world.setVariable(t.text(2), invite.Link)
	t.say(" version %d suite %s relays %d", invite.Version, strings.ToLower(invite.Suite.String()),
		len(invite.Relays))
}

func derive(t *task) {
	t.who = ""
	secret, group, err := zks.DeriveSecret(textOf(t.arg(1)), bytesOf(t.arg(2), 16))
	if err != nil {
		t.fail(err)
		return
	}
	t.say(" secret %08x group %08x", fnv1a(secret), fnv1a(group[:]))
}
