// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// logging is where libzks's log goes. Its lines come through a pipe, since the engine's threads
// must not wait for a handler; a line that finds the pipe full (64 KiB) is lost.
var logging struct {
	sync.Mutex
	to *slog.Logger
}

// SetLogger sends the log of libzks to l, for the whole process, from now on; nil: nowhere, which is
// the default. What libzks logs holds no secrets, payloads or identifiers in clear. Its levels are
// those of slog; what l does not want is not made. A line `event key=value ...` becomes a record
// with the event as its message and the rest as attributes.
func SetLogger(l *slog.Logger) {
	logging.Lock()
	logging.to = l
	logging.Unlock()
	engines.Lock()
	defer engines.Unlock()
	if engines.current != nil {
		logTo(engines.current.runtime)
	}
}

// logger is where this package itself logs.
func logger() *slog.Logger {
	logging.Lock()
	defer logging.Unlock()
	if logging.to != nil {
		return logging.to
	}
	return slog.Default()
}

var levels = []struct {
	slog slog.Level
	raw  int32
}{
	{slog.LevelDebug, raw.LOG_DEBUG}, {slog.LevelInfo, raw.LOG_INFO},
	{slog.LevelWarn, raw.LOG_WARN}, {slog.LevelError, raw.LOG_ERROR},
}

// logTo gives a runtime's log to the logger. A log that cannot be had is not worth an error.
func logTo(runtime raw.Runtime) {
	logging.Lock()
	to := logging.to
	logging.Unlock()
	level := int32(raw.LOG_OFF)
	for i := len(levels) - 1; to != nil && i >= 0; i-- {
		if to.Enabled(context.Background(), levels[i].slog) {
			level = levels[i].raw
		}
	}
	if level == raw.LOG_OFF {
		raw.RuntimeSetLog(runtime, raw.LOG_OFF, 0)
		return
	}
	var ends [2]int
	if syscall.Pipe2(ends[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK) != nil {
		return
	}
	// The writing end belongs to libzks, which closes it with the last line: that ends copyLog.
	if raw.RuntimeSetLog(runtime, level, uintptr(ends[1]+1)) != 0 {
		syscall.Close(ends[1])
	}
	go copyLog(to, os.NewFile(uintptr(ends[0]), "zks log"))
}

func copyLog(to *slog.Logger, pipe *os.File) {
	defer pipe.Close()
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			continue
		}
		event, attributes := parseLine(line[1:])
		to.LogAttrs(context.Background(), slogLevel(line[0]), event, attributes...)
	}
}

func slogLevel(digit byte) slog.Level {
	for _, level := range levels {
		if int32(digit-'0') == level.raw {
			return level.slog
		}
	}
	return slog.LevelInfo
}

// parseLine takes `event key=value key="a b"` apart.
func parseLine(line string) (event string, attributes []slog.Attr) {
	event, rest, _ := strings.Cut(line, " ")
	for rest != "" {
		key, behind, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		var value string
		if strings.HasPrefix(behind, `"`) {
			value, behind, _ = strings.Cut(behind[1:], `"`)
			rest = strings.TrimPrefix(behind, " ")
		} else {
			value, rest, _ = strings.Cut(behind, " ")
		}
		attributes = append(attributes, slog.String(key, value))
	}
	return event, attributes
}
