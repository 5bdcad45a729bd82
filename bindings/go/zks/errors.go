// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Code is the number of an error, and an error itself: compare with errors.Is.
type Code int32

// Name is the code's name in capitals, "NOT_CONNECTED".
func (c Code) Name() string {
	name := raw.Text(raw.StatusName(int32(c)))
	return strings.TrimPrefix(strings.TrimPrefix(name, "ZKS_"), "E_")
}

// Error is one sentence: what the code means, and the cure.
func (c Code) Error() string { return raw.Text(raw.StatusText(int32(c))) }

// Class says whether to retry, to mend the call or the configuration, or to beware.
func (c Code) Class() Class { return Class(raw.StatusClass(int32(c))) }

// Error is what every function of this package fails with.
//
//	var e *zks.Error
//	if errors.As(err, &e) && e.Class() == zks.ClassRetry { ... }
//
// errors.Is knows it by its Code (zks.ErrStoreBusy), and by what Go has of the same meaning:
// context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded, fs.ErrClosed.
type Error struct {
	Op         string        // what was asked for: "push"
	Code       Code          // why it failed
	Text       string        // what happened and the cure, in one sentence
	RetryAfter time.Duration // of a refusal that names it: when to come again
	causes     []error       // of a context that ended: its error and its cause
}

func (e *Error) Error() string {
	return fmt.Sprintf("zks: %s: %s (%s)", e.Op, strings.TrimSuffix(e.Text, "."), e.Code.Name())
}

// Class is Code.Class.
func (e *Error) Class() Class { return e.Code.Class() }

// Unwrap gives the error and the cause of a context that ended, where that was the reason.
func (e *Error) Unwrap() []error { return e.causes }

// Is compares with a Code, and with errors of the standard library of the same meaning.
func (e *Error) Is(target error) bool {
	switch target {
	case context.Canceled:
		return e.Code == ErrCancelled && e.causes == nil
	case context.DeadlineExceeded, os.ErrDeadlineExceeded:
		return e.Code == ErrTimeout
	case fs.ErrClosed:
		return e.Code == ErrClosed
	}
	code, ok := target.(Code)
	return ok && code == e.Code
}

// fail is the error of a status without words of its own; nil for 0.
func fail(op string, status int32) error {
	if status == 0 {
		return nil
	}
	return &Error{Op: op, Code: Code(status), Text: Code(status).Error()}
}

func failText(op string, code Code, text string) error {
	return &Error{Op: op, Code: code, Text: text}
}

func nameOf[T ~int32 | ~uint32](names map[T]string, value T) string {
	if name, ok := names[value]; ok {
		return name
	}
	return fmt.Sprint(int64(value))
}
