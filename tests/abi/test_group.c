/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A paired group: made, opened again, used at a relay. */
#include "abi/world.h"

#include <ctype.h>
#include <unistd.h>

static world w;

static void setup(void)
{
    world_open_with_relay(&w);
}

static void teardown(void)
{
    world_close(&w);
}

static const world_client phone = {.file = "phone", .name = "phone", .relay = true};

/* Creates with g, which it frees; the status, and the words of the recovery code (0: none). */
static zks_status create(zks_config *g, uint32_t flags, zks_client **out_client, size_t *out_words)
{
    zks_op *op;
    size_t length;
    MUST(zks_group_create(w.runtime, g, flags, NULL, NULL, &op, out_client));
    zks_config_free(g);
    MUST(zks_op_wait(op, world_patience_ms()));
    zks_status status = zks_op_status(op);
    const uint8_t *code = zks_op_bytes(op, ZKS_OP_RECOVERY_CODE, &length);
    *out_words = code != NULL;
    for (size_t i = 0; code && i < length; i++) {
        ck_assert(islower(code[i]) || code[i] == ' ');
        *out_words += code[i] == ' ';
    }
    ck_assert_ptr_null(zks_op_bytes(op, ZKS_OP_BLOB_IDS, NULL));
    zks_op_free(op);
    if (status) {
        zks_client_free(*out_client);
    }
    return status;
}

static int64_t kind_of(zks_client *c)
{
    return world_figure(c, ZKS_REPORT_GROUP_KIND);
}

START_TEST(created_group_is_paired_and_opens_again)
{
    zks_client *c;
    size_t words;
    MUST(create(world_config(&w, &phone), 0, &c, &words));
    ck_assert_uint_eq(words, 18);
    ck_assert_int_eq(kind_of(c), ZKS_GROUP_KIND_PAIRED);
    world_push(c, "one", 3, 0);
    world_client_close(c);

    c = world_client_open(&w, &phone);
    ck_assert_int_eq(kind_of(c), ZKS_GROUP_KIND_PAIRED);
    world_connect(c);
    world_push(c, "two", 3, ZKS_PUSH_ACKED);
    ck_assert_int_eq(world_figure(c, ZKS_REPORT_PENDING_COUNT), 0);
    world_client_close(c);
}
END_TEST

START_TEST(recovery_code_can_be_declined)
{
    zks_client *c;
    size_t words;
    MUST(create(world_config(&w, &phone), ZKS_CREATE_NO_RECOVERY, &c, &words));
    ck_assert_uint_eq(words, 0);
    world_client_close(c);
}
END_TEST

START_TEST(store_with_a_group_takes_no_second_one)
{
    zks_client *c;
    size_t words;
    world_client_close(world_group_create(&w, &phone));
    EXPECT(create(world_config(&w, &phone), 0, &c, &words), ZKS_E_STORE_GROUP);
    ck_assert_uint_eq(words, 0);
}
END_TEST

START_TEST(paired_group_has_no_secret_to_give_away)
{
    zks_invite *invite = NULL;
    zks_client *c = world_group_create(&w, &phone);
    EXPECT(zks_invite_shared(c, NULL, &invite), ZKS_E_UNSUPPORTED);
    ck_assert_ptr_null(invite);
    world_client_close(c);
}
END_TEST

START_TEST(secret_and_unknown_flags_are_refused_at_once)
{
    zks_client *c = NULL;
    zks_config *g = world_config(&w, &(world_client){.group = 1});
    EXPECT(zks_group_create(w.runtime, g, 0, NULL, NULL, NULL, &c), ZKS_E_CONFIG);
    zks_config_free(g);
    g = world_config(&w, &phone);
    EXPECT(zks_group_create(w.runtime, g, 2, NULL, NULL, NULL, &c), ZKS_E_INVALID);
    EXPECT(zks_group_create(w.runtime, g, 0, NULL, NULL, NULL, NULL), ZKS_E_INVALID);
    zks_config_free(g);
    ck_assert_ptr_null(c);
}
END_TEST

/* --- joining; what needs two devices is in test_pairing.c --- */

static const world_client tablet = {.file = "tablet", .name = "tablet", .relay = true};

/* Joins, which must fail with a sentence that has `word`. */
static void join_fails(const world_client *what, const char *code, zks_status expected,
                       const char *word)
{
    zks_op *op;
    zks_client *c;
    zks_config *g = world_config(&w, what);
    MUST(zks_group_join(w.runtime, g, code, strlen(code), NULL, NULL, &op, &c));
    zks_config_free(g);
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), expected);
    ck_assert_msg(strstr(zks_op_text(op), word) != NULL, "'%s' does not say %s", zks_op_text(op),
                  word);
    zks_op_free(op);
    zks_client_free(c);
}

START_TEST(join_says_what_is_wrong_with_a_code)
{
    join_fails(&tablet, "", ZKS_E_TRUNCATED, "16");
    join_fails(&tablet, "ABCD-EFGH-JKMN", ZKS_E_TRUNCATED, "12");
    join_fails(&tablet, "ABCD-EFGH-JKMN-PQRST", ZKS_E_TOO_LARGE, "17");
    join_fails(&tablet, "ABCD-EFGH-JKMN-PQR*", ZKS_E_MALFORMED, "*");
    join_fails(&tablet, "zks-invite:AAAA", ZKS_E_INVALID, "shared");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", w.folder, tablet.file);
    ck_assert_msg(access(path, F_OK) != 0, "a text that cannot be read left a store behind");
}
END_TEST

