// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

type logged struct {
	zks.Event
	taken bool
}

// An eventLog has all events of a client, from before its opening.
type eventLog struct {
	mu     sync.Mutex
	events []*logged
	more   chan struct{} // closed and replaced with each event
}

func newEventLog() *eventLog { return &eventLog{more: make(chan struct{})} }

func (l *eventLog) add(e zks.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, &logged{Event: e})
	close(l.more)
	l.more = make(chan struct{})
}

// take waits for an event and takes it, with all older ones of its kind.
func (l *eventLog) take(t *task, kind zks.EventKind, fits func(zks.Event) bool) (zks.Event, error) {
	ctx := t.ctx()
	for {
		l.mu.Lock()
		more := l.more
		for i, e := range l.events {
			if !e.taken && e.Kind == kind && fits(e.Event) {
				for _, older := range l.events[:i+1] {
					older.taken = older.taken || older.Kind == kind
				}
				l.mu.Unlock()
				return e.Event, nil
			}
		}
		l.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			if ctx.Err() == context.DeadlineExceeded {
				return zks.Event{}, errLate
			}
			return zks.Event{}, ctx.Err()
		}
	}
}

func anyEvent(zks.Event) bool { return true }

// relayKey is the last key that a relay showed instead of the pinned one.
func (l *eventLog) relayKey() (key []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if e.RelayKey != nil {
			key = e.RelayKey
		}
	}
	return key
}

// --- verbs ---

var kinds = map[string]zks.EventKind{
	"INBOX": zks.EventInbox, "STATE": zks.EventState, "PUSH_REFUSED": zks.EventPushRefused,
	"DEVICE": zks.EventDevice, "CLOSED": zks.EventClosed, "PAIR_WRONG_TRY": zks.EventPairWrongTry,
	"PAIR_DIGITS": zks.EventPairDigits, "PAIR_ASK": zks.EventPairAsk,
	"DEVICE_REMOVED": zks.EventDeviceRemoved, "EPOCH": zks.EventEpoch,
}

func (t *task) kind(i int) zks.EventKind {
	kind, ok := kinds[t.text(i)]
	if !ok {
		broken("await does not know", t.step)
	}
	return kind
}

// errorName is "OK" where there is none.
func errorName(err error) string {
	var e *zks.Error
	if errors.As(err, &e) {
		return e.Code.Name()
	}
	return "OK"
}

func await(t *task) {
	t.client()
	kind := t.kind(2)
	x, _ := t.arg(3).(string)
	y, _ := t.arg(4).(string)
	e, err := t.d.events.take(t, kind, func(e zks.Event) bool {
		if kind == zks.EventState {
			return e.State.String() == x && (y == "" || errorName(e.Err) == y)
		}
		id, known := world.idOf(x)
		return x == "" || !known || e.Device == id
	})
	switch {
	case err != nil:
		t.fail(err)
	case kind == zks.EventState && y != "":
		t.say(" %s %s %s", kind, x, y)
	case kind == zks.EventState:
		t.say(" %s %s", kind, x)
	default:
		t.say(" %s%s", kind, t.about(e))
	}
}

// about is what the transcript says of an event behind its kind.
func (t *task) about(e zks.Event) string {
	switch e.Kind {
	case zks.EventDevice, zks.EventDeviceRemoved:
		return " " + world.nameOf(e.Device)
	case zks.EventPushRefused:
		return fmt.Sprintf(" %s#%d %s", t.who, e.Number, errorName(e.Err))
	case zks.EventPairWrongTry:
		return fmt.Sprintf(" %d", e.Count)
	case zks.EventPairAsk:
		return fmt.Sprintf(` "%s"`, e.Name)
	case zks.EventClosed:
		return " " + errorName(e.Err)
	}
	return ""
}

func count(t *task) {
	t.client()
	kind, n := t.kind(2), 0
	t.d.events.mu.Lock()
	defer t.d.events.mu.Unlock()
	for _, e := range t.d.events.events {
		if e.Kind == kind {
			n++
		}
	}
	t.say(" %s %d", kind, n)
}
