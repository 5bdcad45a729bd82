// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// A task is a step under way: the driver's own, or one in the background.
type task struct {
	step      []any
	verb, who string
	d         *device // named who; nil: there is none
	out       strings.Builder

	base    context.Context
	cancel  context.CancelFunc
	reached func() // the library waits for it now
	ended   chan struct{}
}

func newTask(step []any) *task {
	t := &task{step: step, reached: func() {}, ended: make(chan struct{})}
	t.base, t.cancel = context.WithTimeout(context.Background(), patience())
	t.verb = t.text(0)
	if len(step) > 1 {
		t.who, _ = step[1].(string)
	}
	return t
}

func (t *task) run() {
	defer close(t.ended)
	defer t.cancel()
	world.mu.Lock()
	t.d = world.devices[t.who]
	world.mu.Unlock()
	verb := verbs[t.verb]
	if verb == nil {
		broken("no such verb:", t.step)
	}
	verb(t)
}

// patience is the deadline of every wait.
func patience() time.Duration {
	slower, _ := strconv.Atoi(os.Getenv("ZKS_SLOWER"))
	return time.Minute * time.Duration(max(slower, 1))
}

// ctx is what the verb hands to the package.
func (t *task) ctx() context.Context { return waited{t.base, t.reached} }

// waited is a context that tells when somebody begins to wait for it.
type waited struct {
	context.Context
	reached func()
}

func (w waited) Done() <-chan struct{} {
	done := w.Context.Done()
	w.reached()
	return done
}

func (t *task) client() *zks.Client {
	if t.d == nil {
		broken("that device was never opened:", t.step)
	}
	return t.d.client
}

// --- what it prints ---

// say prints a line "  A verb"; what follows is Printf's.
func (t *task) say(format string, arguments ...any) {
	who := ""
	if t.who != "" {
		who = t.who + " "
	}
	fmt.Fprintf(&t.out, "  %s%s%s\n", who, t.verb, fmt.Sprintf(format, arguments...))
}

// fail prints "! NAME class".
func (t *task) fail(err error) {
	var e *zks.Error
	switch {
	case errors.Is(err, errLate), t.base.Err() == context.DeadlineExceeded:
		t.say(" ! LATE")
	case errors.Is(err, context.Canceled):
		t.say(" ! CANCELLED")
	case errors.As(err, &e):
		class := ""
		if e.Class() != zks.ClassNone {
			class = " " + strings.ToLower(e.Class().String())
		}
		t.say(" ! %s%s", e.Code.Name(), class)
	default:
		fmt.Fprintln(os.Stderr, "driver:", t.step, err)
		t.say(" ! UNEXPECTED")
	}
}

// said prints that it succeeded, or why not.
func (t *task) said(err error) {
	if err != nil {
		t.fail(err)
	} else {
		t.say("")
	}
}

var errLate = errors.New("the driver's own deadline passed")

// eventually tries until something is so, or the deadline passes.
func (t *task) eventually(so func() (bool, error)) error {
	ctx := t.ctx()
	for {
		if done, err := so(); done || err != nil {
			return err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			if ctx.Err() == context.DeadlineExceeded {
				return errLate
			}
			return ctx.Err()
		}
	}
}

// --- in the background ---

// start returns when the library has been called: it waits then.
func start(t *task) {
	step, _ := t.step[2].([]any)
	b := newTask(step)
	reached := make(chan struct{})
	var once sync.Once
	b.reached = func() { once.Do(func() { close(reached) }) }
	world.mu.Lock()
	world.background[t.who] = b
	world.mu.Unlock()
	go b.run()
	select {
	case <-reached:
	case <-b.ended:
	}
}

func cancel(t *task) {
	world.mu.Lock()
	defer world.mu.Unlock()
	if b := world.background[t.who]; b != nil {
		b.cancel()
	}
}

func finish(t *task) {
	world.mu.Lock()
	b := world.background[t.who]
	world.mu.Unlock()
	if b == nil {
		broken("nothing was started:", t.step)
	}
	<-b.ended // it has a deadline of its own
	t.out.WriteString(b.out.String())
	world.mu.Lock()
	delete(world.background, t.who)
	world.mu.Unlock()
}

// endTasks cancels what still runs in the background.
func (w *caseWorld) endTasks() {
	for _, b := range w.background {
		b.cancel()
		<-b.ended
	}
}
