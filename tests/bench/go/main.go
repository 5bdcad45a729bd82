// SPDX-License-Identifier: MIT OR Apache-2.0

// What one entry costs a Go program: the same as tests/bench/blobs.c, through package zks.
//
//	bench_go ENTRIES REPEATS FOLDER
package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

const (
	entryBytes = 1024
	batch      = 64
	fed        = 1024
)

var (
	ctx     = context.Background()
	payload [][]byte
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

// cpu is what this process has used, user and system, in microseconds.
func cpu() float64 {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e3
}

func open(relays ...string) *zks.Client {
	client := must(zks.Open(ctx, zks.Config{
		Secret: []byte("the same 32 bytes on each device"),
		Relays: relays,
	}))
	if len(relays) > 0 {
		check(client.Connect(ctx))
	}
	return client
}

func pushCost(entries, count int) float64 {
	client := open()
	defer client.Close()
	begun := cpu()
	for range entries / count {
		if count == 1 {
			must(client.Push(ctx, payload[0]))
		} else {
			must(client.PushMany(ctx, payload))
		}
	}
	return (cpu() - begun) / float64(entries)
}

func readCost(reader *zks.Client, entries int) float64 {
	options := zks.ReadOptions{MaxCount: batch, FromStart: true}
	begun, done := cpu(), 0
	for done < entries {
		got := must(reader.Read(ctx, options))
		if options.FromStart = len(got) == 0; !options.FromStart {
			options.After = got[len(got)-1].Seq
		}
		done += len(got)
	}
	return (cpu() - begun) / float64(done)
}

// feed gives a client that has received entries and is offline now.
func feed(folder string) *zks.Client {
	relay := must(zks.StartRelay(ctx, "listen = 127.0.0.1:0\ndata = "+folder+"\n"))
	defer relay.Close()
	sender, reader := open(relay.Address()), open(relay.Address())
	defer sender.Close()
	for range fed / batch {
		must(sender.PushMany(ctx, payload, zks.Acked))
	}
	check(reader.WaitSynced(ctx))
	check(reader.Disconnect(ctx))
	return reader
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: bench_go ENTRIES REPEATS FOLDER")
		os.Exit(1)
	}
	entries := must(strconv.Atoi(os.Args[1])) / batch * batch
	repeats := must(strconv.Atoi(os.Args[2]))
	begun := time.Now()
	check(open().Close())
	start := time.Since(begun)
	random := rand.New(rand.NewSource(1))
	for range batch {
		entry := make([]byte, entryBytes)
		random.Read(entry)
		payload = append(payload, entry)
	}
	reader := feed(os.Args[3])
	defer reader.Close()
	var single, many, reads []float64
	for range repeats {
		single = append(single, pushCost(entries, 1))
		many = append(many, pushCost(entries, batch))
		reads = append(reads, readCost(reader, entries))
	}
	fmt.Printf(`{"language":"go","entries":%d,"single_us":%.2f,"batch_us":%.2f,"read_us":%.3f,`+
		`"start_ms":%.2f}`+"\n", entries, median(single), median(many), median(reads),
		start.Seconds()*1e3)
}
