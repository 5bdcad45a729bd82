// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"time"
	"unsafe"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// PairOptions says how a device is let in. The zero value: by a code to be typed, with all rights
// of this device, within ten minutes.
type PairOptions struct {
	Kind   PairKind
	Rights Rights        // in a shared group there are none to give
	Life   time.Duration // how long the code is good; 0: 10 minutes, which is also the most
	// Code is one of NewPairCode that was shown before. It is good as soon as the client is
	// connected, and serves once.
	Code string
}

// NewPairCode makes a pairing code that is good before there is a connection, for PairOptions: to be
// shown or printed at once. It is XXXX-XXXX-XXXX-XXXX of 2 to 7 and A to Z without I, L, O and U; a
// secret.
func NewPairCode() (string, error) {
	code := make([]byte, raw.SIZE_PAIR_CODE)
	defer clear(code)
	if status := raw.PairCodeNew(unsafe.SliceData(code)); status != 0 {
		return "", fail("new pair code", status)
	}
	return string(code[:len(code)-1]), nil // without its NUL
}

// Pairing is a device on its way into the group.
type Pairing struct {
	Code string // a code or link: show it to the user, who types or scans it on the other device
	*pairing
}

// pairing is what changes while others may print a Pairing. It receives the client's events.
type pairing struct {
	client *Client
	codes  chan string // room for one, so that the dispatcher and run never wait
	asks   chan Ask    // likewise
	ended  chan struct{}
	stop   context.CancelFunc
	device DeviceID // device and err: once it ended
	err    error
}

// Ask is a device that wants to come in.
type Ask struct {
	Name   string // as it calls itself
	Digits string // six digits that it shows too
}

// Pair lets a device into the group; in a shared group it is given the group's secret, which nothing
// takes back. It returns when the code is there to be shown, with PairOptions.Code at once; then
// comes Asked, Answer and Wait. The context is of the whole pairing: ending it takes the code back.
// A client has one at a time: a second one fails with ErrBusy until the first one's Wait returns.
func (c *Client) Pair(ctx context.Context, options PairOptions) (*Pairing, error) {
	if options.Life < 0 {
		return nil, failText("pair", ErrInvalid, "Life cannot be negative")
	}
	if options.Kind == 0 {
		options.Kind = PairCode
	}
	if options.Code != "" && options.Kind != PairCode {
		return nil, failText("pair", ErrInvalid, "a code was given, and a link asked for")
	}
	if !c.pairing.CompareAndSwap(false, true) {
		return nil, failText("pair", ErrBusy, "a pairing is under way already: wait, or cancel it")
	}
	ctx, stop := context.WithCancel(ctx)
	p := &pairing{client: c, codes: make(chan string, 1), asks: make(chan Ask, 1),
		ended: make(chan struct{}), stop: stop}
	c.hub.add(p)
	go p.run(ctx, options)
	return p.shown()
}

// shown waits for the code. Events come before the end of the operation that caused them.
func (p *pairing) shown() (*Pairing, error) {
	select {
	case code := <-p.codes:
		return &Pairing{code, p}, nil
	case <-p.ended:
	}
	select {
	case code := <-p.codes:
		return &Pairing{code, p}, nil
	default:
		return nil, p.err
	}
}

// put takes what the pairing says by events, which do not name it: a client has one at a time.
func (p *pairing) put(e Event) {
	switch e.Kind {
	case EventPairCode:
		select {
		case p.codes <- e.Code:
		default:
		}
	case EventPairAsk:
		select {
		case p.asks <- Ask{e.Name, e.Digits}:
		default:
		}
	}
}

// end: the client closes, which ends the operation too.
func (p *pairing) end() {}

func (p *pairing) run(ctx context.Context, o PairOptions) {
	life := uint32(min(roundUp(o.Life, time.Second), 600))
	p.err = p.client.run(ctx, "pair", func(h raw.Client, k *raw.Call) int32 {
		if o.Code != "" {
			return p.beginCode(h, o, life, k)
		}
		return raw.PairBegin(h, int32(o.Kind), uint32(o.Rights), life, k)
	}, func(op raw.Op) {
		p.device = deviceID(opBytes(op, raw.OP_DEVICE))
	})
	p.stop()
	p.client.hub.remove(p)
	p.client.pairing.Store(false)
	close(p.ended)
}

// beginCode: the code is there already, and may wait for a connection.
func (p *pairing) beginCode(h raw.Client, o PairOptions, life uint32, k *raw.Call) int32 {
	status := lend(o.Code, func(code []byte) int32 {
		return raw.PairBeginCode(h, code, uint32(o.Rights), life, k)
	})
	if status == 0 {
		p.put(Event{Kind: EventPairCode, Code: o.Code})
	}
	return status
}

// Asked waits until a device that knows the code wants to come in. Answer it.
func (p *pairing) Asked(ctx context.Context) (Ask, error) {
	if p.over() {
		return Ask{}, p.whyOver()
	}
	select {
	case ask := <-p.asks:
		return ask, nil
	case <-p.ended:
		return Ask{}, p.whyOver()
	case <-ctx.Done():
		return Ask{}, ended(ctx, "pair")
	}
}

func (p *pairing) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *pairing) whyOver() error {
	if p.err == nil {
		return failText("pair", ErrState, "the device is in already")
	}
	return p.err
}

// Answer lets the device that asked in, or not, which ends the pairing.
func (p *pairing) Answer(accept bool) error {
	if p.over() { // libzks would take it for an answer to a later pairing
		return failText("pair", ErrState, "the pairing has ended")
	}
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
func (p *pairing) Wait(ctx context.Context) (DeviceID, error) {
	select {
	case <-p.ended:
		return p.device, p.err
	case <-ctx.Done():
		return DeviceID{}, ended(ctx, "pair")
	}
}

// Cancel takes the code back and ends the pairing.
func (p *pairing) Cancel() { p.stop() }
