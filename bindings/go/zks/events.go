// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Event says that something happened, not what was received: who sleeps through any number of them
// has lost nothing. Only the fields that stand at a kind are set. Later versions may have more
// kinds: skip what is not known.
type Event struct {
	Kind     EventKind
	Err      error  // the cause, or nil
	Sentence string // what happened and the cure, for people

	LastSeq    uint64        // EventInbox: highest inbox sequence
	State      State         // EventState
	RetryAfter time.Duration // EventState: until the next attempt
	Count      uint64        // EventRejected; EventPairWrongTry: tries that are left
	First      uint64        // the author's number of the first entry concerned
	Last       uint64        // of the last
	Number     uint64        // EventPushRefused: own number of the entry; EventEpoch
	Digits     string        // EventPairDigits, EventPairAsk: six digits
	Relay      string        // the relay's address as configured
	Code       string        // EventPairCode: a pairing code or link; a secret
	Name       string        // EventPairAsk: of the other device, by its own word
	Device     DeviceID
	BlobID     BlobID
	Chain      ChainID
	RelayKey   []byte // EventState with ErrRelayKeyChanged: the key that the relay showed
}

func readEvent(d raw.EventData) Event {
	status := d.Status()
	e := Event{
		Kind:       EventKind(d.Kind()),
		Sentence:   d.Text(raw.EVENT_FIELD_SENTENCE),
		LastSeq:    uint64(d.Number(raw.EVENT_FIELD_LAST_SEQ)),
		State:      State(d.Number(raw.EVENT_FIELD_STATE)),
		RetryAfter: time.Duration(d.Number(raw.EVENT_FIELD_RETRY_AFTER_MS)) * time.Millisecond,
		Count:      uint64(d.Number(raw.EVENT_FIELD_COUNT)),
		First:      uint64(d.Number(raw.EVENT_FIELD_FIRST)),
		Last:       uint64(d.Number(raw.EVENT_FIELD_LAST)),
		Number:     uint64(d.Number(raw.EVENT_FIELD_NUMBER)),
		Relay:      d.Text(raw.EVENT_FIELD_RELAY),
		Code:       d.Text(raw.EVENT_FIELD_CODE),
		Name:       d.Text(raw.EVENT_FIELD_NAME),
		Device:     deviceID(d.Bytes(raw.EVENT_FIELD_DEVICE)),
		BlobID:     blobID(d.Bytes(raw.EVENT_FIELD_BLOB_ID)),
		Chain:      chainID(d.Bytes(raw.EVENT_FIELD_CHAIN)),
		RelayKey:   d.Bytes(raw.EVENT_FIELD_RELAY_KEY),
	}
	if e.Kind == EventPairDigits || e.Kind == EventPairAsk {
		e.Digits = fmt.Sprintf("%06d", d.Number(raw.EVENT_FIELD_DIGITS))
	}
	if status != 0 {
		e.Err = &Error{Op: e.Kind.String(), Code: Code(status), Text: e.Sentence,
			RetryAfter: e.RetryAfter}
	}
	return e
}

// Events gives the events from now on, until the context ends or the client is closed: then the
// channel is closed. Each call has a channel of its own. A receiver that is slow holds up nobody:
// its events wait, the latest EventInbox stands for those before it, and beyond 1,024 that wait the
// oldest is dropped.
func (c *Client) Events(ctx context.Context) <-chan Event {
	return c.hub.subscribe(ctx)
}

// callEach calls a function of the app with the events of a channel.
func callEach(events <-chan Event, call func(Event)) {
	for event := range events {
		call(event)
	}
}

// A hub passes a client's events to those who receive them. libzks knows it by a cgo.Handle, so it
// must not refer to the Client, whose finalizer would never run.
type hub struct {
	mu     sync.Mutex
	subs   map[*subscription]struct{}
	closed bool
}

func newHub() *hub { return &hub{subs: map[*subscription]struct{}{}} }

// Event runs on the dispatching goroutine and waits for nobody.
func (h *hub) Event(data raw.EventData) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.subs) == 0 {
		return
	}
	event := readEvent(data)
	for s := range h.subs {
		s.add(event)
	}
}

func (h *hub) subscribe(ctx context.Context) <-chan Event {
	s := &subscription{out: make(chan Event), wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(s.out)
		return s.out
	}
	h.subs[s] = struct{}{}
	go h.pump(ctx, s)
	return s.out
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.end()
	}
}

// pump moves a subscription's events into its channel.
func (h *hub) pump(ctx context.Context, s *subscription) {
	defer close(s.out)
	defer func() {
		h.mu.Lock()
		delete(h.subs, s)
		h.mu.Unlock()
	}()
	for {
		event, ok, last := s.take()
		if ok {
			select {
			case s.out <- event:
			case <-ctx.Done():
				return
			}
			continue
		}
		if last {
			return
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return
		}
	}
}

const waitingEvents = 1024

type subscription struct {
	out  chan Event
	wake chan struct{}

	mu      sync.Mutex
	waiting []Event
	ended   bool
}

func (s *subscription) add(event Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.waiting)
	if n > 0 && event.Kind == EventInbox && s.waiting[n-1].Kind == EventInbox {
		s.waiting[n-1] = event
	} else {
		if n == waitingEvents {
			s.waiting = append(s.waiting[:0], s.waiting[1:]...)
		}
		s.waiting = append(s.waiting, event)
	}
	s.signal()
}

func (s *subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.signal()
}

func (s *subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take gives the next event; last: there is none and no one follows.
func (s *subscription) take() (event Event, ok, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.waiting = nil
		return Event{}, false, s.ended
	}
	event = s.waiting[0]
	s.waiting = s.waiting[1:]
	return event, true, false
}
