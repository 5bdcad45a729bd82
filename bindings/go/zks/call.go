// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// A call is one operation that somebody waits for. It ends exactly once: libzks promises that, also
// after a cancel and when the client closes. So calls are used again and again.
//
// There are two ways of waiting. Most calls have a token: their end comes through the queue and the
// dispatching goroutine. But to park a goroutine and wake it costs some 20 us of CPU, half as much as
// a push itself; so a call on which the store alone works, and which is the only one of its kind, is
// waited for in C, on the goroutine's own thread. Where there are several, one wake-up serves many,
// and a thread that waits in C makes Go's scheduler look after it all the time, which costs each of
// them 3 us. The first of several does not know that others follow: it does as the last ones did.
type call struct {
	c     *raw.Call  // its Token is 0 for one that is waited for in C
	done  chan int32 // the status; room for one, so that the dispatcher never waits
	local bool       // the store alone works on it
}

var (
	localCalls atomic.Int32
	// company is how many more calls expect it although they are alone: there was some of late.
	company atomic.Int32
)

const expectCompany = 8

const sliceMs = 10 // how soon a wait in C sees that its context ended

// calls finds them by the token that comes back.
var calls callTable

type callTable struct {
	sync.Mutex
	pending []*call // by token - 1
	free    []uint64
}

var callPool = sync.Pool{New: func() any {
	return &call{c: new(raw.Call), done: make(chan int32, 1)}
}}

func init() { raw.OnCompleted = completed }

// newCall gives a call whose token is in use until completed, or until drop.
func newCall() *call {
	k := callPool.Get().(*call)
	calls.Lock()
	if n := len(calls.free); n > 0 {
		k.c.Token = calls.free[n-1]
		calls.free = calls.free[:n-1]
	} else {
		calls.pending = append(calls.pending, nil)
		k.c.Token = uint64(len(calls.pending))
	}
	calls.pending[k.c.Token-1] = k
	calls.Unlock()
	return k
}

// newLocalCall gives a call on which the store alone works.
func newLocalCall() *call {
	var k *call
	if aloneOfLate() {
		k = callPool.Get().(*call)
		k.c.Token = 0
	} else {
		k = newCall()
	}
	k.local = true
	return k
}

// aloneOfLate counts one more local call, and says whether neither it nor the last ones met others.
func aloneOfLate() bool {
	if localCalls.Add(1) > 1 {
		if company.Load() != expectCompany {
			company.Store(expectCompany)
		}
		return false
	}
	if company.Load() <= 0 {
		return true
	}
	company.Add(-1)
	return false
}

// completed runs on the dispatching goroutine.
func completed(ended []raw.Completed) {
	calls.Lock()
	defer calls.Unlock()
	for _, e := range ended {
		k := calls.pending[e.Token-1]
		calls.forget(e.Token)
		k.done <- int32(e.Status)
	}
}

func (t *callTable) forget(token uint64) {
	t.pending[token-1] = nil
	t.free = append(t.free, token)
}

// drop takes back a call that did not start.
func (k *call) drop() {
	if k.c.Token != 0 {
		calls.Lock()
		calls.forget(k.c.Token)
		calls.Unlock()
	}
	k.end()
}

// end frees the operation, if its results were not taken with it, and the call.
func (k *call) end() {
	if k.c.Op != 0 {
		raw.OpFree(k.c.Op)
		k.c.Op = 0
	}
	if k.local {
		k.local = false
		localCalls.Add(-1)
	}
	callPool.Put(k)
}

// wait is the operation's status. A context that ends cancels it; the status then says what came of
// that: it may have succeeded all the same.
func (k *call) wait(ctx context.Context) int32 {
	ended := ctx.Done()
	if k.c.Token == 0 {
		return k.waitInC(ctx)
	}
	if ended != nil {
		select {
		case status := <-k.done:
			return status
		case <-ended:
			if ctx.Err() != nil {
				raw.OpCancel(k.c.Op)
			}
		}
	}
	return <-k.done
}

func (k *call) waitInC(ctx context.Context) int32 {
	beScheduled()
	for {
		status := raw.OpWait(k.c.Op, sliceMs)
		if status == 0 {
			return raw.OpStatus(k.c.Op)
		}
		if status != raw.E_TIMEOUT {
			return status
		}
		if ctx.Err() != nil {
			raw.OpCancel(k.c.Op)
		}
	}
}

// beScheduled lets Go's scheduler run, every few milliseconds. From a goroutine that it has not run
// for 10 ms it takes the processor each time it finds it in C, and looks for that every 20 us: 10 to
// 80 us of CPU for each call.
func beScheduled() {
	const everyMs = 4
	now := time.Now().UnixMilli() / everyMs
	if scheduled.Load() != now {
		scheduled.Store(now)
		runtime.Gosched()
	}
}

var scheduled atomic.Int64 // when it last ran

// fail makes the error of an operation that ended with a status, in its own words, and ends it.
func (k *call) fail(ctx context.Context, op string, status int32) error {
	e := &Error{Op: op, Code: Code(status), Text: raw.Text(raw.OpText(k.c.Op))}
	if e.Text == "" {
		e.Text = e.Code.Error()
	}
	ms := raw.OpNumber(k.c.Op, raw.OP_RETRY_AFTER_MS)
	e.RetryAfter = time.Duration(ms) * time.Millisecond
	if e.Code == ErrCancelled {
		e.endedBy(ctx)
	}
	k.end()
	return e
}

// started says why an operation did not start; nil where it did.
func (k *call) started(op string, status int32) error {
	if status == 0 {
		return nil
	}
	k.drop()
	return fail(op, status)
}

// run starts an operation and waits for it. read, if any, takes the results before they are freed.
func run(ctx context.Context, op string, start func(*raw.Call) int32, read func(raw.Op)) error {
	if err := ended(ctx, op); err != nil {
		return err
	}
	k := newCall()
	if err := k.started(op, start(k.c)); err != nil {
		return err
	}
	if status := k.wait(ctx); status != 0 {
		return k.fail(ctx, op, status)
	}
	if read != nil {
		read(k.c.Op)
	}
	k.end()
	return nil
}

// ended is the error of a context that ended before the call.
func ended(ctx context.Context, op string) error {
	if ctx.Err() == nil {
		return nil
	}
	e := &Error{Op: op, Code: ErrCancelled, Text: ErrCancelled.Error()}
	e.endedBy(ctx)
	return e
}

// endedBy says so where a context is the reason.
func (e *Error) endedBy(ctx context.Context) {
	err := ctx.Err()
	if err == nil {
		return
	}
	e.causes = []error{err, context.Cause(ctx)}
	if err == context.DeadlineExceeded {
		e.Code, e.Text = ErrTimeout, ErrTimeout.Error()
	}
}

// opBytes copies bytes of an operation.
func opBytes(o raw.Op, field int32) []byte {
	var length uintptr
	p := raw.OpBytes(o, field, &length)
	return raw.Bytes(p, length)
}
