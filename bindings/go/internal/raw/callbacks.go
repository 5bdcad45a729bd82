// SPDX-License-Identifier: MIT OR Apache-2.0

package raw

// #include "trampolines.h"
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// OnCompleted is called with operations that ended, in their order, on the dispatching goroutine.
// Set once, before the first operation.
var OnCompleted func([]Completed)

// An EventSink is what the handle of an event registration holds.
type EventSink interface{ Event(EventData) }

// A KeySource is what the handle of a store key registration holds: it writes the key and returns
// a status. It is called on a thread of the engine that may block.
type KeySource func(key []byte) int32

// EventData is an event during its callback; what it gives out is copied.
type EventData struct{ data *C.zksgo_event_data }

func (e EventData) Kind() int32            { return int32(e.data.kind) }
func (e EventData) Status() int32          { return int32(e.data.status) }
func (e EventData) Number(field int) int64 { return int64(e.data.numbers[field]) }

func (e EventData) Text(field int) string {
	return Text((*byte)(unsafe.Pointer(e.data.texts[field-100])))
}

func (e EventData) Bytes(field int) []byte {
	i := field - 200
	return Bytes((*byte)(e.data.bytes[i]), uintptr(e.data.lengths[i]))
}

//export zksGoCompleted
func zksGoCompleted(first *C.zksgo_completed, count C.size_t) {
	OnCompleted(unsafe.Slice((*Completed)(unsafe.Pointer(first)), int(count)))
}

//export zksGoEvent
func zksGoEvent(handle C.uintptr_t, data *C.zksgo_event_data) {
	cgo.Handle(handle).Value().(EventSink).Event(EventData{data})
}

//export zksGoStoreKey
func zksGoStoreKey(handle C.uintptr_t, key *C.uint8_t) C.zks_status {
	source := cgo.Handle(handle).Value().(KeySource)
	return C.zks_status(source(unsafe.Slice((*byte)(key), SIZE_STORE_KEY)))
}

//export zksGoRelease
func zksGoRelease(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
}
