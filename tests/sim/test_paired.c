/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Groups with epochs: devices are removed, two at once too, by devices that are away from each
 * other, while relays crash, go back and lie. */
#include "sim/many.h"

START_TEST(paired_groups_agree_and_lose_nothing)
{
    sim_many(false, true);
}
END_TEST

START_TEST(paired_groups_find_out_lying_relays)
{
    sim_many(true, true);
}
END_TEST

START_TEST(a_long_gap_is_healed_by_whoever_is_there)
{
    sim_long_gap(600, true);
}
END_TEST

static void add(TCase *c)
{
    tcase_set_timeout(c, 36000);
    tcase_add_test(c, paired_groups_agree_and_lose_nothing);
    tcase_add_test(c, paired_groups_find_out_lying_relays);
    tcase_add_test(c, a_long_gap_is_healed_by_whoever_is_there);
}

int main(int argc, char **argv)
{
    return sim_main(argc, argv, "sim_paired", add);
}
