// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Entry is what a device pushed. The Data of entries that one Read returned lie in one piece of
// memory: clone what is kept alone for long.
type Entry struct {
	Seq    uint64 // the place in this device's inbox, strictly increasing
	Data   []byte
	Time   time.Time // the sender's clock
	BlobID BlobID
	Sender DeviceID
	Number uint64 // the sender's own number, without gaps within a chain
	Own    bool   // pushed by this device
	Late   bool   // was reported missing before: its place is before entries already delivered
	Fork   bool   // its author wrote two entries with this number; both are delivered
}

// Reader reads the entry's bytes.
func (e *Entry) Reader() *bytes.Reader { return bytes.NewReader(e.Data) }

// WriteTo writes the entry's bytes: io.WriterTo.
func (e *Entry) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(e.Data)
	return int64(n), err
}

// ReadOptions says what Read returns. The zero value: what is behind the watermark, at most 1,000
// entries or 4 MiB, at once.
type ReadOptions struct {
	After     uint64 // entries behind this sequence; 0: behind the watermark
	FromStart bool   // from the first entry that the store keeps; After is not looked at
	MaxCount  int    // at most so many; 0: 1,000
	MaxBytes  int    // of payload, but always one entry if there is one; 0: 4 MiB
	Wait      bool   // wait for an entry where there is none
	Own       bool   // also this device's own entries, where a relay acknowledged them
}

// Read reads entries in the order of their sequences. It changes nothing: Ack does.
func (c *Client) Read(ctx context.Context, options ReadOptions) ([]Entry, error) {
	const op = "read"
	after := options.After
	if after == 0 && !options.FromStart {
		after = c.Acked()
	} else if options.FromStart {
		after = 0
	}
	table, err := c.read(ctx, op, after, options)
	if err != nil {
		return nil, err
	}
	defer table.Free()
	return entriesOf(table), nil
}

func (c *Client) read(ctx context.Context, op string, after uint64, o ReadOptions) (*raw.Table,
	error) {
	defer runtime.KeepAlive(c)
	if err := ended(ctx, op); err != nil {
		return nil, err
	}
	if o.MaxCount < 0 || o.MaxBytes < 0 {
		return nil, failText(op, ErrInvalid, "MaxCount and MaxBytes cannot be negative")
	}
	k := o.newCall()
	err := k.started(op, c.start(func(h raw.Client) int32 {
		return raw.InboxRead(h, after, number32(o.MaxCount), number32(o.MaxBytes), o.flags(),
			k.c)
	}))
	if err != nil {
		return nil, err
	}
	table := new(raw.Table)
	status := k.wait(ctx)
	if status == 0 {
		status = raw.ReadEnd(k.c.Op, table)
	}
	if status != 0 {
		return nil, k.fail(ctx, op, status)
	}
	k.c.Op = 0
	k.end()
	return table, nil
}

func (o *ReadOptions) flags() (flags uint32) {
	if o.Wait {
		flags |= raw.READ_WAIT
	}
	if o.Own {
		flags |= raw.READ_OWN
	}
	return flags
}

func (o *ReadOptions) newCall() *call {
	if o.Wait {
		return newCall()
	}
	return newLocalCall()
}

// entriesOf copies a batch: its payloads in one go.
func entriesOf(t *raw.Table) []Entry {
	entries := make([]Entry, t.Count())
	data := bytes.Clone(t.Data())
	offsets, seqs, numbers := t.Offsets(), t.Seqs(), t.Numbers()
	times, flags := t.TimesMs(), t.Flags()
	ids, senders := raw.TableIDs[BlobID](t), raw.TableSenders[DeviceID](t)
	for i := range entries {
		entries[i] = Entry{
			Seq:    seqs[i],
			Data:   data[offsets[i]:offsets[i+1]:offsets[i+1]],
			Time:   time.UnixMilli(times[i]),
			BlobID: ids[i],
			Sender: senders[i],
			Number: numbers[i],
			Own:    flags[i]&raw.ITEM_OWN != 0,
			Late:   flags[i]&raw.ITEM_LATE != 0,
			Fork:   flags[i]&raw.ITEM_FORK != 0,
		}
	}
	return entries
}

// Ack moves the watermark: what is at or below seq is done with, and does not come again after a
// restart. It returns when that is on disk. It never moves back.
func (c *Client) Ack(ctx context.Context, seq uint64) error {
	return c.run(ctx, "ack", func(h raw.Client, k *raw.Call) int32 {
		return raw.InboxAck(h, seq, k)
	}, nil)
}

// Acked is the watermark: where to go on reading. 0: nothing is acknowledged, or it is closed.
func (c *Client) Acked() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.handle == 0 {
		return 0
	}
	return raw.InboxAcked(c.handle)
}
