/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Running many schedules; one that fails is made as short as it goes. */
#include "sim/many.h"

#include "sim/sim.h"
#include "tests/support/unit.h"

#include <string.h>

enum {
    SCHEDULES = 5000,
    APPROVED_ONE_IN = 10, /* of them for suite 2: the rules are the same */
    MUTATION_SCHEDULES = 3000,
    PAIRED_PERCENT = 30
};

/* Schedules that failed once, beyond those that always run. */
static const struct found {
    uint64_t seed;
    bool evil, paired;
} found[] = {
    {31000215, false, false}, {1702372, true, true},           {1703020, false, true},
    {51002486, false, true},  {71001184, false, true},         {71005761, true, true},
    {90005098, false, false}, {1795819443002884, false, true}, {1795829980500352, false, true}};

/* Where the search for a planted fault begins: the schedule that found it once, where that took
 * long. */
static const unsigned found_by[SIM_MUTATIONS] = {
    [SIM_REUSED_CURSORS] = 443, [SIM_HIDDEN_GAP] = 352, [SIM_GIVES_UP] = 1274};

static void add_up(sim_result *sum, const sim_result *r)
{
    sum->stored += r->stored;
    sum->delivered += r->delivered;
    sum->late += r->late;
    sum->forks += r->forks;
    sum->gaps += r->gaps;
    sum->rejected += r->rejected;
    sum->chains += r->chains;
    sum->events += r->events;
    sum->restores += r->restores;
    sum->withheld += r->withheld;
    sum->quiet += r->quiet;
    sum->resealed += r->resealed;
    sum->epochs += r->epochs;
    sum->removals += r->removals;
    sum->branches += r->branches;
    sum->forked += r->forked;
    sum->waited += r->waited;
}

/* Leaves out actions as long as the schedule still fails. */
static size_t shrink(const sim_options *o, sim_action *actions, size_t count)
{
    bool smaller = true;
    while (smaller) {
        smaller = false;
        for (size_t i = 0; i < count; i++) {
            sim_action tried[SIM_ACTIONS_MAX];
            memcpy(tried, actions, i * sizeof tried[0]);
            memcpy(tried + i, actions + i + 1, (count - i - 1) * sizeof tried[0]);
            sim_result r;
            sim_run(o, tried, count - 1, &r);
            if (r.failed) {
                memcpy(actions, tried, --count * sizeof tried[0]);
                smaller = true;
                i--;
            }
        }
    }
    return count;
}

static void explain(const sim_options *o, sim_action *actions, size_t count)
{
    sim_result r;
    count = shrink(o, actions, count);
    sim_run(o, actions, count, &r);
    fprintf(stderr, "seed %llu%s%s%s: %s\nreplay: sim_honest --replay %llu%s%s%s%s\nshortest:\n",
            (unsigned long long)o->seed, o->evil ? " evil" : "", o->mutation ? " mutation " : "",
            o->mutation ? sim_mutation_name(o->mutation) : "", r.text, (unsigned long long)o->seed,
            o->paired ? " --paired" : "", o->evil ? " --evil" : "",
            o->mutation ? " --mutation " : "", o->mutation ? sim_mutation_name(o->mutation) : "");
    for (size_t i = 0; i < count; i++) {
        sim_print_action(&actions[i]);
    }
    sim_options traced = *o;
    traced.trace = true;
    sim_run(&traced, actions, count, &r);
}

static bool run_one(sim_options *o, sim_result *out)
{
    sim_action actions[SIM_ACTIONS_MAX];
    size_t count = sim_schedule(o, actions);
    sim_run(o, actions, count, out);
    return !out->failed;
}

static unsigned number_of(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);
    unsigned n = text ? (unsigned)strtoul(text, NULL, 0) : 0;
    return n ? n : otherwise;
}

static void must_pass(const struct found *f, sim_result *sum)
{
    sim_options o = {.seed = f->seed, .evil = f->evil, .paired = f->paired};
    sim_result r;
    if (!run_one(&o, &r)) {
        sim_action actions[SIM_ACTIONS_MAX];
        explain(&o, actions, sim_schedule(&o, actions));
        ck_abort_msg("seed %llu: %s", (unsigned long long)o.seed, r.text);
    }
    add_up(sum, &r);
}

