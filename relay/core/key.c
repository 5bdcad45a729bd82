/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/core/key.h"

#include "crypto/crypto.h"
#include "relay/core/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 2 * ZKS_RELAY_SEED_BYTES + 1 };

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static zks_status read_key(int fd, uint8_t *out_seed)
{
    char text[FILE_BYTES + 1] = {0};
    uint8_t seed[ZKS_RELAY_SEED_BYTES];
    struct stat info;
    ssize_t n = read(fd, text, sizeof text);
    int bad = n < FILE_BYTES - 1 || n > FILE_BYTES ||
              (n == FILE_BYTES && text[FILE_BYTES - 1] != '\n');
    bad = bad || fstat(fd, &info) != 0 || (info.st_mode & 077) != 0;
    for (size_t i = 0; !bad && i < sizeof seed; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        bad = high < 0 || low < 0;
        seed[i] = (uint8_t)((unsigned)high << 4 | ((unsigned)low & 15));
    }
    if (!bad) {
        memcpy(out_seed, seed, sizeof seed);
    }
    zks__wipe(seed, sizeof seed);
    zks__wipe(text, sizeof text);
    return bad ? ZKS_E_CONFIG_FILE : ZKS_OK;
}

/* Makes the file's name durable. A failure is not worth refusing the start: the key is written. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = slash ? snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path)
                  : snprintf(folder, sizeof folder, ".");
    int fd = n > 0 && (size_t)n < sizeof folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                                : -1;
    if (fd >= 0) {
        (void)!fsync(fd);
        close(fd);
    }
}

/* Under another name first: a half-written key never gets the name. */
static zks_status make_key(const char *path, const zks__rng *rng, uint8_t *out_seed)
{
    char temporary[PATH_MAX];
    char text[FILE_BYTES + 1];
    int n = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof temporary) {
        return ZKS_E_STORE_PATH;
    }
    rng->fill(out_seed, ZKS_RELAY_SEED_BYTES, rng->user);
    for (size_t i = 0; i < ZKS_RELAY_SEED_BYTES; i++) {
        snprintf(text + 2 * i, 3, "%02x", out_seed[i]);
    }
    text[FILE_BYTES - 1] = '\n';
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        zks__wipe(text, sizeof text);
        return zks__folder_status(errno);
    }
    int failed = write(fd, text, FILE_BYTES) != FILE_BYTES || fsync(fd) != 0;
    failed = close(fd) != 0 || failed;
    zks__wipe(text, sizeof text);
    if (failed || rename(temporary, path) != 0) {
        int error = errno;
        unlink(temporary);
        errno = error;
        return zks__folder_status(error);
    }
    sync_folder(path);
    return ZKS_OK;
}

zks_status zks__relay_key_load(const char *path, const zks__rng *rng,
                               uint8_t out_seed[ZKS_RELAY_SEED_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? make_key(path, rng, out_seed) : zks__folder_status(errno);
    }
    zks_status status = read_key(fd, out_seed);
    close(fd);
    return status;
}
