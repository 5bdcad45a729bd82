// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"context"
	"testing"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// What a call costs with a store in memory and no relay in the way. tests/bench/go compares it with
// C: go test -bench . -run '^$' ./zks

func BenchmarkPush(b *testing.B) {
	client, data := openDevice(b, zks.Config{}), make([]byte, 100)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := client.Push(context.Background(), data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPushFromMany(b *testing.B) {
	client, data := openDevice(b, zks.Config{}), make([]byte, 100)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(turn *testing.PB) {
		for turn.Next() {
			if _, err := client.Push(context.Background(), data); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkPushMany64(b *testing.B) {
	client, batch := openDevice(b, zks.Config{}), make([][]byte, 64)
	for i := range batch {
		batch[i] = make([]byte, 100)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := client.PushMany(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead64(b *testing.B) {
	anna, ben := twoDevices(b)
	pushNumbers(b, anna, 64)
	for entry, err := range ben.Entries(testContext(b), zks.NoAck) {
		if err != nil {
			b.Fatal(err)
		}
		if entry.Seq == 64 {
			break
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		entries, err := ben.Read(context.Background(), zks.ReadOptions{MaxCount: 64})
		if err != nil || len(entries) != 64 {
			b.Fatal(len(entries), err)
		}
	}
}
