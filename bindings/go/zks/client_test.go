// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// startRelayProgram starts zks-relay, where the tests of the whole project run.
func startRelayProgram(t testing.TB) string {
	folder := os.Getenv("ZKS_BIN_DIR")
	if folder == "" {
		t.Skip("ZKS_BIN_DIR is not set: there is no zks-relay")
	}
	relay := exec.Command(filepath.Join(folder, "zks-relay"), "--listen", "127.0.0.1:0", "--data",
		t.TempDir())
	out, err := relay.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := relay.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		relay.Process.Kill()
		relay.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	at := strings.Index(line, "zks://")
	if at < 0 {
		t.Fatalf("zks-relay said %q (%v)", line, err)
	}
	return strings.Fields(line[at:])[0]
}

// openDevice opens a client of the shared group, in memory, and connects it where there is a relay.
func openDevice(t testing.TB, config zks.Config) *zks.Client {
	if config.Secret == nil {
		config.Secret = secret
	}
	if config.Store == "" {
		config.Store = zks.InMemory
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

func push(t testing.TB, client *zks.Client, text string, flags ...zks.PushFlag) zks.Pushed {
	pushed, err := client.Push(testContext(t), []byte(text), flags...)
	if err != nil {
		t.Fatal(err)
	}
	return pushed
}

func TestTwoDevicesSync(t *testing.T) {
	for name, start := range map[string]func(testing.TB) string{
		"embedded relay": startRelay, "relay program": startRelayProgram,
	} {
		t.Run(name, func(t *testing.T) {
			relay := start(t)
			anna := openDevice(t, zks.Config{Relays: []string{relay}, DeviceName: "anna"})
			ben := openDevice(t, zks.Config{Relays: []string{relay}, DeviceName: "ben"})
			pushed := push(t, anna, "hello, ben", zks.Acked)
			if pushed.Number != 1 || pushed.Seq != 1 || pushed.BlobIDs[0] == (zks.BlobID{}) {
				t.Errorf("pushed: %+v", pushed)
			}
			entries, err := ben.Read(testContext(t), zks.ReadOptions{Wait: true})
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) != 1 || string(entries[0].Data) != "hello, ben" {
				t.Fatalf("entries: %+v", entries)
			}
			if e := entries[0]; e.BlobID != pushed.BlobIDs[0] || e.Number != 1 || e.Own ||
				e.Sender == (zks.DeviceID{}) {
				t.Errorf("entry: %+v", e)
			}
			if err := ben.Ack(testContext(t), entries[0].Seq); err != nil {
				t.Fatal(err)
			}
			if ben.Acked() != entries[0].Seq {
				t.Errorf("acked: %d", ben.Acked())
			}
		})
	}
}

func TestPushManyKeepsOrderAndBoundaries(t *testing.T) {
	relay := []string{startRelay(t)}
	anna, ben := openDevice(t, zks.Config{Relays: relay}), openDevice(t, zks.Config{Relays: relay})
	want := []string{"", "a", strings.Repeat("long ", 1000), "ü", ""}
	var data [][]byte
	for _, text := range want {
		data = append(data, []byte(text))
	}
	pushed, err := anna.PushMany(testContext(t), data, zks.Acked)
	if err != nil || len(pushed.BlobIDs) != len(want) {
		t.Fatal(pushed, err)
	}
	var got []string
	for entry, err := range ben.Entries(testContext(t)) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, string(entry.Data)); len(got) == len(want) {
			break
		}
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", got)
	}
}

// A slice of an array beside Go pointers: cgo would refuse it if its type were lost on the way.
func TestMemoryOfAnyKindCanBePushed(t *testing.T) {
	type message struct {
		next   *message
		secret [32]byte
		data   [8]byte
	}
	m := message{next: &message{}}
	copy(m.secret[:], secret)
	client := openDevice(t, zks.Config{Secret: m.secret[:]})
	if _, err := client.Push(testContext(t), m.data[:]); err != nil {
		t.Error(err)
	}
	if _, err := client.PushMany(testContext(t), [][]byte{m.data[:], nil}); err != nil {
		t.Error(err)
	}
}

