// SPDX-License-Identifier: MIT OR Apache-2.0

// The conformance driver in Go: through package zks alone. ../README.md says what each verb does and
// prints; a verb is one function here, found in the table below.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

var verbs map[string]func(*task)

func init() {
	verbs = map[string]func(*task){
		"ack": ack, "answer": answer, "await": await, "cancel": cancel, "cancel_pair": cancelPair,
		"case": newCase, "change_store_key": changeStoreKey, "close": closeClient, "connect": connect,
		"count": count, "create": create, "derive": derive, "devices": devices, "digits": digits,
		"disconnect": disconnect, "finish": finish, "flush": flush, "get": get, "invite": invite,
		"iterate": iterate, "join": join, "leave": leave, "network_changed": networkChanged,
		"open": open, "pair": pair, "paired": paired, "push": push, "push_many": pushMany,
		"push_series": pushSeries, "read": read, "read_series": readSeries, "relay": startRelay,
		"relay_stop": stopRelay, "report": report, "restore": restore, "revoke": revoke,
		"rotate": rotate, "set": set, "start": start, "sync": waitSynced, "trust": trust,
	}
}

// broken ends the program: cases.json is, or something that the driver itself needs.
func broken(what string, value any) {
	text, _ := json.Marshal(value)
	fmt.Fprintf(os.Stderr, "driver: %s %s\n", what, text)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		broken(err.Error(), nil)
	}
}

var (
	fixture = flag.String("relay", "", "address of the relay")
	dir     = flag.String("dir", "", "an empty folder")
	cases   = flag.String("cases", "", "the file with the cases")
	only    = flag.String("case", "", "only this case")
	peer    = flag.Bool("peer", false, "steps come from standard input")
)

func main() {
	flag.Parse()
	if *fixture == "" || *dir == "" || *cases == "" && !*peer {
		flag.Usage()
		os.Exit(1)
	}
	if *peer {
		runPeer()
	} else {
		runCases()
	}
}

type oneCase struct {
	Name   string
	Suites []string
	Steps  [][]any
}

func runCases() {
	text, err := os.ReadFile(*cases)
	check(err)
	var all []oneCase
	check(json.Unmarshal(text, &all))
	found := false
	for _, c := range all {
		if *only == "" || *only == c.Name {
			found = true
			runCase(c)
		}
	}
	if !found {
		broken("there is no case", *only)
	}
}

func runCase(c oneCase) {
	if c.Suites == nil {
		c.Suites = []string{"default"}
	}
	for _, suite := range c.Suites {
		beginCase(c.Name, suite)
		fmt.Printf("case %s %s\n", c.Name, suite)
		for _, step := range c.Steps {
			runStep(step)
		}
		endCase()
	}
}

func runStep(step []any) {
	t := newTask(step)
	t.run()
	os.Stdout.WriteString(t.out.String())
}

func runPeer() {
	world = newWorld(*dir, "default")
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var step []any
		check(json.Unmarshal(lines.Bytes(), &step))
		runStep(step)
		fmt.Println(".")
	}
	endCase()
}

func beginCase(name, suite string) {
	folder := filepath.Join(*dir, name+"-"+suite)
	check(os.MkdirAll(folder, 0o700))
	world = newWorld(folder, suite)
}

// endCase ends what the case began.
func endCase() {
	world.endTasks()
	world.closeAll()
}

// newCase begins another case of a peer.
func newCase(t *task) {
	endCase()
	beginCase(t.text(1), t.text(2))
}
