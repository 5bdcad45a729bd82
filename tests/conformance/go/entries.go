// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

func (t *task) pushFlags() (flags []zks.PushFlag) {
	if t.optionTrue("acked") {
		flags = append(flags, zks.Acked)
	}
	if t.optionTrue("need_connection") {
		flags = append(flags, zks.NeedConnection)
	}
	return flags
}

// named gives blobs their names.
func (t *task) named(p zks.Pushed) (note string) {
	for i, id := range p.BlobIDs {
		if wrong := world.blobSeen(t.who, p.Number+uint64(i), id); wrong != "" {
			note = wrong
		}
	}
	return note
}

func push(t *task) {
	pushed, err := t.client().Push(t.ctx(), payloadOf(t.arg(2)), t.pushFlags()...)
	if err != nil {
		t.fail(err)
		return
	}
	t.say(" %s#%d%s", t.who, pushed.Number, t.named(pushed))
}

func pushMany(t *task) {
	var data [][]byte
	list, _ := t.arg(2).([]any)
	for _, value := range list {
		data = append(data, payloadOf(value))
	}
	pushed, err := t.client().PushMany(t.ctx(), data, t.pushFlags()...)
	if err != nil {
		t.fail(err)
		return
	}
	ids := len(pushed.BlobIDs)
	last := pushed.Number + uint64(ids) - 1
	if t.named(pushed) != "" {
		ids = 0
	}
	t.say(" %s#%d..%s#%d, %d ids", t.who, pushed.Number, t.who, last, ids)
}

func pushSeries(t *task) {
	count, size := t.number(2), t.number(3)
	for n := 1; n <= count; n += size {
		var data [][]byte
		for i := n; i < n+size && i <= count; i++ {
			data = append(data, strconv.AppendInt(nil, int64(i), 10))
		}
		if _, err := t.client().PushMany(t.ctx(), data, t.pushFlags()...); err != nil {
			t.fail(err)
			return
		}
	}
	t.say(" %d", count)
}

// --- receiving ---

// A line of the transcript that waits to be sorted by its sender.
type line struct{ sender, text string }

// see moves the position to an entry and gives its line.
func (t *task) see(e zks.Entry) line {
	sender := world.nameOf(e.Sender)
	text := fmt.Sprintf(" %s#%d %s", sender, e.Number, shown(e.Data))
	for _, mark := range []struct {
		is   bool
		text string
	}{{e.Own, " own"}, {e.Late, " late"}, {e.Fork, " fork"}} {
		if mark.is {
			text += mark.text
		}
	}
	text += world.blobSeen(sender, e.Number, e.BlobID)
	if e.Seq <= t.d.position {
		text += " (sequence went back)"
	}
	t.d.position = e.Seq
	return line{sender, text}
}

func (t *task) sayLines(lines []line, err error) {
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.sender, b.sender) })
	for _, l := range lines {
		t.say("%s", l.text)
	}
	if err != nil {
		t.fail(err)
	}
}

// readOptions are those of a read behind the position.
func (t *task) readOptions() zks.ReadOptions {
	return zks.ReadOptions{After: t.d.position, FromStart: t.d.position == 0}
}

func read(t *task) {
	client, count := t.client(), t.number(2)
	var lines []line
	var err error
	for {
		o := t.readOptions()
		o.MaxCount, o.Wait, o.Own = count-len(lines), count > 0, t.optionTrue("own")
		var entries []zks.Entry
		if entries, err = client.Read(t.ctx(), o); err != nil {
			break
		}
		for _, e := range entries {
			lines = append(lines, t.see(e))
		}
		if len(lines) >= count {
			break
		}
	}
	if err == nil && len(lines) == 0 {
		t.say(" nothing")
	}
	t.sayLines(lines, err)
}

func iterate(t *task) {
	client, count := t.client(), t.number(2)
	var lines []line
	for e, err := range client.Entries(t.ctx()) {
		if err != nil {
			t.sayLines(lines, err)
			return
		}
		if lines = append(lines, t.see(e)); len(lines) == count {
			break
		}
	}
	t.sayLines(lines, nil)
}

func readSeries(t *task) {
	client, count := t.client(), t.number(2)
	var sender zks.DeviceID
	for got := 0; got < count; {
		o := t.readOptions()
		o.MaxCount, o.Wait = count-got, true
		entries, err := client.Read(t.ctx(), o)
		if err != nil {
			t.fail(err)
			return
		}
		for _, e := range entries {
			if got == 0 {
				sender = e.Sender
			}
			t.d.position = e.Seq
			if string(e.Data) != strconv.Itoa(got+1) || e.Sender != sender {
				t.say(" ! ORDER after %d", got)
				return
			}
			got++
		}
	}
	t.say(" %d of %s", count, world.nameOf(sender))
}

func ack(t *task) {
	client := t.client()
	err := client.Ack(t.ctx(), t.d.position)
	if err == nil && client.Acked() != t.d.position {
		t.say(" ! ORDER")
	} else {
		t.said(err)
	}
}

func flush(t *task) {
	ms := 30000
	if t.arg(2) != nil {
		ms = t.number(2)
	}
	ctx, stop := context.WithTimeout(t.base, time.Duration(ms)*time.Millisecond)
	defer stop()
	_, err := t.client().Flush(waited{ctx, t.reached})
	t.said(err)
}

func waitSynced(t *task) { t.said(t.client().WaitSynced(t.ctx())) }
