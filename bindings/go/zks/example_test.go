// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// exampleRelay starts a relay for an example; in an app it runs elsewhere.
func exampleRelay(ctx context.Context) (address string, stop func()) {
	folder, err := os.MkdirTemp("", "zks-example-")
	if err != nil {
		log.Fatal(err)
	}
	relay, err := zks.StartRelay(ctx, "listen = 127.0.0.1:0\ndata = "+folder+"\n")
	if err != nil {
		log.Fatal(err)
	}
	return relay.Address(), func() {
		relay.Close()
		os.RemoveAll(folder)
	}
}

func exampleDevice(ctx context.Context, relay, name string) *zks.Client {
	client, err := zks.Open(ctx, zks.Config{
		Store:      zks.InMemory,
		DeviceName: name,
		Secret:     []byte("the same 32 bytes on each device"),
		Relays:     []string{relay},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Connect(ctx); err != nil {
		log.Fatal(err)
	}
	return client
}

func Example() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	relay, stopRelay := exampleRelay(ctx)
	defer stopRelay()
	anna, ben := exampleDevice(ctx, relay, "anna"), exampleDevice(ctx, relay, "ben")
	defer anna.Close()
	defer ben.Close()

	if _, err := anna.Push(ctx, []byte("hello, ben")); err != nil {
		log.Fatal(err)
	}
	for entry, err := range ben.Entries(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %s\n", entry.Seq, entry.Data)
		break
	}
	// Output: 1: hello, ben
}

func ExampleClient_Writer() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	relay, stopRelay := exampleRelay(ctx)
	defer stopRelay()
	anna, ben := exampleDevice(ctx, relay, "anna"), exampleDevice(ctx, relay, "ben")
	defer anna.Close()
	defer ben.Close()

	encoder := json.NewEncoder(anna.Writer(ctx)) // each value is an entry
	for _, fruit := range []string{"apple", "pear"} {
		if err := encoder.Encode(map[string]string{"fruit": fruit}); err != nil {
			log.Fatal(err)
		}
	}
	reader := ben.Reader(ctx)
	defer reader.Close()
	lines := bufio.NewScanner(reader)
	for range 2 {
		lines.Scan()
		fmt.Println(lines.Text())
	}
	// Output:
	// {"fruit":"apple"}
	// {"fruit":"pear"}
}

func ExampleClient_Pair() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	relay, stopRelay := exampleRelay(ctx)
	defer stopRelay()
	laptop, recovery, err := zks.CreateGroup(ctx, zks.Config{Store: zks.InMemory, DeviceName: "laptop",
		Relays: []string{relay}})
	if err != nil {
		log.Fatal(err)
	}
	defer laptop.Close()
	fmt.Println("the recovery code has", len(strings.Fields(recovery)), "words")
	if err := laptop.Connect(ctx); err != nil {
		log.Fatal(err)
	}

	pairing, err := laptop.Pair(ctx, zks.PairOptions{})
	if err != nil {
		log.Fatal(err)
	}
	go func() { // on the other device, whose user types the code
		phone, _, err := zks.Join(ctx, zks.Config{Store: zks.InMemory, DeviceName: "phone",
			Relays: []string{relay}}, pairing.Code)
		if err != nil {
			log.Fatal(err)
		}
		phone.Close()
	}()
	ask, err := pairing.Asked(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("may", ask.Name, "come in?")
	if err := pairing.Answer(true); err != nil {
		log.Fatal(err)
	}
	if _, err := pairing.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	devices, err := laptop.Devices()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(devices[0].Name, "and", devices[1].Name)
	// Output:
	// the recovery code has 18 words
	// may phone come in?
	// laptop and phone
}

func ExampleError() {
	_, err := zks.Open(context.Background(), zks.Config{
		Store:  "/no/such/folder/store.zks",
		Secret: []byte("the same 32 bytes on each device"),
	})
	var e *zks.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code.Name(), e.Class())
	}
	fmt.Println(errors.Is(err, zks.ErrStorePath))
	// Output:
	// STORE_PATH CONFIG
	// true
}
