// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"errors"
	"io"
	"iter"
)

// PushFrom pushes all that r gives as one entry. An entry has at most MaxEntry bytes; a longer
// stream is ErrTooLarge, and nothing was pushed.
func (c *Client) PushFrom(ctx context.Context, r io.Reader, flags ...PushFlag) (Pushed, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxEntry+1))
	if err != nil {
		return Pushed{}, err
	}
	return c.Push(ctx, data, flags...)
}

// Writer pushes: each Write is one entry, of at most MaxEntry bytes. It fits what writes a record at
// a time, as log.New and json.Encoder do; behind a bufio.Writer an entry is a buffer full.
func (c *Client) Writer(ctx context.Context, flags ...PushFlag) io.Writer {
	return &writer{ctx, c, flags}
}

type writer struct {
	ctx    context.Context
	client *Client
	flags  []PushFlag
}

func (w *writer) Write(data []byte) (int, error) {
	if _, err := w.client.Push(w.ctx, data, w.flags...); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Reader reads the bytes of the entries behind the watermark, one entry after the other; where one
// ends is not seen. It waits for more until the context ends, which is io.EOF, as Close of the
// client is. An entry is acknowledged when what is behind it is read; with NoAck by the app.
//
// It is for one goroutine. Close it when it is done with.
func (c *Client) Reader(ctx context.Context, options ...EntriesOption) io.ReadCloser {
	next, stop := iter.Pull2(c.Entries(ctx, options...))
	return &reader{next: next, stop: stop}
}

type reader struct {
	next func() (Entry, error, bool)
	stop func()
	left []byte
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.left) == 0 && r.err == nil {
		entry, err, more := r.next()
		if r.left, r.err = entry.Data, err; !more {
			r.err = io.EOF
		}
		for _, end := range []Code{ErrCancelled, ErrTimeout, ErrClosed} {
			if errors.Is(r.err, end) { // of the context, or of the client
				r.err = io.EOF
			}
		}
	}
	if r.err != nil {
		r.stop()
	}
	if len(r.left) == 0 && len(p) > 0 {
		return 0, r.err
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// Close ends the reading; an entry that was not read to its end comes again.
func (r *reader) Close() error {
	r.stop()
	r.err = io.EOF
	r.left = nil
	return nil
}
