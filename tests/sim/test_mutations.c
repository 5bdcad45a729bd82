/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The checks find faults that are planted in the glue and in the relay. */
#include "sim/many.h"
#include "sim/sim.h"

START_TEST(a_planted_fault_is_found)
{
    sim_find_mutation(_i);
}
END_TEST

static void add(TCase *c)
{
    tcase_set_timeout(c, 36000);
    tcase_add_loop_test(c, a_planted_fault_is_found, 1, SIM_MUTATIONS);
}

int main(int argc, char **argv)
{
    return sim_main(argc, argv, "sim_mutations", add);
}
