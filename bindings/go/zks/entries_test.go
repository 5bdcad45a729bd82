// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// twoDevices are connected to one relay.
func twoDevices(t testing.TB) (anna, ben *zks.Client) {
	relay := []string{startRelay(t)}
	return openDevice(t, zks.Config{Relays: relay}), openDevice(t, zks.Config{Relays: relay})
}

func pushNumbers(t testing.TB, client *zks.Client, count int) {
	var data [][]byte
	for i := range count {
		data = append(data, fmt.Append(nil, i))
	}
	if _, err := client.PushMany(testContext(t), data, zks.Acked); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesAcknowledgeWhatTheLoopIsDoneWith(t *testing.T) {
	anna, ben := twoDevices(t)
	pushNumbers(t, anna, 2500) // more than one read
	next := 0
	for entry, err := range ben.Entries(testContext(t)) {
		if err != nil {
			t.Fatal(err)
		}
		if string(entry.Data) != fmt.Sprint(next) {
			t.Fatalf("entry %d is %q", next, entry.Data)
		}
		if next++; next == 2500 {
			break
		}
	}
	if acked := ben.Acked(); acked != 2499 {
		t.Errorf("the last entry was not asked behind, and acked is %d", acked)
	}
	var again []string
	for entry, err := range ben.Entries(testContext(t), zks.UntilEmpty) {
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, string(entry.Data))
	}
	if len(again) != 1 || again[0] != "2499" || ben.Acked() != 2500 {
		t.Errorf("again: %v, acked %d", again, ben.Acked())
	}
}

// The sizes of C have 32 bits: what does not fit is all that fits, not what is left of it.
func TestReadTakesAnyLimit(t *testing.T) {
	anna, ben := twoDevices(t)
	pushNumbers(t, anna, 1500) // 1,000 would be the default
	if err := ben.WaitSynced(testContext(t)); err != nil {
		t.Fatal(err)
	}
	most := int(^uint(0) >> 1)
	for _, limit := range []int{most, most &^ 0xffffffff} {
		entries, err := ben.Read(testContext(t), zks.ReadOptions{MaxCount: limit, MaxBytes: limit})
		if err != nil || len(entries) != 1500 {
			t.Errorf("%x: %d entries, %v", limit, len(entries), err)
		}
	}
}

func TestEntriesLeaveTheWatermarkToTheApp(t *testing.T) {
	anna, ben := twoDevices(t)
	pushNumbers(t, anna, 10)
	for _, options := range [][]zks.EntriesOption{{zks.NoAck}, {zks.NoAck, zks.UntilEmpty}} {
		count := 0
		for entry, err := range ben.Entries(testContext(t), options...) {
			if err != nil {
				t.Fatal(err)
			}
			if count++; len(options) == 1 && entry.Seq == 10 {
				break
			}
		}
		if count != 10 || ben.Acked() != 0 {
			t.Errorf("%d entries, acked %d", count, ben.Acked())
		}
	}
}

func TestEntriesGiveOwnOnesWhenAsked(t *testing.T) {
	anna, _ := twoDevices(t)
	pushNumbers(t, anna, 3)
	for entry, err := range anna.Entries(testContext(t), zks.WithOwn) {
		if err != nil || !entry.Own {
			t.Fatal(entry, err)
		}
		if entry.Number == 3 {
			break
		}
	}
}

func TestEntriesEndWithTheContext(t *testing.T) {
	client := openDevice(t, zks.Config{})
	ctx, stop := context.WithCancel(testContext(t))
	turns := 0
	go stop()
	for _, err := range client.Entries(ctx) {
		turns++
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if turns != 1 {
		t.Errorf("%d turns", turns)
	}
}

func TestEntriesEndWithTheClient(t *testing.T) {
	client := openDevice(t, zks.Config{})
	go client.Close()
	for _, err := range client.Entries(testContext(t)) {
		if !errors.Is(err, zks.ErrCancelled) && !errors.Is(err, zks.ErrClosed) {
			t.Fatal(err)
		}
	}
}

func TestWriterAndReaderCarryAStream(t *testing.T) {
	anna, ben := twoDevices(t)
	diary := log.New(anna.Writer(testContext(t)), "", 0)
	for i := range 20 {
		diary.Printf("line %d", i)
	}
	if _, err := anna.PushFrom(testContext(t), strings.NewReader("the end\n")); err != nil {
		t.Fatal(err)
	}
	reader := ben.Reader(testContext(t))
	defer reader.Close()
	lines := bufio.NewScanner(reader)
	count := 0
	for lines.Scan() && lines.Text() != "the end" {
		if lines.Text() != fmt.Sprintf("line %d", count) {
			t.Fatalf("line %d is %q", count, lines.Text())
		}
		count++
	}
	if count != 20 {
		t.Errorf("%d lines, %v", count, lines.Err())
	}
}

func TestReaderEndsWithTheContext(t *testing.T) {
	client := openDevice(t, zks.Config{})
	cancelled, stop := context.WithCancel(testContext(t))
	go stop()
	passing, stop2 := context.WithTimeout(testContext(t), 20*time.Millisecond)
	defer stop2()
	for _, ctx := range []context.Context{cancelled, passing} {
		if data, err := io.ReadAll(client.Reader(ctx)); len(data) != 0 || err != nil {
			t.Errorf("%q, %v", data, err)
		}
	}
}

func TestPushFromRefusesMoreThanAnEntry(t *testing.T) {
	client := openDevice(t, zks.Config{})
	zeros := zeroReader{}
	_, err := client.PushFrom(testContext(t), io.LimitReader(zeros, 2<<20))
	if !errors.Is(err, zks.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := client.PushFrom(testContext(t), io.LimitReader(zeros, zks.MaxEntry)); err != nil {
		t.Error(err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }
