// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"fmt"
	"testing"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

func TestSubscriptionKeepsTheNewest(t *testing.T) {
	s := newSubscription()
	for range 3 {
		s.put(Event{Kind: EventInbox, LastSeq: 1})
	}
	s.put(Event{Kind: EventInbox, LastSeq: 2})
	if e, ok, _ := s.take(); !ok || e.LastSeq != 2 {
		t.Errorf("the latest EventInbox does not stand for all: %+v", e)
	}
	for i := range waitingEvents + 10 {
		s.put(Event{Kind: EventRejected, Count: uint64(i)})
	}
	s.end()
	out := make(chan Event, 2*waitingEvents)
	s.send(context.Background(), out)
	if e := <-out; e.Count != 10 || len(out) != waitingEvents-1 {
		t.Errorf("the oldest is %d, and %d follow", e.Count, len(out))
	}
}

func TestSubscriptionEndsWithoutAReceiver(t *testing.T) {
	s := newSubscription()
	for range 5 {
		s.put(Event{Kind: EventRejected})
	}
	s.end()
	out := make(chan Event, 3)
	s.send(context.Background(), out) // returns, although nobody receives
	if len(out) != 3 {
		t.Errorf("%d events", len(out))
	}
}

func TestLogLinesBecomeAttributes(t *testing.T) {
	for line, want := range map[string]string{
		"relay.started":                  "relay.started []",
		"client.state state=1 x=":        "client.state [state=1 x=]",
		`store.problem text="a b=c" n=2`: "store.problem [text=a b=c n=2]",
		"loose words":                    "loose []",
	} {
		event, attributes := parseLine(line)
		if got := fmt.Sprint(event, " ", attributes); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}

func TestLocalCallsRememberCompany(t *testing.T) {
	settle := func() {
		for !aloneOfLate() {
			localCalls.Add(-1)
		}
		localCalls.Add(-1)
	}
	settle()
	for range 3 { // one after the other: each is waited for in C
		if !aloneOfLate() {
			t.Fatal("alone, and expects company")
		}
		localCalls.Add(-1)
	}
	aloneOfLate()
	if aloneOfLate() {
		t.Error("two at once, and both are waited for in C")
	}
	localCalls.Add(-2)
	for i := range expectCompany {
		if aloneOfLate() {
			t.Errorf("forgot after %d that there was company", i)
		}
		localCalls.Add(-1)
	}
	if !aloneOfLate() {
		t.Error("expects company for ever")
	}
	localCalls.Add(-1)
}

func TestLentSecretsAreCleared(t *testing.T) {
	var seen []byte
	status := lend("secret", func(b []byte) int32 { seen = b; return int32(len(b)) })
	if status != 6 || string(seen) != "\x00\x00\x00\x00\x00\x00" {
		t.Errorf("%d, and %q is left", status, seen)
	}
	own := []byte("secret")
	if lend(own, func(b []byte) int32 { clear(b); return 0 }); string(own) != "secret" {
		t.Error("the caller's own was lent")
	}
	if lend([]byte{}, func(b []byte) int32 { seen = b; return 0 }); seen == nil {
		t.Error("an empty secret, which is wrong, became none")
	}
}

func TestVersionOfTheLibraryIsCompared(t *testing.T) {
	if Version() != versionText(raw.ABI_VERSION) || checkLibrary("test") != nil {
		t.Errorf("libzks %s is not what this package was made with", Version())
	}
}
