/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Relays that lie: what they take away is told, and nothing else is lost. */
#include "sim/many.h"

START_TEST(lying_relays_are_found_out)
{
    sim_many(true, false);
}
END_TEST

static void add(TCase *c)
{
    tcase_set_timeout(c, 36000);
    tcase_add_test(c, lying_relays_are_found_out);
}

int main(int argc, char **argv)
{
    return sim_main(argc, argv, "sim_lying", add);
}
