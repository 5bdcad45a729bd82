// SPDX-License-Identifier: MIT OR Apache-2.0

// Notes that a group of devices shares; examples/README.md says what it does.
//
//	go run ./examples/notes anna create zks://KEY@relay.example.org:4433 Anna
//	go run ./examples/notes anna add 'buy milk'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

const (
	patience = time.Minute
	pairing  = 10 * time.Minute
	usage    = "usage: notes FOLDER create RELAY NAME | invite | join RELAY NAME CODE | add TEXT | sync | list"
)

var errUsage = errors.New(usage)

func main() {
	err := errUsage
	if len(os.Args) > 2 {
		err = notes(os.Args[1]).run(os.Args[2], os.Args[3:])
	}
	if err == errUsage {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notes:", err)
		os.Exit(1)
	}
}

// notes is the folder of one device.
type notes string

func (n notes) run(command string, args []string) error {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	pairingCtx, stopPairing := context.WithTimeout(context.Background(), pairing)
	defer stopPairing()
	switch {
	case command == "create" && len(args) == 2:
		return n.create(ctx, args[0], args[1])
	case command == "invite" && len(args) == 0:
		return n.invite(pairingCtx)
	case command == "join" && len(args) == 3:
		return n.join(pairingCtx, args[0], args[1], args[2])
	case command == "add" && len(args) == 1:
		return n.add(ctx, args[0])
	case command == "sync" && len(args) == 0:
		return n.sync(ctx)
	case command == "list" && len(args) == 0:
		return n.list()
	}
	return errUsage
}

func (n notes) path(name string) string { return filepath.Join(string(n), name) }

// lines are those of a file; none where there is no file.
func (n notes) lines(name string) []string {
	text, _ := os.ReadFile(n.path(name))
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

func (n notes) config(name string) zks.Config {
	return zks.Config{Store: n.path("store.zks"), DeviceName: name, Relays: n.lines("relay")}
}

func (n notes) begin(relay string) error {
	if err := os.MkdirAll(string(n), 0o700); err != nil {
		return err
	}
	return os.WriteFile(n.path("relay"), []byte(relay), 0o600)
}

func (n notes) create(ctx context.Context, relay, name string) error {
	if err := n.begin(relay); err != nil {
		return err
	}
	client, recovery, err := zks.CreateGroup(ctx, n.config(name))
	if err != nil {
		return err
	}
	fmt.Printf("a group of one, %s\nrecovery code: %s\n", name, recovery)
	return client.Close()
}

// online opens the client and connects it.
func (n notes) online(ctx context.Context) (*zks.Client, error) {
	client, err := zks.Open(ctx, n.config(""))
	if err != nil {
		return nil, err
	}
	if err := client.Connect(ctx); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// invite shows a code, and lets in whoever knows it.
func (n notes) invite(ctx context.Context) error {
	client, err := n.online(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	pairing, err := client.Pair(ctx, zks.PairOptions{})
	if err != nil {
		return err
	}
	fmt.Println("code:", pairing.Code)
	guest, err := pairing.Asked(ctx)
	if err != nil {
		return err
	}
	if err := pairing.Answer(true); err != nil {
		return err
	}
	if _, err := pairing.Wait(ctx); err != nil {
		return err
	}
	fmt.Println(guest.Name, "is in")
	return nil
}

func (n notes) join(ctx context.Context, relay, name, code string) error {
	if err := n.begin(relay); err != nil {
		return err
	}
	client, relays, err := zks.Join(ctx, n.config(name), code)
	if err != nil {
		return err
	}
	defer client.Close()
	fmt.Println("joined as", name)
	return n.begin(strings.Join(relays, "\n")) // with their keys from now on
}

func (n notes) add(ctx context.Context, text string) error {
	client, err := zks.Open(ctx, n.config(""))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.Push(ctx, []byte(text)); err != nil {
		return err
	}
	fmt.Println("kept") // on this device's disk
	return nil
}

// sync reads what is new into notes.txt, and only then acknowledges it. Where it is interrupted in
// between, the entries come again with the same sequences and are skipped.
func (n notes) sync(ctx context.Context) error {
	client, err := n.online(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.WaitSynced(ctx); err != nil {
		return err
	}
	count := 0
	for {
		entries, err := client.Read(ctx, zks.ReadOptions{MaxCount: 100, Own: true})
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			fmt.Println(count, "new")
			return nil
		}
		added, err := n.keep(client, entries)
		if err != nil {
			return err
		}
		count += added
		if err := client.Ack(ctx, entries[len(entries)-1].Seq); err != nil {
			return err
		}
	}
}

// keep puts the entries that notes.txt does not have there, all at once, and shows them.
func (n notes) keep(client *zks.Client, entries []zks.Entry) (added int, err error) {
	devices, err := client.Devices()
	if err != nil {
		return 0, err
	}
	names := map[zks.DeviceID]string{}
	for _, device := range devices {
		names[device.ID] = device.Name
	}
	have := uint64(0)
	lines := n.lines("notes.txt")
	if len(lines) > 0 {
		seq, _, _ := strings.Cut(lines[len(lines)-1], "\t")
		have, _ = strconv.ParseUint(seq, 10, 64)
	}
	for _, entry := range entries {
		if entry.Seq <= have {
			continue
		}
		name, ok := names[entry.Sender]
		if !ok {
			name = "somebody" // who has gone since
		}
		text := oneLine(string(entry.Data))
		fmt.Printf("%s: %s\n", name, text)
		lines = append(lines, fmt.Sprintf("%d\t%s\t%s", entry.Seq, name, text))
		added++
	}
	all := strings.Join(append(lines, ""), "\n")
	if err := os.WriteFile(n.path("notes.new"), []byte(all), 0o600); err != nil {
		return 0, err
	}
	return added, os.Rename(n.path("notes.new"), n.path("notes.txt"))
}

// oneLine puts a blank for each control character.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

func (n notes) list() error {
	for _, line := range n.lines("notes.txt") {
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) == 3 {
			fmt.Printf("%s: %s\n", fields[1], fields[2])
		}
	}
	return nil
}
