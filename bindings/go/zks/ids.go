// SPDX-License-Identifier: MIT OR Apache-2.0

package zks

import (
	"encoding/hex"

	"github.com/0k-sync/0k-sync/bindings/go/internal/raw"
)

// DeviceID is a device's public key in one group.
type DeviceID [raw.SIZE_DEVICE_ID]byte

// GroupID is a group's id.
type GroupID [raw.SIZE_GROUP_ID]byte

// ChainID names one of a device's chains of entries.
type ChainID [raw.SIZE_CHAIN]byte

// BlobID is an entry's id: the same at every device, and unlike any other's.
type BlobID [raw.SIZE_BLOB_ID]byte

// String is the id in hexadecimal.
func (id DeviceID) String() string { return hex.EncodeToString(id[:]) }

// String is the id in hexadecimal.
func (id GroupID) String() string { return hex.EncodeToString(id[:]) }

// String is the id in hexadecimal.
func (id ChainID) String() string { return hex.EncodeToString(id[:]) }

// String is the id in hexadecimal.
func (id BlobID) String() string { return hex.EncodeToString(id[:]) }

// The id that some bytes are; the zero id where there are none.
func deviceID(b []byte) (id DeviceID) { copy(id[:], b); return id }
func groupID(b []byte) (id GroupID)   { copy(id[:], b); return id }
func chainID(b []byte) (id ChainID)   { copy(id[:], b); return id }
func blobID(b []byte) (id BlobID)     { copy(id[:], b); return id }
