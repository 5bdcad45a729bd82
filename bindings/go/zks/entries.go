// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"iter"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// EntriesOption changes Client.Entries.
type EntriesOption int

const (
	// WithOwn gives this device's own entries too, at the place where a relay acknowledged them.
	WithOwn EntriesOption = iota + 1
	// NoAck leaves the watermark to the loop: for an app that keeps the sequence with its data.
	NoAck
	// UntilEmpty ends the loop when there is nothing more to read, instead of waiting.
	UntilEmpty
)

// Entries gives the entries behind the watermark one by one, and waits for more. An entry is
// acknowledged when the loop asks for the next one, so one at which the loop stopped, or the
// program, comes again. Several are acknowledged at once where that is quicker.
//
//	for entry, err := range client.Entries(ctx) {
//		if err != nil { return err } // the last turn
//		...
//	}
//
// A context that ends, and Close, end the loop with an error. The loop stops after an error.
func (c *Client) Entries(ctx context.Context, options ...EntriesOption) iter.Seq2[Entry, error] {
	read, noAck := ReadOptions{Wait: true}, false
	for _, option := range options {
		switch option {
		case WithOwn:
			read.Own = true
		case NoAck:
			noAck = true
		case UntilEmpty:
			read.Wait = false
		}
	}
	return func(yield func(Entry, error) bool) {
		w := watermark{client: c, off: noAck}
		err := c.eachEntry(ctx, read, &w, yield)
		if ackErr := w.finish(); err == nil {
			err = ackErr
		}
		if err != nil && err != errStopped {
			yield(Entry{}, err)
		}
	}
}

// errStopped: the loop was left, it must not be called again.
var errStopped = failText("entries", ErrCancelled, "the loop was left")

func (c *Client) eachEntry(ctx context.Context, options ReadOptions, w *watermark,
	yield func(Entry, error) bool) error {
	after := c.Acked()
	for {
		table, err := c.read(ctx, "entries", after, options)
		if err != nil {
			return err
		}
		entries := entriesOf(table)
		table.Free()
		if len(entries) == 0 {
			return nil
		}
		for _, entry := range entries {
			if !yield(entry, nil) {
				return errStopped
			}
			after = entry.Seq
			if err := w.move(after); err != nil {
				return err
			}
		}
	}
}

// A watermark acknowledges what a loop has done with. One acknowledgement is on its way at a time;
// those that come meanwhile are made up by the next one, so that the loop never waits for the disk.
type watermark struct {
	client *Client
	off    bool
	wanted uint64 // up to here the loop is done
	asked  uint64 // up to here an acknowledgement was started
	call   *call  // that acknowledgement, while nobody knows of its end
}

func (w *watermark) move(seq uint64) error {
	w.wanted = seq
	if w.off {
		return nil
	}
	if w.call != nil {
		select {
		case status := <-w.call.done:
			if err := w.ended(status); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return w.start()
}

func (w *watermark) start() error {
	if w.asked == w.wanted {
		return nil
	}
	k := newCall()
	err := k.started("ack", w.client.start(func(h raw.Client) int32 {
		return raw.InboxAck(h, w.wanted, k.c)
	}))
	if err == nil {
		w.asked, w.call = w.wanted, k
	}
	return err
}

func (w *watermark) ended(status int32) error {
	k := w.call
	w.call = nil
	if status != 0 {
		return k.fail(context.Background(), "ack", status)
	}
	k.end()
	return nil
}

// finish waits for what is on its way, then acknowledges what is left, also when the context of the
// loop ended.
func (w *watermark) finish() error {
	for !w.off && (w.call != nil || w.asked != w.wanted) {
		if w.call == nil {
			if err := w.start(); err != nil {
				return err
			}
		}
		if err := w.ended(<-w.call.done); err != nil {
			return err
		}
	}
	return nil
}
