// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime/cgo"
	"strings"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// InMemory as Config.Store: nothing is kept when the client is closed. It is said in words, since a
// path that is empty by mistake would lose data.
const InMemory = ":memory:"

// Config is what a client is opened with. The zero value of each field but Store is its default.
type Config struct {
	Store      string   // the store's file, made where absent, or InMemory
	Relays     []string // "zks://KEY@host:port" or "host[:port]"; the first one is preferred
	DeviceName string   // shown to the group's members only; at most 128 bytes

	// A shared group: who has the secret, or passphrase and salt, is a member. Leave all of them
	// out for a paired group, and to open the group that the store holds.
	Secret     []byte // 32 bytes
	Passphrase string
	Salt       []byte // at least 8 bytes, or a descriptor; nil with a passphrase: a new group

	// What opens the store, one of them; without any the file's mode protects it.
	StoreKey        []byte                 // 32 bytes, best from the system's keychain
	StoreKeyFunc    func() ([]byte, error) // asked once for each opening; it may take its time
	StorePassphrase []byte                 // UTF-8

	TTL            time.Duration // how long relays keep what is pushed; 0: as long as they allow
	Suite          Suite         // of a group that is made or joined
	Rotate         time.Duration // paired groups: age at which keys are changed; 0: 30 days
	InboxMaxBytes  int64         // unread bytes at which the relay is asked to wait; 0: 256 MiB
	KeepBytes      int64         // read and settled payloads kept in the store; 0: 256 MiB
	QueueMaxBytes  int64         // bytes on their way into the store, then ErrLimit; 0: 64 MiB
	ConnectTimeout time.Duration // one attempt to reach a relay; 0: 10 s

	// OnEvent is called with each event, those of the opening included, in their order, on a
	// goroutine of its own. Client.Events gives the later ones by a channel.
	OnEvent func(Event)
}

// A builder fills a configuration of libzks; the first failure stays.
type builder struct {
	op     string
	config raw.Config // freed by who asked for it
	err    error
	keyErr chan error // of Config.StoreKeyFunc, which is asked once
}

// build makes the configuration of libzks.
func (c *Config) build(ctx context.Context, op string, e *engine,
	sink raw.EventSink) (*builder, error) {
	b := &builder{op: op, keyErr: make(chan error, 1)}
	var config raw.Config // apart: cgo looks at all of what holds it
	if status := raw.ConfigNew(&config); status != 0 {
		return nil, fail(op, status)
	}
	b.config = config
	b.secrets(c)
	b.storeKey(ctx, c)
	b.options(c)
	for _, relay := range c.Relays {
		b.text(relay, func(p *byte) int32 { return raw.ConfigAddRelay(b.config, p) })
	}
	b.check(raw.ConfigSetQueue(b.config, e.queue))
	b.handle(sink, raw.ConfigSetEvents)
	if b.err != nil {
		raw.ConfigFree(b.config)
		return nil, b.err
	}
	return b, nil
}

func (b *builder) check(status int32) {
	if status == 0 || b.err != nil {
		return
	}
	text := raw.Text(raw.ConfigProblem(b.config))
	if text == "" {
		text = Code(status).Error()
	}
	b.err = failText(b.op, Code(status), text)
}

func (b *builder) text(s string, set func(*byte) int32) {
	p, err := text(b.op, s)
	if err != nil && b.err == nil {
		b.err = err
	} else if err == nil {
		b.check(set(p))
	}
}

// handle registers a Go value; the handle is deleted by libzks after the last callback.
func (b *builder) handle(value any, set func(raw.Config, uintptr) int32) {
	if b.err != nil {
		return
	}
	h := cgo.NewHandle(value)
	status := set(b.config, uintptr(h))
	if status != 0 {
		h.Delete()
	}
	b.check(status)
}

