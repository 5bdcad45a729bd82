// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"strings"
	"unsafe"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Invite is what another device needs to join a shared group. It carries the group's secret: who
// sees it can join. A paired group lets devices in with Client.Pair.
type Invite struct {
	Link       string // "zks-invite:...", the whole invite: for a link, a QR code, or paste
	Version    int    // of the format
	Relays     []string
	Suite      Suite
	Secret     []byte
	Salt       []byte // of a passphrase group
	Descriptor string // of a passphrase group: use it as Config.Salt
	GroupID    GroupID
}

// Config is a configuration that opens a client of the invite's group; fill in the rest.
func (i *Invite) Config() Config {
	return Config{Secret: i.Secret, Suite: i.Suite, Relays: i.Relays}
}

// InviteShared makes an invite into a shared group. It works offline. relays are those that the
// other device is told of; none: those of this client.
func (c *Client) InviteShared(relays ...string) (*Invite, error) {
	const op = "invite"
	var lines *byte
	if len(relays) > 0 {
		p, err := text(op, strings.Join(relays, "\n"))
		if err != nil {
			return nil, err
		}
		lines = p
	}
	var handle raw.Invite
	err := fail(op, c.start(func(h raw.Client) int32 { return raw.InviteShared(h, lines, &handle) }))
	if err != nil {
		return nil, err
	}
	return readInvite(handle), nil
}

// ParseInvite reads Invite.Link.
func ParseInvite(link string) (*Invite, error) {
	var handle raw.Invite
	status := lend(link, func(link []byte) int32 { return raw.InviteParse(link, &handle) })
	if status != 0 {
		return nil, fail("parse invite", status)
	}
	return readInvite(handle), nil
}

func readInvite(handle raw.Invite) *Invite {
	defer raw.InviteFree(handle)
	field := func(field int32) []byte {
		var length uintptr
		p := raw.InviteBytes(handle, field, &length)
		return raw.Bytes(p, length)
	}
	return &Invite{
		Version:    raw.INVITE_VERSION,
		Link:       raw.Text(raw.InviteText(handle, raw.INVITE_LINK)),
		Relays:     strings.Fields(raw.Text(raw.InviteText(handle, raw.INVITE_RELAYS))),
		Suite:      Suite(raw.InviteNumber(handle, raw.INVITE_SUITE)),
		Descriptor: raw.Text(raw.InviteText(handle, raw.INVITE_DESCRIPTOR)),
		Secret:     field(raw.INVITE_SECRET),
		Salt:       field(raw.INVITE_SALT),
		GroupID:    groupID(field(raw.INVITE_GROUP_ID)),
	}
}

// QRFormat is how a QR code is drawn.
type QRFormat int32

const (
	// QRTextDark: lines of block characters for a terminal with light text on a dark background.
	QRTextDark QRFormat = raw.RENDER_TEXT_DARK
	// QRTextLight: the same for dark text on a light background.
	QRTextLight QRFormat = raw.RENDER_TEXT_LIGHT
	// QRSVG: a document of its own.
	QRSVG QRFormat = raw.RENDER_SVG
	// QRPNG: black and white.
	QRPNG QRFormat = raw.RENDER_PNG
)

// QR draws a text, such as a pairing link or Invite.Link, as a QR code. scale is the pixels of each
// module, 1 to 32; 8 suits a screen. The picture is as secret as the text.
func QR(content string, format QRFormat, scale int) ([]byte, error) {
	var length uintptr
	render := func(out []byte) int32 {
		return lend(content, func(content []byte) int32 {
			return raw.QrRender(content, int32(format), number32(scale), out, &length)
		})
	}
	if status := render(nil); status != 0 {
		return nil, fail("qr", status)
	}
	picture := make([]byte, length)
	if status := render(picture); status != 0 {
		return nil, fail("qr", status)
	}
	return picture, nil
}

// DeriveSecret derives a shared group's secret and id from a passphrase and a salt (or descriptor),
// as Open does. It takes up to seconds, and tens of MiB.
func DeriveSecret(passphrase string, salt []byte) (secret []byte, group GroupID, err error) {
	secret = make([]byte, raw.SIZE_SECRET)
	id := make([]byte, raw.SIZE_GROUP_ID)
	status := lend(passphrase, func(passphrase []byte) int32 {
		return raw.SecretDerive(passphrase, append([]byte{}, salt...), unsafe.SliceData(secret),
			unsafe.SliceData(id))
	})
	if status != 0 {
		return nil, GroupID{}, fail("derive secret", status)
	}
	return secret, groupID(id), nil
}