func TestStoreKeepsEntriesOffline(t *testing.T) {
	config := zks.Config{Store: filepath.Join(t.TempDir(), "store.zks")}
	client := openDevice(t, config)
	push(t, client, "one")
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	client = openDevice(t, config)
	if pushed := push(t, client, "two"); pushed.Number != 2 {
		t.Errorf("the second entry has number %d", pushed.Number)
	}
	report, err := client.Report()
	if err != nil {
		t.Fatal(err)
	}
	if report.PendingCount != 2 || report.StorePath != config.Store {
		t.Errorf("report: %+v", report)
	}
}

func TestStoreKeyOpensTheStore(t *testing.T) {
	key := make([]byte, 32)
	asked := 0
	config := zks.Config{Store: filepath.Join(t.TempDir(), "store.zks")}
	config.StoreKeyFunc = func() ([]byte, error) { asked++; return key, nil }
	if err := openDevice(t, config).Close(); err != nil {
		t.Fatal(err)
	}
	if asked != 1 {
		t.Errorf("the function was asked %d times", asked)
	}
	noKeychain := errors.New("no keychain")
	config.StoreKeyFunc = func() ([]byte, error) { return nil, noKeychain }
	config.Secret = secret
	_, err := zks.Open(testContext(t), config)
	if !errors.Is(err, zks.ErrStoreKey) || !errors.Is(err, noKeychain) {
		t.Fatalf("without the key: %v", err)
	}
	config.StoreKeyFunc, config.StoreKey = nil, key
	client := openDevice(t, config)
	if err := client.ChangeStorePassphrase(testContext(t), []byte("open sesame")); err != nil {
		t.Fatal(err)
	}
	client.Close()
	config.StoreKey, config.StorePassphrase = nil, []byte("open sesame")
	openDevice(t, config)
}

// The context ends an opening although the keychain goes on asking its user.
func TestContextEndsAnOpeningThatWaitsForItsKey(t *testing.T) {
	answer := make(chan struct{})
	config := zks.Config{Store: filepath.Join(t.TempDir(), "store.zks"), Secret: secret,
		StoreKeyFunc: func() ([]byte, error) { <-answer; return make([]byte, 32), nil }}
	for want, limit := range map[error]time.Duration{
		context.DeadlineExceeded: 50 * time.Millisecond, context.Canceled: patience,
	} {
		ctx, stop := context.WithTimeout(context.Background(), limit)
		failed := make(chan error, 1)
		go func() { _, err := zks.Open(ctx, config); failed <- err }()
		if want == context.Canceled {
			time.AfterFunc(50*time.Millisecond, stop)
		}
		select {
		case err := <-failed:
			if !errors.Is(err, want) {
				t.Errorf("%v instead of %v", err, want)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%v did not end the opening", want)
		}
		stop()
	}
	close(answer)
	if err := openDevice(t, config).Close(); err != nil {
		t.Errorf("it left something behind: %v", err)
	}
}

func TestInviteOpensTheSameGroup(t *testing.T) {
	anna := openDevice(t, zks.Config{})
	invite, err := anna.InviteShared("relay.example.org:4433", "other.example.org")
	if err != nil {
		t.Fatal(err)
	}
	read, err := zks.ParseInvite(invite.Link)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Relays) != 2 || string(read.Secret) != string(secret) || read.Suite != zks.SuiteDefault {
		t.Errorf("read: %#v", read)
	}
	if strings.Contains(fmt.Sprintf("%v %#v", read, read), string(secret)) {
		t.Error("printing an invite shows its secret")
	}
	if _, err := zks.ParseInvite(invite.Link[:40]); err == nil {
		t.Error("a cut link was read")
	}
	picture, err := zks.QR(invite.Link, zks.QRPNG, 2)
	if err != nil || string(picture[1:4]) != "PNG" {
		t.Errorf("QR: %d bytes, %v", len(picture), err)
	}
}

func TestFlushSaysWhatIsPending(t *testing.T) {
	client := openDevice(t, zks.Config{})
	push(t, client, "nobody takes it")
	ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	pending, err := client.Flush(ctx)
	if pending != 1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d pending, %v", pending, err)
	}
}
