/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Draws QR codes for test_qr.py:
 *
 *   vectors_prog_qr FORMAT SCALE PREFIX <texts     the n-th line of standard input into PREFIXn
 */
#include "abi/qr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE_BYTES = 8 << 20 };

static int draw(const char *text, int32_t format, uint32_t scale, const char *file)
{
    static uint8_t picture[PICTURE_BYTES];
    size_t length = 0;
    zks_status status = zks__qr_render(text, format, scale, sizeof picture, picture, &length);
    if (status) {
        fprintf(stderr, "%s: %s\n", file, zks__status_name(status));
        return 1;
    }
    FILE *out = fopen(file, "wb");
    if (!out) {
        return 1;
    }
    bool written = fwrite(picture, 1, length, out) == length;
    return fclose(out) == 0 && written ? 0 : 1;
}

int main(int argc, char **argv)
{
    char text[4096];
    char file[4096];
    if (argc != 4) {
        return 2;
    }
    for (int i = 0; fgets(text, sizeof text, stdin); i++) {
        text[strcspn(text, "\n")] = 0;
        snprintf(file, sizeof file, "%s%d", argv[3], i);
        if (draw(text, (int32_t)strtol(argv[1], NULL, 10), (uint32_t)strtoul(argv[2], NULL, 10),
                 file)) {
            return 1;
        }
    }
    return 0;
}
