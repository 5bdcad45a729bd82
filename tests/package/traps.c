/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Linked into a program beside our library: functions of the names that a host process has itself
 * (another libuv, SQLite, libsodium, ...), visible to all. The engine must have its own inside; one
 * that came here would end the program.
 */
#include <stdio.h>
#include <stdlib.h>

#define TRAP(name)                                                   \
    void name(void);                                                 \
    void name(void)                                                  \
    {                                                                \
        fprintf(stderr, "the engine called the host's %s\n", #name); \
        abort();                                                     \
    }

TRAP(uv_loop_init)
TRAP(uv_run)
TRAP(uv_async_init)
TRAP(uv_async_send)
TRAP(uv_timer_start)
TRAP(sqlite3_open_v2)
TRAP(sqlite3_prepare_v2)
TRAP(sqlite3_step)
TRAP(sqlite3_initialize)
TRAP(sodium_init)
TRAP(sodium_memzero)
TRAP(crypto_sign_detached)
TRAP(crypto_generichash)
TRAP(ngtcp2_conn_writev_stream_versioned)
TRAP(ngtcp2_crypto_derive_and_install_rx_key)
TRAP(QRcode_encodeData)
TRAP(ini_parse_string)
