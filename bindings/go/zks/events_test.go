// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// await gives the next event of a kind.
func await(t testing.TB, events <-chan zks.Event, kind zks.EventKind) zks.Event {
	limit := time.After(patience)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatalf("no event %v came before the end", kind)
			}
			if e.Kind == kind {
				return e
			}
		case <-limit:
			t.Fatalf("no event %v came", kind)
		}
	}
}

func TestEventsTellWhatHappens(t *testing.T) {
	relay := []string{startRelay(t)}
	ben := openDevice(t, zks.Config{})
	first, second := ben.Events(testContext(t)), ben.Events(testContext(t))
	ben.Close()
	for _, events := range []<-chan zks.Event{first, second} {
		if e := await(t, events, zks.EventClosed); e.Err != nil {
			t.Error(e.Err)
		}
		if _, open := <-events; open {
			t.Error("an event behind the last one")
		}
	}
	if _, open := <-ben.Events(testContext(t)); open {
		t.Error("a closed client has events")
	}

	seen := make(chan zks.Event, 100)
	ben = openDevice(t, zks.Config{Relays: relay, OnEvent: func(e zks.Event) { seen <- e }})
	for await(t, seen, zks.EventState).State != zks.StateConnected {
	}
	push(t, openDevice(t, zks.Config{Relays: relay}), "news")
	if e := await(t, seen, zks.EventInbox); e.LastSeq != 1 {
		t.Errorf("%+v", e)
	}
}

