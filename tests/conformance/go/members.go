// SPDX-License-Identifier: MIT OR Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/zks"
)

// --- pairing ---

func rightsOf(value any) (rights zks.Rights) {
	list, _ := value.([]any)
	for _, right := range list {
		if right == "admin" {
			rights |= zks.RightAdmin
		} else {
			rights |= zks.RightInvite
		}
	}
	return rights
}

func pair(t *task) {
	client := t.client()
	life, _ := t.option("life_s").(float64)
	options := zks.PairOptions{Rights: rightsOf(t.option("rights")), Life: time.Duration(life) * time.Second}
	kind := "code"
	if t.option("kind") == "link" {
		options.Kind, kind = zks.PairLink, "link"
	}
	own := t.option("new") == true
	if own {
		code, err := zks.NewPairCode()
		if err != nil {
			t.fail(err)
			return
		}
		options.Code = code
	}
	// The pairing goes on behind this step, and ends with the client at the latest.
	pairing, err := client.Pair(context.WithoutCancel(t.ctx()), options)
	if err != nil {
		t.fail(err)
		return
	}
	t.d.pairing = pairing
	world.setVariable(t.text(2), pairing.Code)
	if own {
		t.say(" has a code")
	} else {
		t.say(" shows a %s", kind)
	}
}

func (t *task) pairing() *zks.Pairing {
	t.client()
	if t.d.pairing == nil {
		broken("that device does not pair:", t.step)
	}
	return t.d.pairing
}

func answer(t *task) {
	pairing, yes := t.pairing(), t.arg(2) == true
	ask, err := t.d.events.take(t, zks.EventPairAsk, anyEvent)
	if err == nil {
		err = pairing.Answer(yes)
	}
	if err != nil {
		t.fail(err)
		return
	}
	word := "no"
	if yes {
		word = "yes"
	}
	t.say(` %s to "%s"`, word, ask.Name)
}

func paired(t *task) {
	id, err := t.pairing().Wait(t.ctx())
	if err != nil {
		t.fail(err)
		return
	}
	t.say(" %s", world.nameOf(id))
}

func cancelPair(t *task) {
	t.pairing().Cancel()
	t.say("")
}

func digits(t *task) {
	t.client()
	e, err := t.d.events.take(t, zks.EventPairDigits, anyEvent)
	if err != nil {
		t.fail(err)
		return
	}
	kept, known := world.variable(t.text(2))
	switch {
	case !known:
		world.setVariable(t.text(2), e.Digits)
		t.say("")
	case kept == e.Digits:
		t.say(" are the same")
	default:
		t.say(" ! DIFFERENT")
	}
}

// --- members ---

func rightsName(rights zks.Rights, none, both string) string {
	return map[zks.Rights]string{0: none, zks.RightInvite: "invite", zks.RightAdmin: "admin",
		zks.RightInvite | zks.RightAdmin: both}[rights]
}

func devices(t *task) {
	client, want := t.client(), t.number(2)
	var list []zks.Device
	err := t.eventually(func() (bool, error) {
		var err error
		list, err = client.Devices()
		return len(list) == want, err
	})
	slices.SortStableFunc(list, func(a, b zks.Device) int {
		return cmp.Compare(world.nameOf(a.ID), world.nameOf(b.ID))
	})
	for _, d := range list {
		t.say(` %s "%s" %s%s%s`, world.nameOf(d.ID), d.Name,
			rightsName(d.Rights, "no rights", "invite admin"), selfMark(d), inviterMark(d))
	}
	if err != nil {
		t.fail(err)
	}
}

func selfMark(d zks.Device) string {
	if d.Self {
		return " self"
	}
	return ""
}

func inviterMark(d zks.Device) string {
	if d.Inviter != (zks.DeviceID{}) {
		return " by " + world.nameOf(d.Inviter)
	}
	return ""
}

func revoke(t *task) {
	id, known := world.idOf(t.text(2))
	if !known {
		broken("that device has no id yet:", t.step)
	}
	reasons := map[any]zks.RevokeReason{"lost": zks.RevokeLost, "replaced": zks.RevokeReplaced}
	recovery := ""
	if words := t.option("recovery"); words != nil {
		recovery = textOf(words)
	}
	_, err := t.client().Revoke(t.ctx(), id, reasons[t.option("reason")], recovery)
	if err != nil {
		t.fail(err)
		return
	}
	t.say(" %s", t.text(2))
}

func rotate(t *task) {
	_, err := t.client().Rotate(t.ctx())
	t.said(err)
}

func leave(t *task) { t.said(t.client().Leave(t.ctx())) }

// --- report ---

// figure is a field of a report as the transcript shows it.
func figure(r zks.Report, name string) string {
	switch name {
	case "state":
		return strings.ToLower(r.State.String())
	case "suite":
		return strings.ToLower(r.Suite.String())
	case "group_kind":
		return strings.ToLower(r.GroupKind.String())
	case "rights":
		return rightsName(r.Rights, "none", "invite+admin")
	case "device_name":
		return `"` + r.DeviceName + `"`
	case "active_relay":
		if r.ActiveRelay != "" {
			return "yes"
		}
		return "no"
	}
	number, ok := map[string]uint64{
		"pending_count": r.PendingCount, "unread_count": r.UnreadCount, "devices": r.Devices,
		"relays": uint64(len(r.Relays)), "last_number": r.LastNumber, "sent": r.Sent,
		"received": r.Received, "duplicates": r.Duplicates, "rejected": r.Rejected,
		"connects": r.Connects, "epoch": r.Epoch,
	}[name]
	if !ok {
		broken("no such figure:", name)
	}
	return fmt.Sprint(number)
}

// field shows one field; where the step says for which value, it waits for that.
func (t *task) field(wish any) (string, error) {
	name, _ := wish.(string)
	want := ""
	if list, ok := wish.([]any); ok {
		name, _ = list[0].(string)
		want = fmt.Sprint(list[1])
	}
	value := ""
	err := t.eventually(func() (bool, error) {
		r, err := t.client().Report()
		if err == nil {
			value = figure(r, name)
		}
		return want == "" || value == want, err
	})
	return name + " " + value, err
}

func report(t *task) {
	text := ""
	for i := 2; i < len(t.step); i++ {
		shown, err := t.field(t.arg(i))
		if err == nil || err == errLate {
			text += " " + shown
		}
		if err != nil {
			if err == errLate {
				t.say("%s", text)
			}
			t.fail(err)
			return
		}
	}
	t.say("%s", text)
}
