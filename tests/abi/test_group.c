/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A paired group: made, opened again, used at a relay. */
#include "abi/world.h"

#include <ctype.h>

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
    for (size_t i = 0; i < length; i++) {
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

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, created_group_is_paired_and_opens_again);
    tcase_add_test(c, recovery_code_can_be_declined);
    tcase_add_test(c, store_with_a_group_takes_no_second_one);
    tcase_add_test(c, paired_group_has_no_secret_to_give_away);
    tcase_add_test(c, secret_and_unknown_flags_are_refused_at_once);
}

int main(void)
{
    return unit_main("group", add);
}