func (b *builder) secrets(c *Config) {
	// The suite before the passphrase, whose descriptor depends on it.
	b.number(raw.OPTION_SUITE, int64(c.Suite))
	if c.Secret != nil {
		b.secret(c.Secret, raw.ConfigSetSecret)
	}
	if c.Passphrase != "" || c.Salt != nil {
		b.check(lend(c.Passphrase, func(passphrase []byte) int32 {
			return raw.ConfigSetPassphrase(b.config, passphrase, bytes.Clone(c.Salt))
		}))
	}
}

func (b *builder) secret(secret []byte, set func(raw.Config, []byte) int32) {
	b.check(lend(secret, func(secret []byte) int32 { return set(b.config, secret) }))
}

func (b *builder) storeKey(ctx context.Context, c *Config) {
	if c.StoreKey != nil {
		b.secret(c.StoreKey, raw.ConfigSetStoreKey)
	}
	if c.StorePassphrase != nil {
		b.secret(c.StorePassphrase, raw.ConfigSetStorePassphrase)
	}
	if c.StoreKeyFunc != nil {
		b.handle(keySource(ctx, c.StoreKeyFunc, b.keyErr), raw.ConfigSetStoreKeyFn)
	}
}

// keySource gives a store key of the app to libzks; whatever is wrong with it is ErrStoreKey, and the
// reason goes to failed, which has room for it. The context of the opening ends the waiting: the
// function goes on alone, and what it gives is not looked at.
func keySource(ctx context.Context, give func() ([]byte, error), failed chan<- error) raw.KeySource {
	type answer struct {
		key []byte
		err error
	}
	return func(out []byte) int32 {
		given := make(chan answer, 1)
		go func() {
			key, err := give()
			given <- answer{key, err}
		}()
		var a answer
		select {
		case a = <-given:
		case <-ctx.Done():
			return int32(ErrCancelled)
		}
		if a.err == nil && len(a.key) != len(out) {
			a.err = fmt.Errorf("a store key has %d bytes, not %d", len(out), len(a.key))
		}
		if a.err != nil {
			failed <- a.err
			return int32(ErrStoreKey)
		}
		copy(out, a.key)
		return 0
	}
}

func (b *builder) options(c *Config) {
	if c.Store != InMemory {
		b.option(raw.OPTION_STORE_PATH, c.Store)
	}
	if c.DeviceName != "" {
		b.option(raw.OPTION_DEVICE_NAME, c.DeviceName)
	}
	b.number(raw.OPTION_TTL_S, roundUp(c.TTL, time.Second))
	b.number(raw.OPTION_ROTATE_S, roundUp(c.Rotate, time.Second))
	b.number(raw.OPTION_INBOX_MAX_BYTES, c.InboxMaxBytes)
	b.number(raw.OPTION_KEEP_BYTES, c.KeepBytes)
	b.number(raw.OPTION_QUEUE_MAX_BYTES, c.QueueMaxBytes)
	b.number(raw.OPTION_CONNECT_TIMEOUT_MS, roundUp(c.ConnectTimeout, time.Millisecond))
}

func (b *builder) option(option int32, s string) {
	b.text(s, func(p *byte) int32 { return raw.ConfigSetText(b.config, option, p) })
}

func (b *builder) number(option int32, value int64) {
	if value != 0 {
		b.check(raw.ConfigSetInt(b.config, option, value))
	}
}

// roundUp is a time in a unit; away from 0, which alone means the default.
func roundUp(t, unit time.Duration) int64 {
	n, rest := int64(t/unit), t%unit
	if rest > 0 {
		n++
	} else if rest < 0 {
		n--
	}
	return n
}

// number32 is a size for C: one that does not fit, and a negative one, is the largest.
func number32(n int) uint32 { return uint32(min(uint64(n), math.MaxUint32)) }

// text is a text for C, which would take a NUL for its end.
func text(op, s string) (*byte, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, failText(op, ErrInvalid, "a text must not hold a NUL byte")
	}
	return raw.CText(s), nil
}
