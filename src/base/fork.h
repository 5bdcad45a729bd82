/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Forks of a process that has engine threads. The child has none of them: what one of them had
 * locked stays locked in it for ever. Our own locks are no matter, since the child makes its own
 * objects; SQLite's are, since some are the process' own. So a fork waits until no thread is inside
 * SQLite, and those that come meanwhile wait for the fork: the gate below.
 *
 * The only mutable globals of the library: set by pthread_atfork's handlers, which the first call
 * registers.
 */
#ifndef ZKS_BASE_FORK_H
#define ZKS_BASE_FORK_H

#include <stdbool.h>
#include <stdint.h>

/* Counts forks seen by this process: 0 in the process that loaded the library, 1 in its child, and
 * so on. */
uint32_t zks__fork_generation(void);

/* A fork waits while a thread is between these two, at most 5 s: a disk that takes longer must not
 * stop the app. Not nested, and without waiting for another engine thread in between. */
void zks__fork_hold(void);
void zks__fork_release(void);

/* Around a function of the app that is called in between, outside SQLite: it may fork, and it may
 * wait for a thread that forks (an interpreter's lock). leave answers whether the thread was
 * inside, and that is what comes back gets. */
bool zks__fork_leave(void);
void zks__fork_come_back(bool was_inside);

#endif
