/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs a fuzz target over stored inputs, without libFuzzer: the arguments are files and
 * folders of files. Prints how many inputs ran; none at all is a failure, since a corpus
 * that went missing must not look like a pass.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path, size_t size)
{
    int result = -1;
    FILE *file = fopen(path, "rb");
    /* Exactly `size` bytes on the heap: a sanitizer sees the first byte read beyond. */
    uint8_t *data = malloc(size > 0 ? size : 1);

    if (file && data && fread(data, 1, size, file) == size) {
        (void)LLVMFuzzerTestOneInput(data, size);
        result = 0;
    } else {
        perror(path);
    }
    free(data);
    if (file) {
        fclose(file);
    }
    return result;
}

/* Adds to *count the inputs that ran; one level of folders is all a corpus has. */
static int run_path(const char *path, unsigned *count)
{
    struct stat info;
    struct dirent *entry;
    char inner[4096];
    int result = 0;

    if (stat(path, &info) != 0) {
        perror(path);
        return -1;
    }
    if (!S_ISDIR(info.st_mode)) {
        (*count)++;
        return run_file(path, (size_t)info.st_size);
    }
    DIR *folder = opendir(path);
    if (!folder) {
        perror(path);
        return -1;
    }
    while (result == 0 && (entry = readdir(folder)) != NULL) {
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || length < 0 || (size_t)length >= sizeof inner) {
            continue;
        }
        result = run_path(inner, count);
    }
    closedir(folder);
    return result;
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        if (run_path(argv[i], &count) != 0) {
            return 1;
        }
    }
    printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
