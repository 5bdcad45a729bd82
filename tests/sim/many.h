/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of this folder share. Each is a program that runs its part of ZKS_SIM_SCHEDULES
 * (5000 in all, half of them with relays that lie, 30 in 100 of paired groups) over ZKS_SEEDS_DIV
 * schedules from ZKS_TEST_SEED, or from 1. With ZKS_TEST_SUITE=approved groups are of suite 2, and
 * the schedules fewer.
 *
 *   sim_honest --replay N [--paired] [--evil] [--mutation NAME]
 *
 * runs one and traces it to standard error.
 */
#ifndef ZKS_TESTS_SIM_MANY_H
#define ZKS_TESTS_SIM_MANY_H

#include "tests/support/unit.h"

#include <stdbool.h>

/* Fails the test with the shortest schedule that still fails. */
void sim_many(bool evil, bool paired);
/* Schedules of their own: one relay loses so many entries in a row, or both do. */
void sim_long_gap(uint16_t count, bool paired);
/* Fails the test unless some schedule finds the planted fault. */
void sim_find_mutation(int mutation);
int sim_main(int argc, char **argv, const char *name, void (*add)(TCase *c));

#endif
