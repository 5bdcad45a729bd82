/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A path between clients and a relay, on a thread of its own: each packet waits, none is lost. The
 * relay sees them come from the path's own address, so that a test has several addresses, as
 * 127.0.0.2. One socket of clients at a time: answers go to where the last packet came from.
 */
#ifndef ZKS_TESTS_UDP_PATH_H
#define ZKS_TESTS_UDP_PATH_H

typedef struct udp_path udp_path;

/* relay: zks://key@127.0.0.1:port. from: the address that the relay sees. */
udp_path *udp_path_new(const char *relay, const char *from, unsigned one_way_ms);
/* The relay's address through the path. */
const char *udp_path_address(const udp_path *p);
/* How many came so far, of both directions. */
unsigned udp_path_packets(const udp_path *p);
/* What waits is dropped. */
void udp_path_free(udp_path *p);

#endif
