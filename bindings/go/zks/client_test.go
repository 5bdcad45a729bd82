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

var secret = []byte("the same 32 bytes on each device")

// patience bounds every wait of the tests; the machine may be busy.
const patience = 2 * time.Minute

func testContext(t testing.TB) context.Context {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	t.Cleanup(stop)
	return ctx
}

func startRelay(t testing.TB) string {
	relay, err := zks.StartRelay(testContext(t),
		fmt.Sprintf("listen = 127.0.0.1:0\ndata = %s\n", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { relay.Close() })
	return relay.Address()
}

// openDevice opens a client of the shared group, in memory, and connects it where there is a relay.
func openDevice(t testing.TB, config zks.Config) *zks.Client {
	if config.Secret == nil {
		config.Secret = secret
	}
	client, err := zks.Open(testContext(t), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if config.Relays != nil {
		if err := client.Connect(testContext(t)); err != nil {
			t.Fatal(err)
		}
	}
	return client
}

func TestTwoDevicesSync(t *testing.T) {
	relay := startRelay(t)
	anna := openDevice(t, zks.Config{Relays: []string{relay}, DeviceName: "anna"})
	ben := openDevice(t, zks.Config{Relays: []string{relay}, DeviceName: "ben"})
	pushed, err := anna.Push(testContext(t), []byte("hello, ben"), zks.Acked)
	if err != nil {
		t.Fatal(err)
	}
	if pushed.Number != 1 || len(pushed.BlobIDs) != 1 || pushed.BlobIDs[0] == (zks.BlobID{}) {
		t.Errorf("pushed: %+v", pushed)
	}
	entries, err := ben.Read(testContext(t), zks.ReadOptions{Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || string(entries[0].Data) != "hello, ben" {
		t.Fatalf("entries: %+v", entries)
	}
	if entries[0].Number != 1 || entries[0].Own || entries[0].Sender == (zks.DeviceID{}) {
		t.Errorf("entry: %+v", entries[0])
	}
	if err := ben.Ack(testContext(t), entries[0].Seq); err != nil {
		t.Fatal(err)
	}
	if ben.Acked() != entries[0].Seq {
		t.Errorf("acked: %d", ben.Acked())
	}
}

func TestClosedClientSaysSo(t *testing.T) {
	client := openDevice(t, zks.Config{})
	for range 2 {
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.Push(testContext(t), []byte("x"))
	if !errors.Is(err, zks.ErrClosed) {
		t.Fatalf("push after Close: %v", err)
	}
}
