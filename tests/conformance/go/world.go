// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// A device is what a name stands for.
type device struct {
	client   *zks.Client
	events   *eventLog
	position uint64 // read up to here
	pairing  *zks.Pairing
}

// The world of a case. mu is for the maps; what belongs to one device its steps do not share.
type caseWorld struct {
	folder, suite string

	mu         sync.Mutex
	devices    map[string]*device
	ids        map[zks.DeviceID]string
	newest     map[string]zks.DeviceID // what a name means: the id bound last
	blobs      map[string]zks.BlobID
	variables  map[string]string
	relays     map[string]*embedded
	background map[string]*task
}

var world *caseWorld

func newWorld(folder, suite string) *caseWorld {
	return &caseWorld{folder: folder, suite: suite, devices: map[string]*device{},
		ids: map[zks.DeviceID]string{}, newest: map[string]zks.DeviceID{},
		blobs: map[string]zks.BlobID{}, variables: map[string]string{},
		relays: map[string]*embedded{}, background: map[string]*task{}}
}

func (w *caseWorld) closeAll() {
	for name, d := range w.devices {
		if err := d.client.Close(); err != nil {
			fmt.Fprintf(os.Stderr, "driver: %s: %v\n", name, err)
		}
	}
	for name, r := range w.relays {
		if err := r.relay.Close(); err != nil {
			fmt.Fprintf(os.Stderr, "driver: relay %s: %v\n", name, err)
		}
	}
}

// bind lets a name stand for a client; again: its device is the one that the name had before.
func (w *caseWorld) bind(name string, client *zks.Client, events *eventLog) (again bool) {
	report, err := client.Report()
	check(err)
	again = w.bindID(report.DeviceID, name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if before := w.devices[name]; before != nil {
		before.client.Close()
	}
	w.devices[name] = &device{client: client, events: events, position: client.Acked()}
	return again
}

func (w *caseWorld) bindID(id zks.DeviceID, name string) (again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	again = w.ids[id] == name
	w.ids[id], w.newest[name] = name, id
	return again
}

func (w *caseWorld) nameOf(id zks.DeviceID) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if name, ok := w.ids[id]; ok {
		return name
	}
	return "?"
}

// idOf is the id of a name; "nobody" has one that is no device's.
func (w *caseWorld) idOf(name string) (zks.DeviceID, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id, ok := w.newest[name]; ok {
		return id, true
	}
	var nobody zks.DeviceID
	for i := range nobody {
		nobody[i] = 1
	}
	return nobody, name == "nobody"
}

// blobSeen remembers the id of sender#number; a note if it was another one before.
func (w *caseWorld) blobSeen(sender string, number uint64, id zks.BlobID) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := fmt.Sprintf("%s#%d", sender, number)
	if before, seen := w.blobs[name]; seen && before != id {
		return " (other blob id)"
	}
	w.blobs[name] = id
	return ""
}

func (w *caseWorld) variable(name string) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	value, ok := w.variables[name]
	return value, ok
}

func (w *caseWorld) setVariable(name, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.variables[name] = value
}

// --- values between peers ---

func isDevice(name string) bool {
	return len(name) == 1 && strings.ToUpper(name) == name
}

func get(t *task) {
	name := t.text(1)
	value, _ := world.variable(name)
	if id, known := world.idOf(name); isDevice(name) && known {
		value = hex.EncodeToString(id[:])
	}
	world.mu.Lock()
	id, known := world.blobs[name]
	world.mu.Unlock()
	if known {
		value = hex.EncodeToString(id[:])
	}
	fmt.Fprintf(&t.out, "= %s\n", value)
}

func set(t *task) {
	name, value := t.text(1), t.text(2)
	isBlob := strings.Contains(name, "#")
	if !isDevice(name) && !isBlob {
		world.setVariable(name, value)
		return
	}
	id, err := hex.DecodeString(value)
	check(err)
	if isBlob {
		world.mu.Lock()
		world.blobs[name] = zks.BlobID(id)
		world.mu.Unlock()
		return
	}
	world.bindID(zks.DeviceID(id), name)
}