START_TEST(join_needs_a_relay_that_knows_the_code)
{
    join_fails(&tablet, "ABCD-EFGH-JKMN-PQRS", ZKS_E_CODE_UNKNOWN, "code");
    join_fails(&(world_client){.file = "tablet"}, "ABCD-EFGH-JKMN-PQRS", ZKS_E_CONFIG, "relay");
}
END_TEST

START_TEST(join_into_a_store_with_a_group_is_refused_before_anybody_is_asked)
{
    world_client_close(world_group_create(&w, &phone));
    join_fails(&phone, "ABCD-EFGH-JKMN-PQRS", ZKS_E_STORE_GROUP, "group");
}
END_TEST

/* A relay that takes what is sent and never answers. */
static zks_op *join_nobody(zks_client **out_client)
{
    zks_op *op;
    zks_config *g = world_config(&w, &(world_client){.file = "tablet"});
    MUST(zks_config_add_relay(g, "127.0.0.1:9"));
    MUST(zks_config_set_int(g, ZKS_OPTION_CONNECT_TIMEOUT_MS, 600000));
    MUST(zks_group_join(w.runtime, g, "ABCD-EFGH-JKMN-PQRS", 19, NULL, NULL, &op, out_client));
    zks_config_free(g);
    return op;
}

START_TEST(join_can_be_cancelled)
{
    zks_client *c;
    zks_op *op = join_nobody(&c);
    zks_op_cancel(op);
    EXPECT(world_finish(op), ZKS_E_CANCELLED);
    zks_client_free(c);
}
END_TEST

START_TEST(closing_ends_a_join)
{
    zks_client *c;
    zks_op *op = join_nobody(&c), *push;
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, NULL, NULL, &push));
    zks_client_free(c);
    EXPECT(world_finish(op), ZKS_E_CANCELLED);
    EXPECT(world_finish(push), ZKS_E_CANCELLED);
}
END_TEST

/* --- restoring --- */

static zks_status restore(const world_client *what, const char *words, zks_client **out_client,
                          char text[256])
{
    zks_op *op;
    zks_config *g = world_config(&w, what);
    MUST(zks_group_restore(w.runtime, g, words, strlen(words), NULL, NULL, &op, out_client));
    zks_config_free(g);
    MUST(zks_op_wait(op, world_patience_ms()));
    zks_status status = zks_op_status(op);
    snprintf(text, 256, "%s", zks_op_text(op));
    zks_op_free(op);
    return status;
}

static void synced(zks_client *c)
{
    zks_op *op;
    MUST(zks_client_wait_synced(c, NULL, NULL, &op));
    MUST(world_finish(op));
}

START_TEST(recovery_code_brings_everything_back_when_all_devices_are_lost)
{
    zks_op *op;
    zks_client *c;
    size_t length;
    char words[256] = "", text[256];
    zks_config *g = world_config(&w, &phone);
    MUST(zks_group_create(w.runtime, g, 0, NULL, NULL, &op, &c));
    zks_config_free(g);
    MUST(zks_op_wait(op, world_patience_ms()));
    const uint8_t *code = zks_op_bytes(op, ZKS_OP_RECOVERY_CODE, &length);
    memcpy(words, code, length);
    zks_op_free(op);
    world_connect(c);
    world_push(c, "diary", 5, ZKS_PUSH_ACKED);
    world_client_close(c); /* and lost */

    MUST(restore(&tablet, words, &c, text));
    world_connect(c);
    synced(c);
    zks_batch *batch = world_read(c, 0, ZKS_READ_WAIT);
    ck_assert_uint_eq(zks_batch_count(batch), 1);
    ck_assert_mem_eq(zks_batch_data(batch, NULL), "diary", 5);
    zks_batch_free(batch);
    ck_assert_int_eq(world_figure(c, ZKS_REPORT_DEVICES), 2);
    world_push(c, "goes on", 7, ZKS_PUSH_ACKED);
    world_client_close(c);
    c = world_client_open(&w, &tablet);
    world_connect(c);
    world_push(c, "and on", 6, ZKS_PUSH_ACKED);
    world_client_close(c);
}
END_TEST

START_TEST(recovery_code_with_a_typing_error_is_refused_with_the_word)
{
    char text[256];
    zks_client *c;
    EXPECT(restore(&tablet, "lusab babad", &c, text), ZKS_E_TRUNCATED);
    ck_assert_ptr_nonnull(strstr(text, "2"));
    zks_client_free(c);
    EXPECT(restore(&tablet, "lusab babax", &c, text), ZKS_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(text, "word 2"));
    zks_client_free(c);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, created_group_is_paired_and_opens_again);
    tcase_add_test(c, recovery_code_can_be_declined);
    tcase_add_test(c, store_with_a_group_takes_no_second_one);
    tcase_add_test(c, paired_group_has_no_secret_to_give_away);
    tcase_add_test(c, secret_and_unknown_flags_are_refused_at_once);
    tcase_add_test(c, join_says_what_is_wrong_with_a_code);
    tcase_add_test(c, join_needs_a_relay_that_knows_the_code);
    tcase_add_test(c, join_into_a_store_with_a_group_is_refused_before_anybody_is_asked);
    tcase_add_test(c, join_can_be_cancelled);
    tcase_add_test(c, closing_ends_a_join);
    tcase_add_test(c, recovery_code_brings_everything_back_when_all_devices_are_lost);
    tcase_add_test(c, recovery_code_with_a_typing_error_is_refused_with_the_word);
}

int main(void)
{
    return unit_main("group", add);
}
