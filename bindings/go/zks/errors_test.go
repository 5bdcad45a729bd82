// SPDX-License-Identifier: MIT OR Apache-2.0

package zks_test

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// Only 0 means the default: what is less than a unit is rounded up, and refused below 0.
func TestTimesAreNotLostInRounding(t *testing.T) {
	for name, config := range map[string]zks.Config{
		"TTL":             {TTL: -time.Millisecond},
		"Rotate":          {Rotate: -time.Millisecond},
		"connect timeout": {ConnectTimeout: time.Microsecond}, // too short, rounded up too
	} {
		config.Store, config.Secret = zks.InMemory, secret
		client, err := zks.Open(testContext(t), config)
		if !errors.Is(err, zks.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			client.Close()
		}
	}
	openDevice(t, zks.Config{TTL: time.Millisecond, Rotate: time.Millisecond})
}

func TestErrorsNameTheCure(t *testing.T) {
	_, err := zks.Open(testContext(t), zks.Config{Store: zks.InMemory, Secret: []byte("short")})
	var e *zks.Error
	if !errors.As(err, &e) || !errors.Is(err, zks.ErrSecret) {
		t.Fatalf("a short secret: %v", err)
	}
	if e.Code.Name() != "SECRET" || e.Class() != zks.ClassConfig && e.Class() != zks.ClassCall {
		t.Errorf("%s, class %v", e.Code.Name(), e.Class())
	}
	if !strings.HasPrefix(err.Error(), "zks: open: ") || !strings.Contains(err.Error(), "32") {
		t.Errorf("no cure in %q", err)
	}
	if errors.Is(err, zks.ErrSalt) {
		t.Error("it is every error")
	}
}

func TestErrorsByCode(t *testing.T) {
	client := openDevice(t, zks.Config{})
	ctx := testContext(t)
	_, tooLarge := client.Push(ctx, make([]byte, zks.MaxEntry+1))
	_, offline := client.Push(ctx, nil, zks.NeedConnection)
	_, nothing := client.PushMany(ctx, nil)
	_, negative := client.Read(ctx, zks.ReadOptions{MaxCount: -1})
	_, _, weak := zks.DeriveSecret("", []byte("12345678"))
	_, noFolder := storeInNoFolder(t)
	for _, c := range []struct {
		err  error
		code zks.Code
	}{
		{tooLarge, zks.ErrTooLarge}, {offline, zks.ErrNotConnected}, {nothing, zks.ErrInvalid},
		{negative, zks.ErrInvalid}, {weak, zks.ErrPassphrase}, {noFolder, zks.ErrStorePath},
		{client.Connect(ctx), zks.ErrConfig}, {client.TrustRelay("x", nil), zks.ErrInvalid},
		{client.TrustRelay("a\x00b", make([]byte, 32)), zks.ErrInvalid},
	} {
		if !errors.Is(c.err, c.code) {
			t.Errorf("%v instead of %s", c.err, c.code.Name())
		}
	}
}

// storeInNoFolder opens a store in a folder that is not there.
func storeInNoFolder(t *testing.T) (*zks.Client, error) {
	return zks.Open(testContext(t), zks.Config{Secret: secret,
		Store: filepath.Join(t.TempDir(), "missing", "store.zks")})
}

func TestClosedClientSaysSo(t *testing.T) {
	client := openDevice(t, zks.Config{})
	for range 2 {
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, pushErr := client.Push(testContext(t), []byte("x"))
	_, readErr := client.Read(testContext(t), zks.ReadOptions{})
	_, reportErr := client.Report()
	for _, err := range []error{pushErr, readErr, reportErr, client.Connect(testContext(t))} {
		if !errors.Is(err, zks.ErrClosed) || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

func TestContextEndsAWait(t *testing.T) {
	client := openDevice(t, zks.Config{})
	cause := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(testContext(t))
	ended := make(chan error)
	go func() {
		_, err := client.Read(ctx, zks.ReadOptions{Wait: true})
		ended <- err
	}()
	cancel(cause)
	err := <-ended
	if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) || !errors.Is(err, zks.ErrCancelled) {
		t.Errorf("cancelled: %v", err)
	}
	gone, stop := context.WithCancel(context.Background())
	stop()
	if _, err := client.Push(gone, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended before: %v", err)
	}
}

func TestDeadlineIsATimeout(t *testing.T) {
	client := openDevice(t, zks.Config{})
	ctx, stop := context.WithTimeout(testContext(t), 20*time.Millisecond)
	defer stop()
	_, err := client.Read(ctx, zks.ReadOptions{Wait: true})
	if !errors.Is(err, zks.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := zks.Open(testContext(t), zks.Config{Secret: secret}); !errors.Is(err, zks.ErrConfig) {
		t.Errorf("without a store: %v", err)
	}
}
