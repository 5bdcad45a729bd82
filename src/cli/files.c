/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Small files, whole; the clock. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int64_t cli_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Bytes read, at most max + 1; -1: errno. */
static ssize_t read_up_to(int fd, char *out, size_t max)
{
    size_t n = 0;
    while (n <= max) {
        ssize_t got = read(fd, out + n, max + 1 - n);
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)n;
}

int cli_read_file(cli *c, const char *what, const char *name, size_t max, char **out,
                  size_t *out_length)
{
    bool standard = strcmp(name, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return cli_problem(c, CLI_CONFIG,
                           "The %s %s cannot be read (%m): check its name and permissions.", what,
                           name);
    }
    char *data = malloc(max + 2);
    ssize_t n = data ? read_up_to(fd, data, max) : -1;
    int error = data ? errno : ENOMEM;
    if (!standard) {
        close(fd);
    }
    if (n < 0) {
        cli_secret_free(data, data ? max : 0);
        errno = error;
        return cli_problem(c, CLI_CONFIG,
                           "The %s %s cannot be read (%m): check its name and permissions.", what,
                           name);
    }
    if ((size_t)n > max) {
        cli_secret_free(data, max);
        return cli_problem(c, CLI_CONFIG, "The %s %s has more than %zu bytes: check its name.",
                           what, name, max);
    }
    data[n] = '\0';
    *out = data;
    *out_length = (size_t)n;
    return CLI_OK;
}

bool cli_write_all(int fd, const void *data, size_t length)
{
    const char *at = data;
    while (length) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        at += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* A rename is on disk when its folder is. */
static bool sync_folder_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    char *copy = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
    int fd = copy ? open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    free(copy);
    return ok;
}

int cli_write_file(cli *c, const char *name, const void *data, size_t length)
{
    size_t size = strlen(name) + sizeof ".new";
    char *temporary = malloc(size);
    if (!temporary) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    snprintf(temporary, size, "%s.new", name);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && cli_write_all(fd, data, length) && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (ok) {
        ok = rename(temporary, name) == 0 && sync_folder_of(name);
        error = errno;
    }
    if (!ok && fd >= 0) {
        unlink(temporary);
    }
    free(temporary);
    errno = error;
    return ok ? CLI_OK
              : cli_problem(c, CLI_STORE,
                            "%s cannot be written (%m): check the folder and its free space.",
                            name);
}

int cli_make_parents(cli *c, const char *path)
{
    char *copy = strdup(path);
    if (!copy) {
        return cli_fail(c, ZKS_E_NOMEM, NULL);
    }
    int code = CLI_OK;
    for (char *at = strchr(copy + 1, '/'); at && !code; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            code = cli_problem(c, CLI_STORE,
                               "The folder %s cannot be made (%m): use --store FILE for another "
                               "place.",
                               copy);
        }
        *at = '/';
    }
    free(copy);
    return code;
}
