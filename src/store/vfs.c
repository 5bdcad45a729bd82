/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store/vfs.h"

#include "base/alloc.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = ZKS_VFS_PAGE_BYTES, SUM = ZKS_VFS_SUM_BYTES, HEADER_MAX = 512, NAME_BYTES = 40 };

struct zks__vfs {
    sqlite3_vfs base; /* what SQLite sees; pAppData is the VFS below */
    char name[NAME_BYTES];
};

/* The file of the VFS below follows this structure in memory. */
typedef struct checked_file {
    sqlite3_file base;
    int is_database;
    uint8_t scratch[PAGE];
} checked_file;

static sqlite3_vfs *below(sqlite3_vfs *v)
{
    return v->pAppData;
}

static sqlite3_file *real(sqlite3_file *f)
{
    return (sqlite3_file *)(void *)((checked_file *)(void *)f + 1);
}

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void write_u32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

/* The sum of SQLite's WAL (fileformat2.html, section 4.2), begun with the page's number so that a
 * page that was written to a wrong place fails too. */
void zks__vfs_sum(const uint8_t *page, uint32_t number, uint8_t out[SUM])
{
    uint32_t s1 = number + 1, s2 = 0x306b5379;
    for (size_t i = 0; i < PAGE - SUM; i += 8) {
        s1 += read_u32(page + i) + s2;
        s2 += read_u32(page + i + 4) + s1;
    }
    write_u32(out, s1);
    write_u32(out + 4, s2);
}

/* --- the file ------------------------------------------------------------------ */

static int file_close(sqlite3_file *f)
{
    return real(f)->pMethods->xClose(real(f));
}

static int file_read(sqlite3_file *f, void *out, int length, sqlite3_int64 offset)
{
    int rc = real(f)->pMethods->xRead(real(f), out, length, offset);
    if (!((checked_file *)(void *)f)->is_database || length < HEADER_MAX) {
        return rc;
    }
    if (rc == SQLITE_IOERR_SHORT_READ && offset > 0) {
        return SQLITE_CORRUPT; /* SQLite would take the missing bytes for zeros */
    }
    if (rc != SQLITE_OK) {
        return rc;
    }
    uint8_t sum[SUM];
    if (length != PAGE || offset % PAGE) {
        return SQLITE_CORRUPT; /* the page size in the header is not ours */
    }
    zks__vfs_sum(out, (uint32_t)(offset / PAGE), sum);
    return memcmp(sum, (const uint8_t *)out + PAGE - SUM, SUM) == 0 ? SQLITE_OK : SQLITE_CORRUPT;
}

static int file_write(sqlite3_file *f, const void *data, int length, sqlite3_int64 offset)
{
    checked_file *c = (checked_file *)(void *)f;
    if (c->is_database && length == PAGE && offset % PAGE == 0) {
        memcpy(c->scratch, data, PAGE - SUM);
        zks__vfs_sum(c->scratch, (uint32_t)(offset / PAGE), c->scratch + PAGE - SUM);
        data = c->scratch;
    }
    return real(f)->pMethods->xWrite(real(f), data, length, offset);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return real(f)->pMethods->xTruncate(real(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
    return real(f)->pMethods->xSync(real(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out_size)
{
    return real(f)->pMethods->xFileSize(real(f), out_size);
}

static int file_lock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xLock(real(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xUnlock(real(f), level);
}

static int file_check_reserved(sqlite3_file *f, int *out)
{
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int file_control(sqlite3_file *f, int op, void *argument)
{
    return real(f)->pMethods->xFileControl(real(f), op, argument);
}

static int file_sector_size(sqlite3_file *f)
{
    return real(f)->pMethods->xSectorSize(real(f));
}

static int file_characteristics(sqlite3_file *f)
{
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

/* Version 1: no shared memory (the store is locked for one connection, whose WAL index is on the
 * heap) and no memory map (reads must pass by file_read). */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

/* --- the VFS ------------------------------------------------------------------- */

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    checked_file *c = (checked_file *)(void *)f;
    memset(c, 0, sizeof *c);
    int rc = below(v)->xOpen(below(v), name, real(f), flags, out_flags);
    if (rc != SQLITE_OK) {
        if (real(f)->pMethods) {
            real(f)->pMethods->xClose(real(f)); /* we leave pMethods NULL: SQLite will not */
        }
        return rc;
    }
    c->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    c->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
    return below(v)->xDelete(below(v), name, sync_folder);
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    return below(v)->xAccess(below(v), name, flags, out);
}

static int vfs_full_pathname(sqlite3_vfs *v, const char *name, int size, char *out)
{
    return below(v)->xFullPathname(below(v), name, size, out);
}

static int vfs_randomness(sqlite3_vfs *v, int length, char *out)
{
    return below(v)->xRandomness(below(v), length, out);
}

static int vfs_sleep(sqlite3_vfs *v, int microseconds)
{
    return below(v)->xSleep(below(v), microseconds);
}

static int vfs_current_time(sqlite3_vfs *v, double *out)
{
    return below(v)->xCurrentTime(below(v), out);
}

static int vfs_last_error(sqlite3_vfs *v, int size, char *out)
{
    return below(v)->xGetLastError ? below(v)->xGetLastError(below(v), size, out) : 0;
}

zks__vfs *zks__vfs_new(void)
{
    sqlite3_vfs *base = sqlite3_vfs_find(NULL);
    zks__vfs *v = base ? zks__alloc_zero(1, sizeof *v) : NULL;
    if (!v) {
        return NULL;
    }
    snprintf(v->name, sizeof v->name, "zks-%p", (void *)v);
    v->base = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(checked_file) + base->szOsFile,
        .mxPathname = base->mxPathname,
        .zName = v->name,
        .pAppData = base,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_current_time,
        .xGetLastError = vfs_last_error,
    };
    if (sqlite3_vfs_register(&v->base, 0) != SQLITE_OK) {
        zks__free(v);
        return NULL;
    }
    return v;
}

void zks__vfs_free(zks__vfs *v)
{
    if (v) {
        sqlite3_vfs_unregister(&v->base);
        zks__free(v);
    }
}

const char *zks__vfs_name(const zks__vfs *v)
{
    return v->name;
}
