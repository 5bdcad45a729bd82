// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

// arg is an element of the step; nil: absent.
func (t *task) arg(i int) any {
	if i >= len(t.step) {
		return nil
	}
	return t.step[i]
}

func (t *task) text(i int) string {
	text, ok := t.arg(i).(string)
	if !ok {
		broken("an argument is missing:", t.step)
	}
	return text
}

func (t *task) number(i int) int {
	n, ok := t.arg(i).(float64)
	if !ok {
		broken("a number is missing:", t.step)
	}
	return int(n)
}

// option is a member of the object at the step's end.
func (t *task) option(key string) any {
	last, _ := t.step[len(t.step)-1].(map[string]any)
	return last[key]
}

func (t *task) optionTrue(key string) bool { return t.option(key) == true }

// textOf is a text with its references followed.
func textOf(value any) string {
	if repeated, ok := value.(map[string]any); ok {
		unit, _ := repeated["repeat"].(string)
		times, _ := repeated["times"].(float64)
		return strings.Repeat(unit, int(times))
	}
	text, ok := value.(string)
	if !ok {
		broken("no text:", value)
	}
	name, refers := strings.CutPrefix(text, "$")
	if !refers {
		return text
	}
	name, spoil := strings.CutSuffix(name, "!")
	text, ok = world.variable(name)
	if !ok {
		broken("no such variable:", value)
	}
	if !spoil || text == "" {
		return text
	}
	last := "0"
	if strings.HasSuffix(text, last) {
		last = "1"
	}
	return text[:len(text)-1] + last
}

// bytesOf is a secret, salt or key; size is that of random ones for a variable without a value.
func bytesOf(value any, size int) []byte {
	if zeros, ok := value.(float64); ok {
		return make([]byte, int(zeros))
	}
	text, _ := value.(string)
	if name, refers := strings.CutPrefix(text, "$"); refers {
		if _, known := world.variable(name); !known {
			random := make([]byte, size)
			rand.Read(random)
			world.setVariable(name, hex.EncodeToString(random))
		}
		text, _ = world.variable(name)
	}
	bytes, err := hex.DecodeString(text)
	check(err)
	return bytes
}

func payloadOf(value any) []byte {
	if text, ok := value.(string); ok {
		return []byte(text)
	}
	object, _ := value.(map[string]any)
	length, _ := object["bytes"].(float64)
	seed, _ := object["seed"].(float64)
	data := make([]byte, int(length))
	for i := range data {
		data[i] = byte(int(seed) + i*31 + i>>8)
	}
	return data
}

func fnv1a(data []byte) uint32 {
	hash := fnv.New32a()
	hash.Write(data)
	return hash.Sum32()
}

// shown is a payload as the transcript has it.
func shown(data []byte) string {
	const short = 64
	control := func(r rune) bool { return r < ' ' }
	if len(data) <= short && utf8.Valid(data) && !strings.ContainsFunc(string(data), control) {
		return `"` + string(data) + `"`
	}
	return fmt.Sprintf("%d bytes %08x", len(data), fnv1a(data))
}
