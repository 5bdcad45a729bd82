// SPDX-License-Identifier: MIT OR Apache-2.0

// What an entry costs a Go program where nothing but libzks works: the same as tests/bench/local.c,
// through package zks.
//
//	bench_go single|batch|read BLOBS
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

// fed gives a client that has received entries and is offline now.
func fed() *zks.Client {
	folder := must(os.MkdirTemp("", "zks-bench-"))
	defer os.RemoveAll(folder)
	relay := must(zks.StartRelay(ctx, "listen = 127.0.0.1:0\ndata = "+folder+"\n"))
	defer relay.Close()
	sender, reader := open(relay.Address()), open(relay.Address())
	defer sender.Close()
	must(sender.PushMany(ctx, payloads, zks.Acked))
	count := 0
	for _, err := range reader.Entries(ctx, zks.NoAck) {
		check(err)
		if count++; count == together {
			break
		}
	}
	check(reader.Disconnect(ctx))
	return reader
}

// perBlob is a time for each entry in microseconds.
func perBlob(took time.Duration, blobs int) float64 {
	return took.Seconds() * 1e6 / float64(blobs)
}

func main() {
	turns := map[string]func(*zks.Client){"single": single, "batch": batch, "read": read}
	if len(os.Args) != 3 || turns[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench_go single|batch|read BLOBS")
		os.Exit(1)
	}
	turn, blobs := turns[os.Args[1]], must(strconv.Atoi(os.Args[2]))/together*together
	begun := time.Now()
	check(open().Close())
	start := time.Since(begun)
	random := rand.New(rand.NewSource(1))
	for range together {
		payload := make([]byte, bytes)
		random.Read(payload)
		payloads = append(payloads, payload)
	}
	client := open()
	if os.Args[1] == "read" {
		check(client.Close())
		client = fed()
	}
	defer client.Close()
	for range warmUp / together {
		turn(client)
	}
	wall, used := time.Now(), cpu()
	for range blobs / together {
		turn(client)
	}
	took := time.Since(wall)
	fmt.Fprintf(os.Stderr, "go %s: %.2f us of CPU and %.2f us for an entry, %.1f ms to the first "+
		"client\n", os.Args[1], perBlob(cpu()-used, blobs), perBlob(took, blobs), start.Seconds()*1e3)
	fmt.Printf(`{"blobs":%d,"cpu_us":%.3f,"wall_us":%.3f,"first_open_ms":%.2f}`+"\n", blobs,
		perBlob(cpu()-used, blobs), perBlob(took, blobs), start.Seconds()*1e3)
}
