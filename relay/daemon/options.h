/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The command line of zks-relay. Values come from, each over the one before: defaults, the file
 * of --config, environment variables ZKS_RELAY_<NAME>, flags. */
#ifndef ZKS_RELAY_DAEMON_OPTIONS_H
#define ZKS_RELAY_DAEMON_OPTIONS_H

#include "relay/core/config.h"

#include <stdbool.h>

/* The exit codes of zks-relay, as --help lists them. */
enum {
    ZKS_EXIT_OK = 0,
    ZKS_EXIT_FAILURE = 1,
    ZKS_EXIT_USAGE = 2, /* a flag, a variable, the config file or the key file */
    ZKS_EXIT_PORT = 3,
    ZKS_EXIT_STORE = 4
};

/* true: all is said and done (--help, --check-config, a mistake), exit with *out_code.
 * *out_config is the caller's to free in any case. */
bool zks__daemon_options(int argc, char **argv, zks__relay_config **out_config, int *out_code);

#endif
