// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// status is a number of /proc/self/status.
func status(t testing.TB, name string) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, behind, _ := strings.Cut(string(text), "\n"+name+":")
	fields := strings.Fields(behind)
	if len(fields) == 0 {
		t.Fatalf("no %s in /proc/self/status", name)
	}
	value, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// eventually waits for what ends by itself.
func eventually(t testing.TB, what string, true_ func() bool) {
	for limit := time.Now().Add(patience); !true_(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s did not come: %s", what, allStacks())
		}
	}
}

func allStacks() string {
	stacks := make([]byte, 1<<20)
	return string(stacks[:runtime.Stack(stacks, true)])
}

func TestThousandClientsShareOneRuntime(t *testing.T) {
	const count = 1000
	openDevice(t, zks.Config{}) // the runtime and its threads
	goroutines, threads := runtime.NumGoroutine(), engineThreads(t)
	clients := make([]*zks.Client, count)
	var group sync.WaitGroup
	for i := range clients {
		group.Add(1)
		go func() {
			defer group.Done()
			clients[i] = openDevice(t, zks.Config{})
			if _, err := clients[i].Push(testContext(t), []byte("x")); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	eventually(t, "an end of the goroutines", func() bool {
		return runtime.NumGoroutine() <= goroutines
	})
	if now := engineThreads(t); now != threads {
		t.Errorf("%d clients have %d threads, one had %d", count, now, threads)
	}
	for _, client := range clients {
		group.Add(1)
		go func() {
			defer group.Done()
			client.Close()
		}()
	}
	group.Wait()
}

func TestNothingIsLeftBehindTheLastClient(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		relay, err := zks.StartRelay(testContext(t), "listen = 127.0.0.1:0\ndata = "+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		client := openDevice(t, zks.Config{Relays: []string{relay.Address()},
			OnEvent: func(zks.Event) {}})
		client.Events(context.Background()) // nobody receives, nobody cancels
		ctx, stop := context.WithCancel(context.Background())
		go client.Read(ctx, zks.ReadOptions{Wait: true})
		push(t, client, "x", zks.Acked)
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		stop()
		if err := relay.Close(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "an end of the goroutines", func() bool { return runtime.NumGoroutine() <= before })
	eventually(t, "an end of libzks's threads", func() bool { return engineThreads(t) == 0 })
}

// engineThreads counts the threads of libzks and of relays in this process.
func engineThreads(t testing.TB) (count int) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		name, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/comm")
		if bytes.HasPrefix(name, []byte("zks-")) || bytes.HasPrefix(name, []byte("relay-")) {
			count++
		}
	}
	return count
}

func TestCloseDuringEverything(t *testing.T) {
	for range 20 {
		client := openDevice(t, zks.Config{})
		var group sync.WaitGroup
		for _, work := range []func() error{
			func() error { _, err := client.Push(context.Background(), []byte("x")); return err },
			func() error {
				_, err := client.PushMany(context.Background(), [][]byte{{1}, {2}})
				return err
			},
			func() error {
				_, err := client.Read(context.Background(), zks.ReadOptions{Wait: true})
				return err
			},
			func() error { return client.Ack(context.Background(), 0) },
			func() error { _, err := client.Report(); return err },
			func() error { _, err := client.Devices(); return err },
			func() error { client.Acked(); return client.NetworkChanged() },
		} {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					err := work()
					if errors.Is(err, zks.ErrClosed) {
						return
					}
					if err != nil && !errors.Is(err, zks.ErrCancelled) {
						t.Error(err)
						return
					}
				}
			}()
		}
		runtime.Gosched()
		for range 2 {
			group.Add(1)
			go func() {
				defer group.Done()
				if err := client.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		group.Wait()
	}
}

// The shared runtime ends with the last client and begins with the next one, whoever is quicker.
func TestOpenAndCloseByMany(t *testing.T) {
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 20 {
				client, err := zks.Open(testContext(t), zks.Config{Store: zks.InMemory, Secret: secret})
				if err != nil {
					t.Error(err)
					return
				}
				if err := client.Close(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
}

// lockedBuffer is what a handler may write into while a test reads.
type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) has(text string) bool {
	b.Lock()
	defer b.Unlock()
	return strings.Contains(b.String(), text)
}

func TestLogGoesToSlog(t *testing.T) {
	var out lockedBuffer
	zks.SetLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer zks.SetLogger(nil)
	anna, _ := twoDevices(t)
	push(t, anna, "payload", zks.Acked)
	eventually(t, "a line of the log", func() bool { return out.has("level=INFO") })
	if out.has("payload") {
		t.Error("the log shows a payload")
	}
}

func TestLostClientRaisesAnAlarm(t *testing.T) {
	var out lockedBuffer
	zks.SetLogger(slog.New(slog.NewTextHandler(&out, nil)))
	defer zks.SetLogger(nil)
	func() {
		if _, err := zks.Open(testContext(t), zks.Config{Store: zks.InMemory, Secret: secret}); err != nil {
			t.Fatal(err)
		}
	}()
	eventually(t, "the alarm", func() bool {
		runtime.GC()
		return out.has("was not closed")
	})
}

// Who waits for an operation, or receives events, need not refer to the client any more.
func TestWhatRunsHoldsItsClient(t *testing.T) {
	for name, work := range map[string]func(context.Context, *zks.Client){
		"events": func(ctx context.Context, c *zks.Client) {
			for range c.Events(ctx) {
			}
		},
		"flush":       func(ctx context.Context, c *zks.Client) { c.Flush(ctx) },
		"push":        func(ctx context.Context, c *zks.Client) { c.Push(ctx, nil, zks.Acked) },
		"read":        func(ctx context.Context, c *zks.Client) { c.Read(ctx, zks.ReadOptions{Wait: true}) },
		"wait synced": func(ctx context.Context, c *zks.Client) { c.WaitSynced(ctx) },
	} {
		t.Run(name, func(t *testing.T) { checkHolds(t, work) })
	}
}

func checkHolds(t *testing.T, work func(context.Context, *zks.Client)) {
	zks.SetLogger(slog.New(slog.NewTextHandler(io.Discard, nil))) // the alarm is meant
	defer zks.SetLogger(nil)
	ctx, stop := context.WithCancel(testContext(t))
	defer stop()
	client, err := zks.Open(ctx, zks.Config{Store: zks.InMemory, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Push(ctx, nil); err != nil { // for Flush to wait for
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func(c *zks.Client) { work(ctx, c); close(ended) }(client)
	for limit := time.Now().Add(300 * time.Millisecond); time.Now().Before(limit); {
		runtime.GC()
		select {
		case <-ended:
			t.Error("it ended when the client was collected")
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
	stop()
	<-ended
	eventually(t, "the client's end", func() bool { runtime.GC(); return engineThreads(t) == 0 })
}

// residentKiB is this process's memory without what Go could give back.
func residentKiB(t testing.TB) int {
	debug.FreeOSMemory()
	return status(t, "VmRSS")
}

// 100,000 operations (entries pushed, pushes refused, reads, reports) leave nothing in memory.
func TestMemoryStaysFlat(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's own memory grows")
	}
	client := openDevice(t, zks.Config{Store: filepath.Join(t.TempDir(), "store.zks")})
	ctx := context.Background()
	batch := make([][]byte, 70)
	work := func(rounds int) {
		for range rounds { // of 100 operations
			if _, err := client.PushMany(ctx, batch); err != nil {
				t.Fatal(err)
			}
			for range 10 {
				if _, err := client.Push(ctx, nil, zks.NeedConnection); err == nil {
					t.Fatal("pushed to nobody")
				}
				if _, err := client.Read(ctx, zks.ReadOptions{}); err != nil {
					t.Fatal(err)
				}
				if _, err := client.Report(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	work(1000) // caches are full then
	before := residentKiB(t)
	work(1000)
	if grown := residentKiB(t) - before; grown > 4<<10 {
		t.Errorf("100,000 operations took %d KiB for good", grown)
	}
}