void sim_many(bool evil, bool paired)
{
    /* The same schedules in each run of `make test`; the soak looks for new ones. */
    uint64_t seed = getenv("ZKS_TEST_SEED") ? unit_seed() : 1;
    printf("%s schedules: ZKS_TEST_SEED=%llu\n", evil ? "evil" : "honest",
           (unsigned long long)seed);
    fflush(stdout);
    unsigned percent = (unsigned)(paired ? PAIRED_PERCENT : 100 - PAIRED_PERCENT) / 2;
    unsigned count = (unsigned)unit_rounds(number_of("ZKS_SIM_SCHEDULES", SCHEDULES)) * percent /
                     100 / (test_approved() ? APPROVED_ONE_IN : 1);
    sim_result sum = {0};
    ck_assert_int_eq(sim_open(paired), ZKS_OK);
    for (size_t i = 0; i < ZKS_COUNTOF(found); i++) {
        if (found[i].evil == evil && found[i].paired == paired) {
            must_pass(&found[i], &sum);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        const struct found next = {seed + i, evil, paired};
        must_pass(&next, &sum);
    }
    sim_close();
    printf(
        "%u schedules: %llu events, %llu words stored, %llu delivered (%llu late), %llu forks, "
        "%llu gaps, %llu rejected, %llu new chains, %llu restores, %llu withheld, %llu quiet, "
        "%llu sealed again, %llu epochs, %llu removals, %llu branches, %llu forked, %llu waited\n",
        count, (unsigned long long)sum.events, (unsigned long long)sum.stored,
        (unsigned long long)sum.delivered, (unsigned long long)sum.late,
        (unsigned long long)sum.forks, (unsigned long long)sum.gaps,
        (unsigned long long)sum.rejected, (unsigned long long)sum.chains,
        (unsigned long long)sum.restores, (unsigned long long)sum.withheld,
        (unsigned long long)sum.quiet, (unsigned long long)sum.resealed,
        (unsigned long long)sum.epochs, (unsigned long long)sum.removals,
        (unsigned long long)sum.branches, (unsigned long long)sum.forked,
        (unsigned long long)sum.waited);
    ck_assert_uint_gt(sum.delivered, 0);
}

/* Two devices are away while the third writes `count` words at once, one before, and one when its
 * relay, or both, have lost them. */
static void miss_many(uint16_t count, bool paired, uint8_t losers, sim_result *out)
{
    enum { HOURS = 4 };
    const sim_action actions[] = {
        {SIM_TIME, 0, 120, 0},          {SIM_ONLINE, 1, 0, 0},
        {SIM_ONLINE, 2, 0, 0},          {SIM_TIME, 0, 5, 0},
        {SIM_PUSH_MANY, 0, 1, 0},       {SIM_TIME, 0, 20, 0},
        {SIM_PUSH_MANY, 0, count, 0},   {SIM_TIME, 0, 1200, 0},
        {SIM_RELAY_LOSES, 0, count, 0}, {SIM_RELAY_LOSES, (uint8_t)(losers - 1), count, 0},
        {SIM_PUSH_MANY, 0, 1, 0},       {SIM_TIME, 0, 20, 0},
        {SIM_ONLINE, 1, 0, 0},          {SIM_ONLINE, 2, 0, 0},
        {SIM_TIME, 0, HOURS * 3600, 0}};
    sim_options o = {.seed = 1, .paired = paired, .trace = getenv("ZKS_SIM_TRACE") != NULL};
    sim_run(&o, actions, ZKS_COUNTOF(actions), out);
    printf("%u missing at %u: %llu delivered, %llu late, %llu gaps, %llu sealed again\n",
           (unsigned)count, (unsigned)losers, (unsigned long long)out->delivered,
           (unsigned long long)out->late, (unsigned long long)out->gaps,
           (unsigned long long)out->resealed);
    fflush(stdout);
    ck_assert_msg(!out->failed, "%s", out->text);
    size_t others = (paired ? SIM_DEVICES : SIM_DEVICES - 1) - 1;
    ck_assert_uint_eq(out->delivered, (count + 2u) * (others + 1));
}

void sim_long_gap(uint16_t count, bool paired)
{
    enum { MANY = 900 }; /* more than come before they are given up */
    sim_result r;
    ck_assert_int_eq(sim_open(paired), ZKS_OK);
    miss_many(count, paired, 1, &r); /* the other relay has them */
    ck_assert_uint_eq(r.gaps + r.late, 0);
    miss_many(count, paired, 2, &r); /* sent again piece by piece by whoever has them */
    ck_assert_uint_gt(r.resealed, 0);
    ck_assert(paired || count < MANY || r.gaps > 0);
    ck_assert(r.gaps > 0 || r.late == 0);
    sim_close();
}

void sim_find_mutation(int mutation)
{
    bool paired = mutation >= SIM_SECRET_LEAKS || mutation == SIM_SKIP_UNREADABLE;
    sim_options o = {.mutation = (sim_mutation)mutation, .paired = paired};
    sim_result r;
    unsigned first = found_by[mutation] ? found_by[mutation] : 1;
    ck_assert_int_eq(sim_open(paired), ZKS_OK);
    for (o.seed = first; o.seed < first + MUTATION_SCHEDULES; o.seed++) {
        o.evil = o.seed % 2 == 0;
        if (!run_one(&o, &r)) {
            break;
        }
    }
    printf("%s: found by schedule %u: %s\n", sim_mutation_name(o.mutation), (unsigned)o.seed,
           r.text);
    ck_assert_msg(r.failed, "%s was not found", sim_mutation_name(o.mutation));
    sim_close();
}

static int replay(int argc, char **argv)
{
    sim_options o = {.trace = true};
    sim_result r;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--replay") && i + 1 < argc) {
            o.seed = strtoull(argv[++i], NULL, 0);
        } else if (!strcmp(argv[i], "--evil")) {
            o.evil = true;
        } else if (!strcmp(argv[i], "--paired")) {
            o.paired = true;
        }
        for (int m = 1; !strcmp(argv[i], "--mutation") && i + 1 < argc && m < SIM_MUTATIONS; m++) {
            o.mutation = !strcmp(argv[i + 1], sim_mutation_name((sim_mutation)m)) ? (sim_mutation)m
                                                                                  : o.mutation;
        }
    }
    if (sim_open(o.paired) || !run_one(&o, &r)) {
        fprintf(stderr, "%s\n", r.text);
        return 1;
    }
    sim_close();
    return 0;
}

int sim_main(int argc, char **argv, const char *name, void (*add)(TCase *c))
{
    return argc > 1 ? replay(argc, argv) : unit_main(name, add);
}
