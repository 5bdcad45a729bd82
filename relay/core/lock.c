/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/core/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { PID_TEXT = 24 };

zks_status zks__folder_status(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return ZKS_E_STORE_READONLY;
    case ENOSPC:
    case EDQUOT:
        return ZKS_E_STORE_FULL;
    case EIO:
        return ZKS_E_STORE_IO;
    default:
        return ZKS_E_STORE_PATH;
    }
}

/* Without room on the disk the pid is missing and the lock holds all the same. */
static void write_pid(int fd)
{
    char text[PID_TEXT];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
        (void)!ftruncate(fd, 0);
    }
}

zks_status zks__folder_lock_take(const char *folder, zks__folder_lock *out_lock, long *out_pid)
{
    char path[PATH_MAX];
    *out_pid = 0;
    int n = snprintf(path, sizeof path, "%s/relay.lock", folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        return ZKS_E_STORE_PATH;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return zks__folder_status(errno);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool busy = errno == EWOULDBLOCK;
        char text[PID_TEXT] = {0};
        if (busy && pread(fd, text, sizeof text - 1, 0) > 0) {
            *out_pid = strtol(text, NULL, 10);
        }
        close(fd);
        return busy ? ZKS_E_STORE_BUSY : ZKS_E_STORE_IO;
    }
    write_pid(fd);
    out_lock->fd = fd;
    return ZKS_OK;
}

void zks__folder_lock_release(zks__folder_lock *l)
{
    if (l->fd >= 0) {
        close(l->fd);
        l->fd = -1;
    }
}
