/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The app of the kill test; test_kills.py starts and kills it. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "send") == 0) {
        return chaos_send(argv[2], argv[3], argv[4], argv[5], strtoull(argv[6], NULL, 10));
    }
    if (argc == 6 && strcmp(argv[1], "receive") == 0) {
        return chaos_receive(argv[2], argv[3], argv[4], argv[5]);
    }
    if (argc >= 5 && argc % 2 == 1 && strcmp(argv[1], "verify") == 0) {
        return chaos_verify(argv[2], argv + 3, (size_t)(argc - 3) / 2);
    }
    fprintf(stderr,
            "usage: %s send STORE RELAY SHARED JOURNAL SEED | receive STORE RELAY SHARED TABLE |\n"
            "       verify TABLE STORE JOURNAL [STORE JOURNAL]...\n",
            argv[0]);
    return 2;
}
