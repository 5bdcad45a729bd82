// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"fmt"
	"runtime"
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
// oldest is dropped. When the client closes, 64 can still be received. Until one of these ends the
// client counts as in use, whoever else has forgotten it.
func (c *Client) Events(ctx context.Context) <-chan Event {
	s := newSubscription()
	out := make(chan Event, 64)
	go func() {
		defer runtime.KeepAlive(c) // who receives may have forgotten it
		defer close(out)
		defer c.hub.remove(s)
		s.send(ctx, out)
	}()
	c.hub.add(s)
	return out
}

// A hub passes a client's events to those who receive them. libzks knows it by a cgo.Handle, so it
// must not refer to the Client, whose finalizer would never run.
type hub struct {
	mu     sync.Mutex
	subs   map[receiver]struct{}
	closed bool
}

// A receiver gets events on the dispatching goroutine, so it waits for nobody. end: no event follows.
type receiver interface {
	put(Event)
	end()
}

func newHub() *hub { return &hub{subs: map[receiver]struct{}{}} }

// Event runs on the dispatching goroutine and waits for nobody.
func (h *hub) Event(data raw.EventData) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.subs) == 0 {
		return
	}
	event := readEvent(data)
	for s := range h.subs {
		s.put(event)
	}
}

func (h *hub) add(s receiver) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.end()
	} else {
		h.subs[s] = struct{}{}
	}
}

func (h *hub) remove(s receiver) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
}

// callEach calls a function of the app with each event, until the client is closed.
func (h *hub) callEach(call func(Event)) {
	s := newSubscription()
	h.add(s)
	go func() {
		for {
			event, ok, last := s.take()
			if ok {
				call(event)
			} else if last {
				return
			} else {
				<-s.wake
			}
		}
	}()
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.end()
	}
	h.subs = nil
}

const waitingEvents = 1024

// A subscription is the events that wait for one receiver.
type subscription struct {
	wake chan struct{} // something changed; room for one
	over chan struct{} // closed when no event follows

	mu      sync.Mutex
	waiting []Event
	ended   bool
}

func newSubscription() *subscription {
	return &subscription{wake: make(chan struct{}, 1), over: make(chan struct{})}
}

func (s *subscription) put(event Event) {
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
	if !s.ended {
		s.ended = true
		close(s.over)
		s.signal()
	}
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

// send moves events into a channel, until the context ends or the last one is sent. When no event
// follows, those for which the channel has no room are dropped: perhaps nobody receives any more.
func (s *subscription) send(ctx context.Context, out chan<- Event) {
	for {
		event, ok, last := s.take()
		switch {
		case ok && !s.offer(ctx, out, event):
			return
		case last:
			return
		case !ok:
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

// offer sends an event; not if the context ends, or if there is no room and no event follows.
func (s *subscription) offer(ctx context.Context, out chan<- Event, event Event) bool {
	select {
	case out <- event:
		return true
	default:
	}
	select {
	case out <- event:
		return true
	case <-s.over:
	case <-ctx.Done():
	}
	return false
}
