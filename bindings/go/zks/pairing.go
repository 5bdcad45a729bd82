// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// PairOptions says how a device is let in. The zero value: by a code to be typed, with all rights
// of this device, within ten minutes.
type PairOptions struct {
	Kind   PairKind
	Rights Rights
	Life   time.Duration // how long the code is good; 0: 10 minutes, which is also the most
}

// Pairing is a device on its way into the group.
type Pairing struct {
	Code string // a code or link: show it to the user, who types or scans it on the other device

	client *Client
	asks   chan Ask
	ended  chan struct{}
	stop   context.CancelFunc
	device DeviceID
	err    error
}

// Ask is a device that wants to come in.
type Ask struct {
	Name   string // as it calls itself
	Digits string // six digits that it shows too
}

// Pair lets a device into a paired group. It returns when the code is there to be shown; then
// comes Asked, Answer and Wait. The context is of the whole pairing: ending it takes the code back.
func (c *Client) Pair(ctx context.Context, options PairOptions) (*Pairing, error) {
	if options.Kind == 0 {
		options.Kind = PairCode
	}
	ctx, stop := context.WithCancel(ctx)
	p := &Pairing{client: c, asks: make(chan Ask, 1), ended: make(chan struct{}), stop: stop}
	codes := make(chan string, 1)
	go p.follow(c.Events(ctx), codes)
	go p.run(ctx, options)
	select {
	case p.Code = <-codes:
		return p, nil
	case <-p.ended:
	}
	if p.err == nil { // another reader of the events was quicker
		return p, nil
	}
	return nil, p.err
}

// follow passes on what the pairing says by events.
func (p *Pairing) follow(events <-chan Event, codes chan<- string) {
	for e := range events {
		switch e.Kind {
		case EventPairCode:
			select {
			case codes <- e.Code:
			default:
			}
		case EventPairAsk:
			select {
			case p.asks <- Ask{e.Name, e.Digits}:
			default:
			}
		}
	}
}

func (p *Pairing) run(ctx context.Context, o PairOptions) {
	life := uint32(min(max(o.Life/time.Second, 0), 600))
	p.err = p.client.run(ctx, "pair", func(h raw.Client, k *raw.Call) int32 {
		return raw.PairBegin(h, int32(o.Kind), uint32(o.Rights), life, k)
	}, func(op raw.Op) {
		p.device = deviceID(opBytes(op, raw.OP_DEVICE))
	})
	p.stop()
	close(p.ended)
}

// Asked waits until a device that knows the code wants to come in. Answer it.
func (p *Pairing) Asked(ctx context.Context) (Ask, error) {
	select {
	case ask := <-p.asks:
		return ask, nil
	case <-p.ended:
		if p.err == nil {
			return Ask{}, failText("pair", ErrState, "the device is in already")
		}
		return Ask{}, p.err
	case <-ctx.Done():
		return Ask{}, ended(ctx, "pair")
	}
}

// Answer lets the device that asked in, or not, which ends the pairing.
func (p *Pairing) Answer(accept bool) error {
	var yes int32
	if accept {
		yes = 1
	}
	return fail("pair", p.client.start(func(h raw.Client) int32 {
		return raw.PairAnswer(h, yes)
	}))
}

// Wait waits until the device is in, and gives its id; or the reason why it is not. A context that
// ends here ends the waiting, not the pairing.
func (p *Pairing) Wait(ctx context.Context) (DeviceID, error) {
	select {
	case <-p.ended:
		return p.device, p.err
	case <-ctx.Done():
		return DeviceID{}, ended(ctx, "pair")
	}
}

// Cancel takes the code back and ends the pairing.
func (p *Pairing) Cancel() { p.stop() }
