// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Client is one device in one group. All its methods may be called from any goroutine, and from
// several at once. After Close they fail with ErrClosed.
type Client struct {
	engine *engine
	hub    *hub

	mu     sync.RWMutex // held while a call uses handle, never while it waits
	handle raw.Client   // 0: closed

	pairing atomic.Bool // one is under way

	closing  sync.Once
	closeErr error
}

// start makes a call of libzks with the client's handle.
func (c *Client) start(call func(raw.Client) int32) int32 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.handle == 0 {
		return int32(ErrClosed)
	}
	return call(c.handle)
}

// run starts an operation of this client and waits for it. Whoever waits keeps the client alive, as
// everything here that waits does: its finalizer would close it.
func (c *Client) run(ctx context.Context, op string, start func(raw.Client, *raw.Call) int32,
	read func(raw.Op)) error {
	defer runtime.KeepAlive(c)
	return run(ctx, op, func(k *raw.Call) int32 {
		return c.start(func(h raw.Client) int32 { return start(h, k) })
	}, read)
}

// Connect connects to the relays and stays connected: after a loss the client tries again by itself
// until Disconnect. It returns when the first relay has accepted this device, or when the first
// attempt at every relay has failed (ErrUnreachable and others of ClassRetry: further ones follow).
func (c *Client) Connect(ctx context.Context) error {
	return c.run(ctx, "connect", raw.ClientConnect, nil)
}

// Disconnect ends the connections. The client stays open; what is pushed is stored meanwhile.
func (c *Client) Disconnect(ctx context.Context) error {
	return c.run(ctx, "disconnect", raw.ClientDisconnect, nil)
}

// NetworkChanged is a hint that the machine's network changed: waiting attempts are made now.
func (c *Client) NetworkChanged() error {
	return fail("network changed", c.start(raw.ClientNetworkChanged))
}

// TrustRelay accepts another key for a relay whose address does not name one, when somebody has
// made sure that the change is right: ErrRelayKeyChanged is also what an impostor looks like. The
// key is Event.RelayKey.
func (c *Client) TrustRelay(address string, key []byte) error {
	const op = "trust relay"
	p, err := text(op, address)
	if err != nil {
		return err
	}
	if len(key) != raw.SIZE_RELAY_KEY {
		return failText(op, ErrInvalid, "a relay's key has 32 bytes")
	}
	mine := append([]byte(nil), key...)
	return fail(op, c.start(func(h raw.Client) int32 {
		return raw.ClientTrustRelay(h, p, &mine[0])
	}))
}

// Flush waits until a relay has acknowledged everything pushed before, for the moment before a
// program ends. Where the context ends first, the entries stay stored and go out later; pending
// says how many.
func (c *Client) Flush(ctx context.Context) (pending int, err error) {
	const op = "flush"
	defer runtime.KeepAlive(c)
	if err := ended(ctx, op); err != nil {
		return 0, err
	}
	k := newCall()
	err = k.started(op, c.start(func(h raw.Client) int32 {
		return raw.ClientFlush(h, flushTimeout(ctx), k.c)
	}))
	if err != nil {
		return 0, err
	}
	status := k.wait(lastMoment{ctx})
	pending = int(raw.OpNumber(k.c.Op, raw.OP_PENDING))
	if status != 0 {
		return pending, k.fail(ctx, op, status)
	}
	k.end()
	return pending, nil
}

// lastMoment is a context whose deadline libzks knows: it counts what is left when it passes.
type lastMoment struct{ context.Context }

func (c lastMoment) Err() error {
	if err := c.Context.Err(); err != context.DeadlineExceeded {
		return err
	}
	return nil
}

// flushTimeout is what is left of a context's time, ms, so that libzks ends by itself and counts.
func flushTimeout(ctx context.Context) uint32 {
	const longest = 1 << 31
	deadline, ok := ctx.Deadline()
	if !ok {
		return longest
	}
	return uint32(min(max(time.Until(deadline).Milliseconds(), 1), longest))
}

// WaitSynced waits until everything pushed before is acknowledged and everything that the relay had
// is in the inbox; for a connection as long as it takes.
func (c *Client) WaitSynced(ctx context.Context) error {
	return c.run(ctx, "wait synced", raw.ClientWaitSynced, nil)
}

// ChangeStoreKey seals the store's secrets with another 32 bytes, in one commit. Copies of the file
// made before are still opened by what opened it before.
func (c *Client) ChangeStoreKey(ctx context.Context, key []byte) error {
	return c.changeStoreKey(ctx, raw.STORE_KEY_BYTES, key)
}

// ChangeStorePassphrase is ChangeStoreKey with a passphrase.
func (c *Client) ChangeStorePassphrase(ctx context.Context, passphrase []byte) error {
	return c.changeStoreKey(ctx, raw.STORE_KEY_PASSPHRASE, passphrase)
}

// RemoveStoreKey leaves the store to the protection of its file's mode.
func (c *Client) RemoveStoreKey(ctx context.Context) error {
	return c.changeStoreKey(ctx, raw.STORE_KEY_NONE, nil)
}

func (c *Client) changeStoreKey(ctx context.Context, kind int32, key []byte) error {
	return c.run(ctx, "change store key", func(h raw.Client, k *raw.Call) int32 {
		return lend(key, func(key []byte) int32 {
			return raw.ClientChangeStoreKey(h, kind, key, k)
		})
	}, nil)
}

// Close closes the client and waits until its store is closed: its operations end with
// ErrCancelled, channels of Events are closed. Closing it again does nothing.
func (c *Client) Close() error {
	c.closing.Do(func() {
		runtime.SetFinalizer(c, nil)
		c.mu.Lock()
		handle := c.handle
		c.handle = 0
		c.mu.Unlock()
		if handle != 0 {
			c.closeErr = run(context.Background(), "close", func(k *raw.Call) int32 {
				return raw.ClientClose(handle, k)
			}, nil)
			raw.ClientFree(handle)
		}
		c.hub.close()
		c.engine.leave()
	})
	return c.closeErr
}

// lost runs when the garbage collector finds a client that was not closed. It is an alarm, not a
// way to close clients: nobody knows when it comes.
func (c *Client) lost() {
	logger().LogAttrs(context.Background(), slog.LevelWarn,
		"zks: a client was not closed; call Client.Close when it is done with")
	go c.Close()
}
