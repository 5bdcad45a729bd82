// SPDX-License-Identifier: MIT OR Apache-2.0

// Two devices of one group, and a relay between them, in one process. In an app the relay runs
// elsewhere and each device is a program of its own.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

func openDevice(ctx context.Context, name, relay string) *zks.Client {
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

func main() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	folder, err := os.MkdirTemp("", "hello-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	relay, err := zks.StartRelay(ctx, "listen = 127.0.0.1:0\ndata = "+folder+"\n")
	if err != nil {
		log.Fatal(err)
	}
	defer relay.Close()

	anna := openDevice(ctx, "anna", relay.Address())
	defer anna.Close()
	ben := openDevice(ctx, "ben", relay.Address())
	defer ben.Close()

	if _, err := anna.Push(ctx, []byte("hello, ben")); err != nil {
		log.Fatal(err)
	}
	for entry, err := range ben.Entries(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("received: %s\n", entry.Data)
		break
	}
}
