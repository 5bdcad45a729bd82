/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store/lock.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID_TEXT = 24 };

zks_status zks__lock_status(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return ZKS_E_STORE_READONLY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ZKS_E_STORE_FULL;
    case EIO:
        return ZKS_E_STORE_IO;
    case EMFILE:
    case ENFILE:
        return ZKS_E_SYSTEM;
    case ENOMEM:
        return ZKS_E_NOMEM;
    default:
        return ZKS_E_STORE_PATH;
    }
}

static pid_t read_pid(int fd)
{
    char text[PID_TEXT] = {0};
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 ? (pid_t)pid : 0;
}

/* Without room on the disk the pid is missing and the lock holds all the same. */
static void write_pid(int fd, pid_t pid)
{
    char text[PID_TEXT];
    int n = snprintf(text, sizeof text, "%ld\n", (long)pid);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
        (void)!ftruncate(fd, 0);
    }
}

zks_status zks__lock_take(const char *store_path, zks__lock *out_lock, pid_t *out_pid)
{
    size_t size = strlen(store_path) + sizeof ".lock";
    char *name = zks__alloc(size);
    if (!name) {
        errno = ENOMEM;
        return ZKS_E_NOMEM;
    }
    snprintf(name, size, "%s.lock", store_path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    zks__free(name);
    if (fd < 0) {
        return zks__lock_status(errno);
    }
    (void)!fchmod(fd,
                  0600); /* whatever the umask was; fails on another user's file, which is fine */
    int rc;
    do {
        rc = flock(fd, LOCK_EX | LOCK_NB);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0) {
        int error = errno;
        *out_pid = error == EWOULDBLOCK ? read_pid(fd) : 0;
        close(fd);
        errno = error;
        return error == EWOULDBLOCK ? ZKS_E_STORE_BUSY : ZKS_E_STORE_IO;
    }
    out_lock->fd = fd;
    out_lock->owner = getpid();
    write_pid(fd, out_lock->owner);
    return ZKS_OK;
}

void zks__lock_release(zks__lock *l)
{
    if (l->fd < 0) {
        return;
    }
    if (l->owner == getpid()) {
        (void)!ftruncate(l->fd, 0);
        flock(l->fd, LOCK_UN); /* also for children that were forked meanwhile */
    }
    close(l->fd);
    l->fd = -1;
}
