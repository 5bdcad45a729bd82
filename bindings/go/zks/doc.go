// SPDX-License-Identifier: MIT OR Apache-2.0

// Package zks is 0k-Sync: end-to-end encrypted sync for local-first apps.
//
// A group is a set of devices that share data; each device runs a Client. What a client pushes is
// an entry, up to 1 MiB of bytes that nobody else looks into. It is sealed and stored on the device
// first, and goes to the others through a relay, which routes and buffers what it cannot read.
// Received entries get strictly increasing sequences; the app reads them, keeps them, and
// acknowledges: what was not acknowledged comes again after a crash.
//
//	client, err := zks.Open(ctx, zks.Config{
//		Store:  "notes.zks",
//		Secret: secret, // 32 bytes, the same on each device
//		Relays: []string{"zks://KEY@relay.example.org:4433"},
//	})
//	if err != nil { ... }
//	defer client.Close()
//	client.Connect(ctx)
//	client.Push(ctx, []byte("hello"))
//	for entry, err := range client.Entries(ctx) { ... }
//
// Groups whose devices let each other in by a code, and can be removed, are made by CreateGroup;
// see Client.Pair and Join.
//
// # Building
//
// The package needs cgo and libzks. By default pkg-config finds an installed libzks (make install);
// with -tags zks_static the archive of a module made by scripts/package is linked. docs/GO.md has
// both.
//
// # Goroutines, contexts, errors
//
// Everything may be called from any goroutine. A context that ends makes a call return; what was
// stored stays stored. Errors are *Error with a Code for errors.Is and a Class that says whether to
// retry. All clients of a process share two threads of libzks and one goroutine, which end with the
// last client. A process may exit with clients open: that equals a crash, and a crash is safe.
package zks
