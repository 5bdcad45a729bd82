// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"path/filepath"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

var suites = map[string]zks.Suite{"default": zks.SuiteDefault, "approved": zks.SuiteApproved}

// configOf is the configuration that a step names.
func configOf(value any) (zks.Config, error) {
	o, _ := value.(map[string]any)
	config := zks.Config{Suite: suites[world.suite], Store: zks.InMemory}
	if link, ok := o["invite"]; ok {
		invite, err := zks.ParseInvite(textOf(link))
		if err != nil {
			return config, err
		}
		config = invite.Config()
		config.Store = zks.InMemory
	}
	if suite, ok := o["suite"].(string); ok {
		config.Suite = suites[suite]
	}
	setSecrets(&config, o)
	setStore(&config, o)
	setNumbers(&config, o)
	if list, ok := o["relays"].([]any); ok {
		config.Relays = nil
		for _, relay := range list {
			config.Relays = append(config.Relays, relayAddress(relay))
		}
	} else if o["invite"] == nil {
		config.Relays = []string{*fixture}
	}
	return config, nil
}

func setSecrets(config *zks.Config, o map[string]any) {
	if name, ok := o["device_name"]; ok {
		config.DeviceName = textOf(name)
	}
	if secret, ok := o["secret"]; ok {
		config.Secret = bytesOf(secret, 32)
	}
	if passphrase, ok := o["passphrase"]; ok {
		config.Passphrase = textOf(passphrase)
		config.Salt = bytesOf(o["salt"], 16)
	}
}

func setStore(config *zks.Config, o map[string]any) {
	if store, ok := o["store"].(string); ok {
		config.Store = store
		if store != "" {
			config.Store = filepath.Join(world.folder, store)
		}
	}
	if key, ok := o["store_key"]; ok {
		config.StoreKey = bytesOf(key, 32)
	}
	if passphrase, ok := o["store_passphrase"]; ok {
		config.StorePassphrase = []byte(textOf(passphrase))
	}
}

func setNumbers(config *zks.Config, o map[string]any) {
	number := func(key string) int64 {
		n, _ := o[key].(float64)
		return int64(n)
	}
	config.TTL = time.Duration(number("ttl_s")) * time.Second
	config.Rotate = time.Duration(number("rotate_s")) * time.Second
	config.InboxMaxBytes = number("inbox_max_bytes")
	config.KeepBytes = number("keep_bytes")
	config.QueueMaxBytes = number("queue_max_bytes")
	config.ConnectTimeout = time.Duration(number("connect_timeout_ms")) * time.Millisecond
}

// openBy opens a client in one of four ways and binds the device's name to it.
func openBy(t *task, way func(zks.Config) (*zks.Client, error)) {
	config, err := configOf(t.arg(2))
	if err != nil {
		t.fail(err)
		return
	}
	events := newEventLog()
	config.OnEvent = events.add
	client, err := way(config)
	if err != nil {
		t.fail(err)
		return
	}
	if world.bind(t.who, client, events) && t.verb == "open" {
		t.say(" again")
	} else {
		t.say("")
	}
}

func open(t *task) {
	openBy(t, func(c zks.Config) (*zks.Client, error) { return zks.Open(t.ctx(), c) })
}

func create(t *task) {
	o, _ := t.arg(2).(map[string]any)
	openBy(t, func(c zks.Config) (*zks.Client, error) {
		if o["recovery"] == false {
			return zks.CreateGroupNoRecovery(t.ctx(), c)
		}
		client, words, err := zks.CreateGroup(t.ctx(), c)
		if err == nil {
			world.setVariable("words:"+t.who, words)
		}
		return client, err
	})
}

func join(t *task) {
	code := textOf(t.arg(3))
	openBy(t, func(c zks.Config) (*zks.Client, error) {
		client, _, err := zks.Join(t.ctx(), c, code)
		return client, err
	})
}

func restore(t *task) {
	words := textOf(t.arg(3))
	openBy(t, func(c zks.Config) (*zks.Client, error) { return zks.Restore(t.ctx(), c, words) })
}

func connect(t *task)        { t.said(t.client().Connect(t.ctx())) }
func disconnect(t *task)     { t.said(t.client().Disconnect(t.ctx())) }
func networkChanged(t *task) { t.said(t.client().NetworkChanged()) }
func closeClient(t *task)    { t.said(t.client().Close()) }

func trust(t *task) {
	client := t.client()
	key := t.d.events.relayKey()
	if key == nil {
		broken("no relay has shown a changed key:", t.step)
	}
	t.said(client.TrustRelay(relayAddress(t.arg(2)), key))
}

func changeStoreKey(t *task) {
	client := t.client()
	if key := t.option("key"); key != nil {
		t.said(client.ChangeStoreKey(t.ctx(), bytesOf(key, 32)))
	} else if passphrase := t.option("passphrase"); passphrase != nil {
		t.said(client.ChangeStorePassphrase(t.ctx(), []byte(textOf(passphrase))))
	} else {
		t.said(client.RemoveStoreKey(t.ctx()))
	}
}
