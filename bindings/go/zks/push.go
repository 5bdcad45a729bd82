// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"runtime"
	"sync"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// MaxEntry is the most bytes that one entry may have: 1 MiB - 1 KiB. A relay may allow less.
const MaxEntry = raw.SIZE_PUSH_MAX

// MaxPushMany is the most entries of one PushMany.
const MaxPushMany = raw.PUSH_COUNT_MAX

// PushFlag says what a push waits for, and whether it may wait for a connection. Without any it
// returns when the entry is durable on this device.
type PushFlag uint32

const (
	// Acked: return when a relay has the entry on disk.
	Acked PushFlag = raw.PUSH_ACKED
	// NeedConnection: fail with ErrNotConnected instead of queueing while offline.
	NeedConnection PushFlag = raw.PUSH_NEED_CONNECTION
)

// Pushed is what became of a push.
type Pushed struct {
	Number  uint64   // this device's own number of the first entry; the others follow without gaps
	BlobIDs []BlobID // of each entry
	Seq     uint64   // with Acked: the place of the last entry in this device's inbox
}

// Push pushes one entry, of at most MaxEntry bytes, to the group's other devices. When it returns
// the entry is on disk, and goes out whatever happens. A context that ends does not take it back.
func (c *Client) Push(ctx context.Context, data []byte, flags ...PushFlag) (Pushed, error) {
	all := allFlags(flags)
	return c.push(ctx, 1, all, func(h raw.Client, k *raw.Call) int32 {
		return raw.Push(h, data, all, k)
	})
}

// PushMany pushes several entries as one: all are stored or none.
func (c *Client) PushMany(ctx context.Context, entries [][]byte, flags ...PushFlag) (Pushed, error) {
	joined := joinedPool.Get().(*joined)
	defer joined.free()
	joined.join(entries)
	all := allFlags(flags)
	return c.push(ctx, len(entries), all, func(h raw.Client, k *raw.Call) int32 {
		return raw.PushMany(h, joined.data, joined.lengths, all, k)
	})
}

func (c *Client) push(ctx context.Context, count int, flags uint32,
	start func(raw.Client, *raw.Call) int32) (Pushed, error) {
	const op = "push"
	defer runtime.KeepAlive(c)
	if err := ended(ctx, op); err != nil {
		return Pushed{}, err
	}
	k := newPushCall(flags)
	status := c.start(func(h raw.Client) int32 { return start(h, k.c) })
	if err := k.started(op, status); err != nil {
		return Pushed{}, err
	}
	if status := k.wait(ctx); status != 0 {
		return Pushed{}, k.fail(ctx, op, status)
	}
	ids := make([]BlobID, count)
	number, seq := raw.PushEnd(k.c.Op, ids)
	k.c.Op = 0
	k.end()
	return Pushed{Number: number, BlobIDs: ids, Seq: seq}, nil
}

// newPushCall: a relay takes its time, the store does not.
func newPushCall(flags uint32) *call {
	if flags&raw.PUSH_ACKED != 0 {
		return newCall()
	}
	return newLocalCall()
}

func allFlags(flags []PushFlag) uint32 {
	var all PushFlag
	for _, f := range flags {
		all |= f
	}
	return uint32(all)
}

// joined is several entries one after the other, as libzks wants them.
type joined struct {
	data    []byte
	lengths []uintptr
}

var joinedPool = sync.Pool{New: func() any { return new(joined) }}

func (j *joined) join(entries [][]byte) {
	total := 0
	for _, entry := range entries {
		total += len(entry)
	}
	if cap(j.data) < total {
		j.data = make([]byte, 0, total)
	}
	for _, entry := range entries {
		j.data = append(j.data, entry...)
		j.lengths = append(j.lengths, uintptr(len(entry)))
	}
}

// free keeps the memory for the next push, unless it is large. Payloads are not left in it.
func (j *joined) free() {
	const keep = 1 << 20
	if cap(j.data) > keep {
		j.data = nil
	}
	clear(j.data)
	j.data, j.lengths = j.data[:0], j.lengths[:0]
	joinedPool.Put(j)
}
