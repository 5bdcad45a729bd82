// SPDX-License-Identifier: MIT OR Apache-2.0

// Package raw is libzks with Go's types and nothing else: zks.go and zks_wrap.c are SWIG's, made
// from zks.i, which is made from zks.h. By hand are the trampolines, and what the hot paths do in
// one call.
package raw

// #include "trampolines.h"
import "C"

import (
	"bytes"
	"unsafe"
)

// Call starts an operation: libzks writes Op before the operation can complete, and Token, if
// it is not 0, comes back when it has. It must be an allocation of its own: cgo looks at all of what holds it.
type Call struct {
	Token uint64
	Op    Op
}

// Completed is an operation that ended.
type Completed struct {
	Token  uint64
	Status int64
}

// The two structures are those of trampolines.h: a difference does not compile.
const (
	_ = uint(unsafe.Sizeof(Call{}) - C.sizeof_zksgo_call)
	_ = uint(C.sizeof_zksgo_call - unsafe.Sizeof(Call{}))
	_ = uint(unsafe.Sizeof(Completed{}) - C.sizeof_zksgo_completed)
	_ = uint(C.sizeof_zksgo_completed - unsafe.Sizeof(Completed{}))
)

// Text copies a text of C; NULL is "".
func Text(p *byte) string {
	if p == nil {
		return ""
	}
	return C.GoString((*C.char)(unsafe.Pointer(p)))
}

// CText is a text for C; it must hold no NUL.
func CText(s string) *byte {
	return unsafe.SliceData(append([]byte(s), 0))
}

// Bytes copies bytes of C; NULL is nil.
func Bytes(p *byte, length uintptr) []byte {
	if p == nil {
		return nil
	}
	return bytes.Clone(unsafe.Slice(p, length))
}

func call(c *Call) *C.zksgo_call { return (*C.zksgo_call)(unsafe.Pointer(c)) }

func client(c Client) *C.zks_client { return *(**C.zks_client)(unsafe.Pointer(&c)) }

func op(o Op) *C.zks_op { return *(**C.zks_op)(unsafe.Pointer(&o)) }

// Dispatch runs at most len(out) callbacks of the queue and says how many ran; those of
// operations are noted in out, completed tells how many.
func Dispatch(queue Queue, out []Completed) (ran, completed int) {
	var count C.size_t
	q := *(**C.zks_queue)(unsafe.Pointer(&queue))
	first := (*C.zksgo_completed)(unsafe.Pointer(unsafe.SliceData(out)))
	n := C.zksgo_dispatch(q, first, C.size_t(len(out)), &count)
	return int(n), int(count)
}

// Push is ClientPush for memory of any kind: SWIG's own would refuse a slice of an array that lies
// beside Go pointers.
func Push(c Client, data []byte, flags uint32, k *Call) int32 {
	return int32(C.zksgo_push(client(c), (*C.uint8_t)(unsafe.SliceData(data)),
		C.size_t(len(data)), C.uint32_t(flags), call(k)))
}

// PushMany is ClientPushMany, likewise.
func PushMany(c Client, data []byte, lengths []uintptr, flags uint32, k *Call) int32 {
	return int32(C.zksgo_push_many(client(c), (*C.uint8_t)(unsafe.SliceData(data)),
		(*C.size_t)(unsafe.Pointer(unsafe.SliceData(lengths))), C.size_t(len(lengths)),
		C.uint32_t(flags), call(k)))
}

// PushEnd takes the results of a push that succeeded and frees the operation. ids has room for the
// blob id of each entry.
func PushEnd[ID ~[SIZE_BLOB_ID]byte](o Op, ids []ID) (number, seq uint64) {
	var pushed C.zksgo_pushed
	C.zksgo_push_end(op(o), &pushed, (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(ids))),
		C.size_t(len(ids)))
	return uint64(pushed.number), uint64(pushed.seq)
}

// Table is a batch that was read, borrowed until Free.
type Table struct{ t C.zksgo_table }

// ReadEnd takes the entries of a read that succeeded and frees the operation.
func ReadEnd(o Op, table *Table) int32 {
	return int32(C.zksgo_read_end(op(o), &table.t))
}

func (t *Table) Free()             { C.zks_batch_free(t.t.batch) }
func (t *Table) Count() int        { return int(t.t.count) }
func (t *Table) Data() []byte      { return column[byte](t.t.data, int(t.t.data_length)) }
func (t *Table) Offsets() []uint64 { return column[uint64](t.t.offsets, t.Count()+1) }
func (t *Table) Seqs() []uint64    { return column[uint64](t.t.seqs, t.Count()) }
func (t *Table) Numbers() []uint64 { return column[uint64](t.t.numbers, t.Count()) }
func (t *Table) TimesMs() []int64  { return column[int64](t.t.times_ms, t.Count()) }
func (t *Table) Flags() []uint32   { return column[uint32](t.t.flags, t.Count()) }

// TableIDs are the blob ids of a table, as an id type of the caller.
func TableIDs[ID ~[SIZE_BLOB_ID]byte](t *Table) []ID { return column[ID](t.t.ids, t.Count()) }

// TableSenders are the senders' device ids.
func TableSenders[ID ~[SIZE_DEVICE_ID]byte](t *Table) []ID {
	return column[ID](t.t.senders, t.Count())
}

// column sees memory of C as a slice.
func column[T, C any](first *C, count int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(first)), count)
}
