// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"time"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// Report is a client's figures, all of one moment. Bytes are as sealed.
type Report struct {
	State         State  // the best of all relays
	PendingCount  uint64 // own entries that no relay has acknowledged
	PendingBytes  uint64
	InboxLastSeq  uint64 // highest inbox sequence
	InboxAckedSeq uint64 // the watermark
	UnreadCount   uint64 // received entries above the watermark
	UnreadBytes   uint64
	Devices       uint64 // members known, this one included
	Held          uint64 // received, and waiting for a signature, an earlier entry or a key
	LastNumber    uint64 // highest own number

	// Since the client was opened.
	Sent, SentBytes         uint64 // entries that a relay acknowledged
	Received, ReceivedBytes uint64 // entries put into the inbox
	Duplicates, Rejected    uint64 // blobs dropped: there already; not to be verified
	Connects                uint64 // times that a relay accepted this device

	// Alarms about the histories of the devices, since the store was made, whether or not their
	// event came.
	HistoryGaps, HistoryExpired, HistoryWithheld      uint64 // ranges of entries
	HistoryLate                                       uint64 // entries that had been given up
	HistoryForks, HistoryUnverified, HistoryNewChains uint64
	HistoryRejected                                   uint64 // as Rejected, of all the time

	Suite       Suite
	GroupKind   GroupKind
	Epoch       uint64 // how often the group's keys have changed
	Rights      Rights // of this device
	DeviceName  string
	StorePath   string // empty: in memory
	ActiveRelay string // the relay that is read; empty: none is connected
	GroupID     GroupID
	DeviceID    DeviceID
	Relays      []RelayReport // in the order of the configuration
}

// RelayReport is the figures of one relay.
type RelayReport struct {
	Address    string // as configured
	State      State
	Cursor     uint64        // read up to here, in the relay's own numbers
	RTT        time.Duration // round trip; 0: not measured
	Pending    uint64        // own entries that this relay has not acknowledged
	Acked      uint64        // own entries up to this number are settled there
	Err        error         // the last failure; nil: none since it was last connected
	RetryAfter time.Duration // until the next attempt
}

// Report gives the client's figures now.
func (c *Client) Report() (Report, error) {
	var handle raw.Report
	err := fail("report", c.start(func(h raw.Client) int32 { return raw.ReportGet(h, &handle) }))
	if err != nil {
		return Report{}, err
	}
	defer raw.ReportFree(handle)
	r := readReport(handle)
	for i := range uintptr(raw.ReportNumber(handle, raw.REPORT_RELAYS)) {
		r.Relays = append(r.Relays, readRelay(handle, i))
	}
	return r, nil
}

func readReport(handle raw.Report) Report {
	number := func(field int32) uint64 { return uint64(raw.ReportNumber(handle, field)) }
	words := func(field int32) string { return raw.Text(raw.ReportText(handle, field)) }
	field := func(field int32) []byte {
		var length uintptr
		p := raw.ReportBytes(handle, field, &length)
		return raw.Bytes(p, length)
	}
	return Report{
		State:         State(number(raw.REPORT_STATE)),
		PendingCount:  number(raw.REPORT_PENDING_COUNT),
		PendingBytes:  number(raw.REPORT_PENDING_BYTES),
		InboxLastSeq:  number(raw.REPORT_INBOX_LAST_SEQ),
		InboxAckedSeq: number(raw.REPORT_INBOX_ACKED_SEQ),
		UnreadCount:   number(raw.REPORT_UNREAD_COUNT),
		UnreadBytes:   number(raw.REPORT_UNREAD_BYTES),
		Devices:       number(raw.REPORT_DEVICES),
		Held:          number(raw.REPORT_HELD),
		LastNumber:    number(raw.REPORT_LAST_NUMBER),
		Sent:          number(raw.REPORT_SENT),
		SentBytes:     number(raw.REPORT_SENT_BYTES),
		Received:      number(raw.REPORT_RECEIVED),
		ReceivedBytes: number(raw.REPORT_RECEIVED_BYTES),
		Duplicates:    number(raw.REPORT_DUPLICATES),
		Rejected:      number(raw.REPORT_REJECTED),
		Connects:      number(raw.REPORT_CONNECTS),
		Suite:         Suite(number(raw.REPORT_SUITE)),
		GroupKind:     GroupKind(number(raw.REPORT_GROUP_KIND)),
		Epoch:         number(raw.REPORT_EPOCH),
		Rights:        Rights(number(raw.REPORT_RIGHTS)),
		DeviceName:    words(raw.REPORT_DEVICE_NAME),
		StorePath:     words(raw.REPORT_STORE_PATH),
		ActiveRelay:   words(raw.REPORT_ACTIVE_RELAY),
		GroupID:       groupID(field(raw.REPORT_GROUP_ID)),
		DeviceID:      deviceID(field(raw.REPORT_DEVICE_ID)),

		HistoryGaps:       number(raw.REPORT_HISTORY_GAPS),
		HistoryExpired:    number(raw.REPORT_HISTORY_EXPIRED),
		HistoryWithheld:   number(raw.REPORT_HISTORY_WITHHELD),
		HistoryLate:       number(raw.REPORT_HISTORY_LATE),
		HistoryForks:      number(raw.REPORT_HISTORY_FORKS),
		HistoryUnverified: number(raw.REPORT_HISTORY_UNVERIFIED),
		HistoryRejected:   number(raw.REPORT_HISTORY_REJECTED),
		HistoryNewChains:  number(raw.REPORT_HISTORY_NEW_CHAINS),
	}
}

func readRelay(handle raw.Report, i uintptr) RelayReport {
	number := func(field int32) int64 { return raw.ReportRelayNumber(handle, i, field) }
	words := func(field int32) string { return raw.Text(raw.ReportRelayText(handle, i, field)) }
	r := RelayReport{
		Address:    words(raw.REPORT_RELAY_ADDRESS),
		State:      State(number(raw.REPORT_RELAY_STATE)),
		Cursor:     uint64(number(raw.REPORT_RELAY_CURSOR)),
		RTT:        time.Duration(number(raw.REPORT_RELAY_RTT_US)) * time.Microsecond,
		Pending:    uint64(number(raw.REPORT_RELAY_PENDING)),
		Acked:      uint64(number(raw.REPORT_RELAY_ACKED)),
		RetryAfter: time.Duration(number(raw.REPORT_RELAY_RETRY_AFTER_MS)) * time.Millisecond,
	}
	if code := Code(number(raw.REPORT_RELAY_STATUS)); code != 0 {
		r.Err = &Error{Op: "relay", Code: code, Text: words(raw.REPORT_RELAY_ERROR),
			RetryAfter: r.RetryAfter}
	}
	return r
}
