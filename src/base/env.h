/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The world outside as parameters: time and randomness. Pure modules take values; the glue holds
 * these. */
#ifndef ZKS_BASE_ENV_H
#define ZKS_BASE_ENV_H

#include "base/status.h"

typedef struct zks__clock {
    uint64_t (*monotonic_ns)(void *user); /* never goes back; for deadlines */
    int64_t (*unix_ms)(void *user);       /* wall clock; for what others read */
    void *user;
} zks__clock;

typedef struct zks__rng {
    void (*fill)(void *out, size_t length,
                 void *user); /* cannot fail; cryptographic strength outside the simulator */
    void *user;
} zks__rng;

/* The operating system's clock. */
zks__clock zks__clock_system(void);

#endif
