/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the kill test's programs and its driver see of each other: one file, mapped by all. It
 * survives any SIGKILL, and the driver reads from it whether a kill hit pending work. Fixed-width
 * fields; test_kills.py knows this layout. */
#ifndef ZKS_TESTS_CHAOS_SHARED_H
#define ZKS_TESTS_CHAOS_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct chaos_shared {
    _Atomic uint64_t stop;   /* set by the driver: finish what is pending and end */
    _Atomic uint64_t issued; /* sender: entries handed to zks_client_push_many */
    _Atomic uint64_t stored; /* sender: reported STORED */
    _Atomic uint64_t acked;  /* sender: reported ACKED */
    _Atomic uint64_t table;  /* receiver: rows in its own table */
    _Atomic uint64_t starts; /* how often the program was started */
} chaos_shared;

/* One line of a sender's journal: an entry that was reported STORED. Appended with one write each.
 */
typedef struct chaos_journal {
    uint64_t number; /* own number */
    uint64_t hash;   /* of the payload */
} chaos_journal;

#endif
