// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"os"
	"sync"
	"syscall"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

const (
	dispatchAtOnce = 256
	closeTimeoutMs = 10_000
)

// An engine is a runtime of libzks with one queue and one goroutine that dispatches it. The process
// has one, made with the first client or relay and ended with the last: however many clients there
// are, they share its two threads and the goroutine.
type engine struct {
	runtime raw.Runtime
	queue   raw.Queue
	fd      *os.File // the queue's descriptor, in Go's poller
	ended   chan struct{}
	users   int
}

var engines struct {
	sync.Mutex
	current *engine
}

// useEngine gives the process's engine; each use is ended by leave.
func useEngine(op string) (*engine, error) {
	engines.Lock()
	defer engines.Unlock()
	if engines.current == nil {
		e, err := newEngine(op)
		if err != nil {
			return nil, err
		}
		engines.current = e
	}
	engines.current.users++
	return engines.current, nil
}

func (e *engine) leave() {
	engines.Lock()
	e.users--
	last := e.users == 0
	if last {
		engines.current = nil
	}
	engines.Unlock()
	if last {
		e.close()
	}
}

func newEngine(op string) (*engine, error) {
	if err := checkLibrary(op); err != nil {
		return nil, err
	}
	var runtime raw.Runtime
	var queue raw.Queue
	if status := raw.RuntimeNew(&runtime); status != 0 {
		return nil, fail(op, status)
	}
	if status := raw.QueueNew(runtime, 0, &queue); status != 0 {
		raw.RuntimeFree(runtime)
		return nil, fail(op, status)
	}
	e := &engine{runtime: runtime, queue: queue, ended: make(chan struct{})}
	if err := e.open(op); err != nil {
		raw.QueueFree(queue)
		raw.RuntimeFree(runtime)
		return nil, err
	}
	logTo(runtime)
	return e, nil
}

// open gives a copy of the queue's descriptor to Go's poller and starts the dispatching.
func (e *engine) open(op string) error {
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(raw.QueueFd(e.queue)),
		syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return failText(op, ErrSystem, "no descriptor is left: "+errno.Error())
	}
	e.fd = os.NewFile(fd, "zks queue")
	conn, err := e.fd.SyscallConn()
	if err != nil {
		e.fd.Close()
		return failText(op, ErrSystem, "the descriptor of callbacks cannot be polled: "+err.Error())
	}
	go e.dispatch(conn)
	return nil
}

// dispatch makes the callbacks until the descriptor is closed. None of them waits for anything.
func (e *engine) dispatch(conn syscall.RawConn) {
	defer close(e.ended)
	notes := make([]raw.Completed, dispatchAtOnce)
	// Read calls the function first, and again whenever the descriptor becomes readable.
	_ = conn.Read(func(uintptr) bool {
		for {
			ran, count := raw.Dispatch(e.queue, notes)
			completed(notes[:count])
			if ran < len(notes) {
				return false
			}
		}
	})
}

// close ends threads and goroutine; no client is left.
func (e *engine) close() {
	raw.RuntimeClose(e.runtime, closeTimeoutMs)
	e.fd.Close()
	<-e.ended
	raw.QueueFree(e.queue)
	raw.RuntimeFree(e.runtime)
}
