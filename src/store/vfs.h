/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Checksummed pages. SQLite notices damage only where it breaks the structure of a page; a flipped
 * bit in a row would be handed to the app. So the last 8 bytes of every page of the database file
 * hold a checksum over the page and its number (room that SQLite reserves when asked), written and
 * verified by a thin layer over the default VFS. A page that fails gives SQLITE_CORRUPT on the read
 * that needs it: damage is found where it matters, and opening a large store costs nothing.
 *
 * The idea and the sum are those of SQLite's ext/misc/cksumvfs.c and of its WAL. Pages that are
 * still in the WAL have the checksums of its frames, which are verified when a crashed WAL is
 * recovered: a damaged frame ends the recovery there, at a whole transaction.
 *
 * The VFS is not the default one, has a name of its own for each store and lives as long as it.
 */
#ifndef ZKS_STORE_VFS_H
#define ZKS_STORE_VFS_H

#include "base/status.h"

typedef struct zks__vfs zks__vfs;

enum {
    ZKS_VFS_PAGE_BYTES = 8192,
    ZKS_VFS_SUM_BYTES = 8 /* the reserved bytes of each page */
};

/* NULL: no memory. */
zks__vfs *zks__vfs_new(void);
/* After the connection is closed; NULL is fine. */
void zks__vfs_free(zks__vfs *v);
const char *zks__vfs_name(const zks__vfs *v);
/* The checksum of the first ZKS_VFS_PAGE_BYTES - ZKS_VFS_SUM_BYTES bytes of page `number` (from
 * 0). */
void zks__vfs_sum(const uint8_t *page, uint32_t number, uint8_t out[ZKS_VFS_SUM_BYTES]);

#endif
