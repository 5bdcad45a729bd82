// SPDX-License-Identifier: MIT OR Apache-2.0

// Ends with clients open and operations under way, in the way that its first argument names.
package main

import (
	"context"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

func busy(folder string) {
	ctx := context.Background()
	relay, err := zks.StartRelay(ctx, "listen = 127.0.0.1:0\ndata = "+folder+"/relay\n")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		client, err := zks.Open(ctx, zks.Config{
			Store:   folder + "/" + name,
			Secret:  []byte("the same 32 bytes on each device"),
			Relays:  []string{relay.Address()},
			OnEvent: func(zks.Event) {},
		})
		if err != nil {
			log.Fatal(err)
		}
		if err := client.Connect(ctx); err != nil {
			log.Fatal(err)
		}
		go func() {
			for range client.Entries(ctx) {
			}
		}()
		for range 4 {
			go func() {
				for {
					client.Push(ctx, []byte("x"))
				}
			}()
		}
	}
}

func main() {
	busy(os.Args[2])
	time.Sleep(20 * time.Millisecond) // any moment is good
	switch os.Args[1] {
	case "return":
	case "exit":
		os.Exit(7)
	case "fatal":
		log.Fatal("as asked")
	case "panic":
		panic("as asked")
	case "signal":
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		time.Sleep(time.Minute)
	}
}
