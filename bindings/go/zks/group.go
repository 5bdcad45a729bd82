// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"context"
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Device is a member of the group.
type Device struct {
	ID         DeviceID
	Inviter    DeviceID // who let it in; zero: the group's first one, one restored, a shared group
	Name       string
	Self       bool      // this device
	Seen       time.Time // when an entry of it was last received, about; zero: not since Open
	NotAfter   time.Time // when its membership ends; zero: never
	LastNumber uint64    // highest of its entries delivered here, about
	Quiet      bool      // as EventQuiet says
	Rights     Rights
}

// Devices are the group's members as this device knows them, itself first.
func (c *Client) Devices() ([]Device, error) {
	var snapshot raw.Devices
	err := fail("devices", c.start(func(h raw.Client) int32 {
		return raw.DevicesGet(h, &snapshot)
	}))
	if err != nil {
		return nil, err
	}
	defer raw.DevicesFree(snapshot)
	devices := make([]Device, raw.DevicesCount(snapshot))
	for i := range devices {
		devices[i] = readDevice(snapshot, uintptr(i))
	}
	return devices, nil
}

func readDevice(d raw.Devices, i uintptr) Device {
	number := func(field int32) int64 { return raw.DevicesNumber(d, i, field) }
	return Device{
		ID:         deviceID(raw.Bytes(raw.DevicesId(d, i), raw.SIZE_DEVICE_ID)),
		Inviter:    deviceID(raw.Bytes(raw.DevicesInviter(d, i), raw.SIZE_DEVICE_ID)),
		Name:       raw.Text(raw.DevicesName(d, i)),
		Self:       number(raw.DEVICES_SELF) != 0,
		Seen:       timeOf(number(raw.DEVICES_SEEN_MS), time.Millisecond),
		NotAfter:   timeOf(number(raw.DEVICES_NOT_AFTER_S), time.Second),
		LastNumber: uint64(number(raw.DEVICES_LAST_NUMBER)),
		Quiet:      number(raw.DEVICES_QUIET) != 0,
		Rights:     Rights(number(raw.DEVICES_RIGHTS)),
	}
}

// timeOf is a Unix time; 0: the zero time.
func timeOf(value int64, unit time.Duration) time.Time {
	if value == 0 {
		return time.Time{}
	}
	return time.UnixMilli(value * int64(unit/time.Millisecond))
}

// Revoke removes a device from its paired group: every relay refuses it, and with the fresh keys
// that come with it the device reads nothing newer. recovery is the group's recovery code, or
// empty: with it any device can remove any other one, offline too. epoch counts the changes of keys.
func (c *Client) Revoke(ctx context.Context, device DeviceID, reason RevokeReason,
	recovery string) (epoch uint64, err error) {
	id := append([]byte(nil), device[:]...)
	err = c.run(ctx, "revoke", func(h raw.Client, k *raw.Call) int32 {
		return lend(recovery, func(words []byte) int32 {
			if recovery == "" {
				words = nil
			}
			return raw.DeviceRevoke(h, &id[0], int32(reason), words, k)
		})
	}, func(op raw.Op) {
		epoch = uint64(raw.OpNumber(op, raw.OP_EPOCH))
	})
	return epoch, err
}

// Rotate gives a paired group fresh keys now. Devices with RightAdmin do so by themselves, too.
func (c *Client) Rotate(ctx context.Context) (epoch uint64, err error) {
	err = c.run(ctx, "rotate", raw.GroupRotate, func(op raw.Op) {
		epoch = uint64(raw.OpNumber(op, raw.OP_EPOCH))
	})
	return epoch, err
}

// Leave takes this device out of its group, for good. What is stored stays readable.
func (c *Client) Leave(ctx context.Context) error {
	return c.run(ctx, "leave", raw.GroupLeave, nil)
}
