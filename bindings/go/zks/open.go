// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// An opener is one of the four functions of libzks that open a client.
type opener func(raw.Runtime, raw.Config, *raw.Call, *raw.Client) int32

// Open opens a client: a shared group by its secret or passphrase, or without these the group that
// the store holds. It works offline; Connect goes online.
func Open(ctx context.Context, config Config) (*Client, error) {
	return open(ctx, "open", config, func(r raw.Runtime, c raw.Config, k *raw.Call,
		out *raw.Client) int32 {
		return raw.ClientOpen(r, c, k, out)
	}, nil)
}

// CreateGroup makes a paired group with this device as its first member. The recovery code, 18
// words, lets its owner come in and remove any device, for ever: show it once and keep it nowhere.
// The store must not hold a group; from then on Open opens it. It works offline.
func CreateGroup(ctx context.Context, config Config) (c *Client, recovery string, err error) {
	c, err = createGroup(ctx, config, 0, func(o raw.Op) {
		words := opBytes(o, raw.OP_RECOVERY_CODE)
		recovery = string(words)
		clear(words)
	})
	return c, recovery, err
}

// CreateGroupNoRecovery makes a paired group without a recovery code: when the last device is lost,
// so is the group.
func CreateGroupNoRecovery(ctx context.Context, config Config) (*Client, error) {
	return createGroup(ctx, config, raw.CREATE_NO_RECOVERY, nil)
}

func createGroup(ctx context.Context, config Config, flags uint32,
	read func(raw.Op)) (*Client, error) {
	return open(ctx, "create group", config, func(r raw.Runtime, c raw.Config,
		k *raw.Call, out *raw.Client) int32 {
		return raw.GroupCreate(r, c, flags, k, out)
	}, read)
}

// Join comes into a group, paired or shared, by the code or link that a member shows (Client.Pair).
// It lasts until the user of the other device has let this one in. Meanwhile EventPairDigits comes to
// Config.OnEvent: six digits that both devices show, and whoever sees both compares them. relays are
// those of the other device: put them into Config.Relays from now on.
func Join(ctx context.Context, config Config, codeOrLink string) (c *Client, relays []string,
	err error) {
	c, err = open(ctx, "join", config, func(r raw.Runtime, conf raw.Config, k *raw.Call,
		out *raw.Client) int32 {
		return lend(codeOrLink, func(code []byte) int32 {
			return raw.GroupJoin(r, conf, code, k, out)
		})
	}, func(o raw.Op) {
		relays = strings.Fields(string(opBytes(o, raw.OP_RELAYS)))
	})
	return c, relays, err
}

// Restore comes into a paired group by its recovery code, as a new device with all rights: when all
// others are lost, or to settle that two removed each other. It works offline. The lost devices
// stay members until they are removed with Client.Revoke.
func Restore(ctx context.Context, config Config, recovery string) (*Client, error) {
	return open(ctx, "restore", config, func(r raw.Runtime, c raw.Config, k *raw.Call,
		out *raw.Client) int32 {
		return lend(recovery, func(words []byte) int32 {
			return raw.GroupRestore(r, c, words, k, out)
		})
	}, nil)
}

// open opens a client and waits until it is open; what fails leaves nothing behind.
func open(ctx context.Context, op string, config Config, start opener,
	read func(raw.Op)) (*Client, error) {
	e, err := useEngine(op)
	if err != nil {
		return nil, err
	}
	h := newHub()
	if config.OnEvent != nil {
		h.callEach(config.OnEvent)
	}
	built, err := config.build(ctx, op, e, h)
	if err != nil {
		h.close()
		e.leave()
		return nil, err
	}
	var handle raw.Client
	err = run(ctx, op, func(k *raw.Call) int32 {
		return start(e.runtime, built.config, k, &handle)
	}, read)
	raw.ConfigFree(built.config)
	c := &Client{engine: e, hub: h, handle: handle}
	if err != nil {
		c.Close()
		return nil, built.because(err)
	}
	runtime.SetFinalizer(c, (*Client).lost)
	return c, nil
}

// because adds the error of Config.StoreKeyFunc to that of the opening which it ended.
func (b *builder) because(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code != ErrStoreKey {
		return err
	}
	select {
	case reason := <-b.keyErr:
		e.causes = append(e.causes, reason)
		e.Text = reason.Error()
	default:
	}
	return err
}
