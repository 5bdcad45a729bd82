// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"sync"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Relay is a relay inside this process, for tests and small services: the same code as the program
// zks-relay.
type Relay struct {
	engine  *engine
	mu      sync.RWMutex
	handle  raw.Relay
	address string
	closing sync.Once
	err     error
}

// StartRelay starts a relay and returns when it listens. config has lines `name = value` as in
// zks-relay's configuration file: "listen = 127.0.0.1:0\ndata = relay-data\n".
func StartRelay(ctx context.Context, config string) (*Relay, error) {
	const op = "start relay"
	lines, err := text(op, config)
	if err != nil {
		return nil, err
	}
	e, err := useEngine(op)
	if err != nil {
		return nil, err
	}
	var handle raw.Relay
	err = run(ctx, op, func(k *raw.Call) int32 {
		return raw.RelayStart(e.runtime, lines, k, &handle)
	}, nil)
	if err != nil {
		raw.RelayFree(handle)
		e.leave()
		return nil, err
	}
	return &Relay{engine: e, handle: handle, address: raw.Text(raw.RelayAddress(handle))}, nil
}

// Address is what to give to clients, "zks://KEY@host:port" with the port really bound.
func (r *Relay) Address() string { return r.address }

// Stop tells the relay's clients, finishes what is being stored, and returns when it has stopped.
func (r *Relay) Stop(ctx context.Context) error {
	return run(ctx, "stop relay", func(k *raw.Call) int32 {
		r.mu.RLock()
		defer r.mu.RUnlock()
		if r.handle == 0 {
			return int32(ErrClosed)
		}
		return raw.RelayStop(r.handle, k)
	}, nil)
}

// Close stops the relay, if it runs, and frees it. Closing it again does nothing.
func (r *Relay) Close() error {
	r.closing.Do(func() {
		r.err = r.Stop(context.Background())
		r.mu.Lock()
		raw.RelayFree(r.handle)
		r.handle = 0
		r.mu.Unlock()
		r.engine.leave()
	})
	return r.err
}