func TestEventsNameTheFailure(t *testing.T) {
	client := openDevice(t, zks.Config{})
	client.Close()
	client = openDevice(t, zks.Config{})
	events := client.Events(testContext(t))
	if err := client.Connect(testContext(t)); !errors.Is(err, zks.ErrConfig) {
		t.Fatal(err)
	}
	nobody, err := zks.Open(testContext(t), zks.Config{Store: zks.InMemory, Secret: secret,
		Relays: []string{"127.0.0.1:1"}, ConnectTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	events = nobody.Events(testContext(t))
	if err := nobody.Connect(testContext(t)); err == nil {
		t.Fatal("connected to nobody")
	}
	for {
		e := await(t, events, zks.EventState)
		if e.State == zks.StateWaiting {
			if e.Err == nil || e.Sentence == "" || e.RetryAfter == 0 || e.Relay != "127.0.0.1:1" {
				t.Errorf("%+v", e)
			}
			return
		}
	}
}

func TestSlowReceiverHoldsUpNobody(t *testing.T) {
	anna, ben := twoDevices(t)
	ctx, stop := context.WithCancel(testContext(t))
	events := ben.Events(ctx) // nobody receives
	for range 50 {
		push(t, anna, "x", zks.Acked)
	}
	if err := ben.WaitSynced(testContext(t)); err != nil {
		t.Fatal(err)
	}
	stop()
	for range events { // it is closed although events wait
	}
}

func TestPairingLetsADeviceIn(t *testing.T) {
	relay := []string{startRelay(t)}
	anna, recovery, err := zks.CreateGroup(testContext(t), zks.Config{Store: zks.InMemory, Relays: relay, DeviceName: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { anna.Close() })
	if err := anna.Connect(testContext(t)); err != nil {
		t.Fatal(err)
	}
	pairing, err := anna.Pair(testContext(t), zks.PairOptions{})
	if err != nil {
		t.Fatal(err)
	}
	digits := make(chan string, 1)
	type joined struct {
		client *zks.Client
		relays []string
		err    error
	}
	done := make(chan joined, 1)
	go func() {
		client, relays, err := zks.Join(testContext(t), zks.Config{Store: zks.InMemory, Relays: relay, DeviceName: "ben",
			OnEvent: func(e zks.Event) {
				if e.Kind == zks.EventPairDigits {
					digits <- e.Digits
				}
			}}, pairing.Code)
		done <- joined{client, relays, err}
	}()
	ask, err := pairing.Asked(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if shown := <-digits; ask.Name != "ben" || ask.Digits != shown || len(shown) != 6 {
		t.Errorf("%+v, and the other device shows %q", ask, shown)
	}
	if err := pairing.Answer(true); err != nil {
		t.Fatal(err)
	}
	device, err := pairing.Wait(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	ben := <-done
	if ben.err != nil {
		t.Fatal(ben.err)
	}
	t.Cleanup(func() { ben.client.Close() })
	if len(ben.relays) != 1 || ben.relays[0] != relay[0] {
		t.Errorf("relays: %v", ben.relays)
	}
	checkMembers(t, anna, device)
	checkRemoval(t, anna, ben.client, device, recovery)
}

func checkMembers(t *testing.T, anna *zks.Client, device zks.DeviceID) {
	devices, err := anna.Devices()
	if err != nil || len(devices) != 2 {
		t.Fatalf("%+v, %v", devices, err)
	}
	self, ben := devices[0], devices[1]
	if !self.Self || self.Name != "anna" || self.Inviter != (zks.DeviceID{}) {
		t.Errorf("%+v", self)
	}
	if ben.Self || ben.Name != "ben" || ben.ID != device || ben.Inviter != self.ID ||
		ben.Rights != zks.RightInvite|zks.RightAdmin {
		t.Errorf("%+v", ben)
	}
}

func checkRemoval(t *testing.T, anna, ben *zks.Client, device zks.DeviceID, recovery string) {
	if err := ben.Connect(testContext(t)); err != nil {
		t.Fatal(err)
	}
	events := ben.Events(testContext(t))
	before, err := anna.Rotate(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := anna.Revoke(testContext(t), device, zks.RevokeLost, "")
	if err != nil || epoch != before+1 {
		t.Fatalf("epoch %d after %d, %v", epoch, before, err)
	}
	for {
		if e := await(t, events, zks.EventState); errors.Is(e.Err, zks.ErrDeviceRevoked) {
			break
		}
	}
	restored, err := zks.Restore(testContext(t), zks.Config{Store: zks.InMemory}, recovery)
	if err != nil {
		t.Fatal(err)
	}
	restored.Close()
}

// groupOfOne is the first device of a paired group, connected.
func groupOfOne(t testing.TB) *zks.Client {
	anna, err := zks.CreateGroupNoRecovery(testContext(t),
		zks.Config{Store: zks.InMemory, Relays: []string{startRelay(t)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { anna.Close() })
	if err := anna.Connect(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return anna
}

// Events do not say to which pairing they belong: there is one at a time.
func TestSecondPairingIsRefused(t *testing.T) {
	anna := groupOfOne(t)
	codes := map[string]bool{}
	for range 5 {
		pairings, refusals := make(chan *zks.Pairing, 2), make(chan error, 2)
		for range 2 {
			go func() {
				if pairing, err := anna.Pair(testContext(t), zks.PairOptions{}); err != nil {
					refusals <- err
				} else {
					pairings <- pairing
				}
			}()
		}
		pairing := receive(t, pairings)
		if err := receive(t, refusals); !errors.Is(err, zks.ErrBusy) {
			t.Error(err)
		}
		if pairing.Code == "" || codes[pairing.Code] {
			t.Errorf("the code is '%s', and before came %v", pairing.Code, codes)
		}
		codes[pairing.Code] = true
		pairing.Cancel()
		if _, err := pairing.Wait(testContext(t)); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := pairing.Answer(true); !errors.Is(err, zks.ErrState) {
			t.Errorf("answered behind its end: %v", err)
		}
	}
}

func receive[T any](t testing.TB, from <-chan T) (value T) {
	select {
	case value = <-from:
	case <-time.After(20 * time.Second):
		t.Fatalf("no %T came", value)
	}
	return value
}

// letIn has a device join by that code; the client, and the id that the first device learned.
func letIn(t *testing.T, pairing *zks.Pairing, config zks.Config) (*zks.Client, zks.DeviceID) {
	type joined struct {
		client *zks.Client
		err    error
	}
	done := make(chan joined, 1)
	go func() {
		client, _, err := zks.Join(testContext(t), config, pairing.Code)
		done <- joined{client, err}
	}()
	if _, err := pairing.Asked(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := pairing.Answer(true); err != nil {
		t.Fatal(err)
	}
	device, err := pairing.Wait(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	ben := receive(t, done)
	if ben.err != nil {
		t.Fatal(ben.err)
	}
	t.Cleanup(func() { ben.client.Close() })
	return ben.client, device
}

func TestSharedGroupIsJoinedByPairing(t *testing.T) {
	relay := []string{startRelay(t)}
	anna, err := zks.Open(testContext(t), zks.Config{Store: zks.InMemory, Relays: relay, Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { anna.Close() })
	code, err := zks.NewPairCode()
	if err != nil {
		t.Fatal(err)
	}
	if other, err := zks.NewPairCode(); err != nil || other == code || len(code) != 19 {
		t.Fatalf("%q, %v", other, err)
	}
	pairing, err := anna.Pair(testContext(t), zks.PairOptions{Code: code}) // before it is online
	if err != nil {
		t.Fatal(err)
	}
	events := anna.Events(testContext(t))
	if err := anna.Connect(testContext(t)); err != nil {
		t.Fatal(err)
	}
	await(t, events, zks.EventPairCode)
	ben, device := letIn(t, pairing, zks.Config{Store: zks.InMemory, Relays: relay, DeviceName: "ben"})
	report, err := ben.Report()
	if err != nil || report.DeviceID != device || report.GroupKind != zks.GroupShared {
		t.Fatalf("%+v is not %v, %v", report, device, err)
	}
	if err := ben.Connect(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Push(testContext(t), []byte("here I am")); err != nil {
		t.Fatal(err)
	}
	for entry, err := range anna.Entries(testContext(t)) {
		if err != nil || string(entry.Data) != "here I am" {
			t.Fatalf("%+v, %v", entry, err)
		}
		break
	}
	again, err := anna.Pair(testContext(t), zks.PairOptions{Code: code})
	if err == nil {
		_, err = again.Wait(testContext(t))
	}
	if !errors.Is(err, zks.ErrCodeUsed) {
		t.Errorf("it served already: %v", err)
	}
	if _, err := anna.Pair(testContext(t), zks.PairOptions{Rights: zks.RightInvite}); !errors.Is(err, zks.ErrUnauthorized) {
		t.Errorf("rights in a shared group: %v", err)
	}
}

func TestWhatIsNoCodeIsRefused(t *testing.T) {
	anna := groupOfOne(t)
	for code, want := range map[string]error{"7K2M-ABCD": zks.ErrTruncated, "7K2M-ABCD-EFGH-234!": zks.ErrMalformed} {
		if _, err := anna.Pair(testContext(t), zks.PairOptions{Code: code}); !errors.Is(err, want) {
			t.Errorf("%s: %v", code, err)
		}
	}
	if _, err := anna.Pair(testContext(t), zks.PairOptions{Kind: zks.PairLink, Code: "x"}); !errors.Is(err, zks.ErrInvalid) {
		t.Errorf("a link: %v", err)
	}
}

func TestPairingEnds(t *testing.T) {
	relay := []string{startRelay(t)}
	anna, err := zks.CreateGroupNoRecovery(testContext(t), zks.Config{Store: zks.InMemory, Relays: relay})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { anna.Close() })
	if _, err := anna.Pair(testContext(t), zks.PairOptions{}); !errors.Is(err, zks.ErrNotConnected) {
		t.Fatalf("offline: %v", err)
	}
	if err := anna.Connect(testContext(t)); err != nil {
		t.Fatal(err)
	}
	events := anna.Events(testContext(t))
	pairing, err := anna.Pair(testContext(t), zks.PairOptions{Kind: zks.PairLink, Life: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	e := await(t, events, zks.EventPairCode)
	if e.Code != pairing.Code || shows(fmt.Sprint(e, pairing), pairing.Code) {
		t.Error("the event has another code, or printing it shows the code")
	}
	pairing.Cancel()
	if _, err := pairing.Wait(testContext(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := pairing.Asked(testContext(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestCodeLastsAsLongAsAsked(t *testing.T) {
	anna := groupOfOne(t)
	if _, err := anna.Pair(testContext(t), zks.PairOptions{Life: -1}); !errors.Is(err, zks.ErrInvalid) {
		t.Errorf("less than nothing: %v", err)
	}
	pairing, err := anna.Pair(testContext(t), zks.PairOptions{Life: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	if _, err := pairing.Wait(ctx); !errors.Is(err, zks.ErrCodeExpired) {
		t.Errorf("a millisecond, rounded up: %v", err)
	}
}
