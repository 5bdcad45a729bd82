/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Crashes, failures of stores and links, backups: nothing is lost and nothing comes twice. */
#include "sim/many.h"

START_TEST(honest_relays_lose_nothing_whatever_crashes)
{
    sim_many(false, false);
}
END_TEST

START_TEST(a_long_gap_is_healed_by_its_author)
{
    static const uint16_t counts[] = {257, 400, 900};
    sim_long_gap(counts[_i], false);
}
END_TEST

static void add(TCase *c)
{
    tcase_set_timeout(c, 36000);
    tcase_add_test(c, honest_relays_lose_nothing_whatever_crashes);
    tcase_add_loop_test(c, a_long_gap_is_healed_by_its_author, 0, (int)unit_rounds(3));
}

int main(int argc, char **argv)
{
    return sim_main(argc, argv, "sim_honest", add);
}
