// SPDX-License-Identifier: MIT OR Apache-2.0

// What an entry costs a Go program where nothing but libzks works, and how many get through a relay:
// the same as tests/bench/local.c and through.c, with package zks.
//
//	bench_local single|batch|read|through BLOBS
//
// single: a call for each entry, 64 of them awaited together; batch: 64 entries in a call; read: 64
// received entries in a call, again and again (a relay has brought them before).
package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

const (
	together = 64
	bytes    = 100
	warmUp   = 2048
)

var (
	ctx      = context.Background()
	payloads [][]byte
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench_go:", err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func cpu() time.Duration {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func open(relays ...string) *zks.Client {
	client := must(zks.Open(ctx, zks.Config{
		Store:  zks.InMemory,
		Secret: []byte("the same 32 bytes on each device"),
		Relays: relays,
	}))
	if len(relays) > 0 {
		check(client.Connect(ctx))
	}
	return client
}

func single(client *zks.Client) {
	var group sync.WaitGroup
	group.Add(together)
	for i := range together {
		go func() {
			defer group.Done()
			must(client.Push(ctx, payloads[i]))
		}()
	}
	group.Wait()
}

func batch(client *zks.Client) { must(client.PushMany(ctx, payloads)) }

func read(client *zks.Client) {
	if len(must(client.Read(ctx, zks.ReadOptions{MaxCount: together}))) != together {
		check(fmt.Errorf("entries are missing"))
	}
}

// startRelay starts a relay on the disk of the temporary folder.
func startRelay() (address string, stop func()) {
	folder := must(os.MkdirTemp("", "zks-bench-"))
	relay := must(zks.StartRelay(ctx, "listen = 127.0.0.1:0\ndata = "+folder+"\n"))
	return relay.Address(), func() {
		check(relay.Close())
		os.RemoveAll(folder)
	}
}

// fed gives a client that has received entries and is offline now.
func fed() *zks.Client {
	relay, stop := startRelay()
	defer stop()
	sender, reader := open(relay), open(relay)
	defer sender.Close()
	must(sender.PushMany(ctx, payloads, zks.Acked))
	receive(reader, together)
	check(reader.Disconnect(ctx))
	return reader
}

// receive reads so many entries.
func receive(reader *zks.Client, blobs int) {
	options := zks.ReadOptions{FromStart: true, MaxCount: together, Wait: true}
	for got := 0; got < blobs; options.FromStart = false {
		entries := must(reader.Read(ctx, options))
		got += len(entries)
		options.After = entries[len(entries)-1].Seq
	}
}

func through(blobs int) {
	relay, stop := startRelay()
	defer stop()
	sender, reader := open(relay), open(relay)
	defer sender.Close()
	defer reader.Close()
	begun := time.Now()
	for range blobs / together {
		batch(sender)
	}
	must(sender.Flush(ctx))
	pushed := time.Since(begun)
	receive(reader, blobs)
	delivered := time.Since(begun)
	fmt.Printf(`{"blobs":%d,"pushes_per_s":%.0f,"deliveries_per_s":%.0f}`+"\n", blobs,
		float64(blobs)/pushed.Seconds(), float64(blobs)/delivered.Seconds())
}

// perBlob is a time for each entry in microseconds.
func perBlob(took time.Duration, blobs int) float64 {
	return took.Seconds() * 1e6 / float64(blobs)
}

func main() {
	turns := map[string]func(*zks.Client){"single": single, "batch": batch, "read": read, "through": nil}
	turn, known := turns[os.Args[min(1, len(os.Args)-1)]]
	if len(os.Args) != 3 || !known {
		fmt.Fprintln(os.Stderr, "usage: bench_local single|batch|read|through BLOBS")
		os.Exit(1)
	}
	blobs := must(strconv.Atoi(os.Args[2])) / together * together
	begun := time.Now()
	check(open().Close())
	start := time.Since(begun)
	random := rand.New(rand.NewSource(1))
	for range together {
		payload := make([]byte, bytes)
		random.Read(payload)
		payloads = append(payloads, payload)
	}
	if turn == nil {
		through(blobs)
	} else {
		local(turn, blobs, start)
	}
}

func local(turn func(*zks.Client), blobs int, start time.Duration) {
	client := open()
	if os.Args[1] == "read" {
		check(client.Close())
		client = fed()
	}
	defer client.Close()
	for range warmUp / together {
		turn(client)
	}
	wall, before := time.Now(), cpu()
	for range blobs / together {
		turn(client)
	}
	took, used := time.Since(wall), cpu()-before
	fmt.Fprintf(os.Stderr, "go %s: %.2f us of CPU and %.2f us for an entry, %.1f ms to the first "+
		"client\n", os.Args[1], perBlob(used, blobs), perBlob(took, blobs), start.Seconds()*1e3)
	fmt.Printf(`{"blobs":%d,"cpu_us":%.3f,"wall_us":%.3f,"first_open_ms":%.2f}`+"\n", blobs,
		perBlob(used, blobs), perBlob(took, blobs), start.Seconds()*1e3)
}
