/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What opens a store: key, function, passphrase, and changing between them. */
#include "abi/world.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

static world w;
static const uint8_t key_a[ZKS_SIZE_STORE_KEY] = {1, 2}, key_b[ZKS_SIZE_STORE_KEY] = {3};

static void setup(void)
{
    world_open(&w);
}

static void teardown(void)
{
    world_close(&w);
}

static zks_config *config(void)
{
    return world_config(&w, &(world_client){.group = 1, .file = "store", .name = "phone"});
}

/* Opens with g, which it frees; the opening's status, with the sentence in text. */
static zks_status try_open(zks_config *g, zks_client **out_client, char text[256])
{
    zks_op *op;
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, out_client));
    zks_config_free(g);
    MUST(zks_op_wait(op, world_patience_ms()));
    zks_status status = zks_op_status(op);
    snprintf(text, 256, "%s", zks_op_text(op));
    zks_op_free(op);
    if (status) {
        zks_client_free(*out_client);
        *out_client = NULL;
    }
    return status;
}

static zks_client *must_open(zks_config *g)
{
    char text[256];
    zks_client *c = NULL;
    zks_status status = try_open(g, &c, text);
    ck_assert_msg(status == ZKS_OK, "%s: %s", zks_status_name(status), text);
    return c;
}

static void refused(zks_config *g, const char *word)
{
    char text[256];
    zks_client *c;
    EXPECT(try_open(g, &c, text), ZKS_E_STORE_KEY);
    ck_assert_msg(strstr(text, word) != NULL, "'%s' does not say %s", text, word);
}

static zks_config *with_key(const uint8_t *key)
{
    zks_config *g = config();
    MUST(zks_config_set_store_key(g, key, ZKS_SIZE_STORE_KEY));
    return g;
}

static zks_config *with_passphrase(const char *text)
{
    zks_config *g = config();
    MUST(zks_config_set_store_passphrase(g, text, strlen(text)));
    return g;
}

static void device_of(zks_client *c, uint8_t out[ZKS_SIZE_DEVICE_ID])
{
    zks_report *report;
    size_t n;
    MUST(zks_report_get(c, &report));
    memcpy(out, zks_report_bytes(report, ZKS_REPORT_DEVICE_ID, &n), ZKS_SIZE_DEVICE_ID);
    zks_report_free(report);
}

static zks_status change(zks_client *c, int32_t kind, const void *bytes, size_t length)
{
    zks_op *op;
    MUST(zks_client_change_store_key(c, kind, bytes, length, NULL, NULL, &op));
    return world_finish(op);
}

START_TEST(setters_refuse_with_a_sentence)
{
    static char longest[ZKS_SIZE_PASSPHRASE_MAX + 1];
    memset(longest, 'x', sizeof longest);
    zks_config *g = config();
    EXPECT(zks_config_set_store_key(g, key_a, 31), ZKS_E_STORE_KEY);
    ck_assert_ptr_nonnull(strstr(zks_config_problem(g), "32"));
    EXPECT(zks_config_set_store_key(g, NULL, 32), ZKS_E_STORE_KEY);
    EXPECT(zks_config_set_store_passphrase(g, "", 0), ZKS_E_PASSPHRASE);
    EXPECT(zks_config_set_store_passphrase(g, longest, sizeof longest), ZKS_E_PASSPHRASE);
    EXPECT(zks_config_set_store_passphrase(g, "a\xff", 2), ZKS_E_INVALID);
    MUST(zks_config_set_store_passphrase(g, longest, ZKS_SIZE_PASSPHRASE_MAX));
    MUST(zks_config_set_store_key(g, NULL, 0)); /* none */
    zks_config_free(g);
}
END_TEST

START_TEST(store_with_a_key_opens_with_it_only)
{
    uint8_t before[ZKS_SIZE_DEVICE_ID], after[ZKS_SIZE_DEVICE_ID];
    zks_client *c = must_open(with_key(key_a));
    device_of(c, before);
    world_client_close(c);
    refused(with_key(key_b), "wrong");
    refused(config(), "key");
    refused(with_passphrase("horse"), "key");
    c = must_open(with_key(key_a));
    device_of(c, after);
    ck_assert_mem_eq(before, after, sizeof before);
    world_client_close(c);
}
END_TEST

START_TEST(store_with_a_passphrase_opens_with_it_only)
{
    world_client_close(must_open(with_passphrase("correct horse")));
    refused(with_passphrase("battery"), "passphrase is wrong");
    refused(config(), "passphrase");
    world_client_close(must_open(with_passphrase("correct horse")));
}
END_TEST

START_TEST(store_without_a_key_refuses_one)
{
    world_client_close(must_open(config()));
    refused(with_key(key_a), "no key");
    world_client_close(must_open(config()));
}
END_TEST

START_TEST(second_client_of_an_open_store_needs_the_key_too)
{
    zks_client *c = must_open(with_key(key_a)), *d = NULL;
    char text[256];
    zks_config *g = world_config(&w, &(world_client){.group = 2, .file = "store"});
    EXPECT(try_open(g, &d, text), ZKS_E_STORE_KEY);
    g = world_config(&w, &(world_client){.group = 2, .file = "store"});
    MUST(zks_config_set_store_key(g, key_a, sizeof key_a));
    d = must_open(g);
    world_client_close(d);
    world_client_close(c);
}
END_TEST

/* --- the function ---------------------------------------------------------------------------- */

typedef struct keychain {
    atomic_int asked, freed;
    zks_status answer;
    const uint8_t *key;
    pthread_t thread;
} keychain;

static zks_status ask(uint8_t *out_key, void *user)
{
    keychain *k = user;
    k->thread = pthread_self();
    memcpy(out_key, k->key, ZKS_SIZE_STORE_KEY);
    atomic_fetch_add(&k->asked, 1);
    return k->answer;
}

static void forget(void *user)
{
    atomic_fetch_add(&((keychain *)user)->freed, 1);
}

static void note_thread(zks_op *op, void *user)
{
    (void)op;
    *(pthread_t *)user = pthread_self();
}

START_TEST(function_is_asked_once_per_opening_off_the_loop)
{
    keychain k = {.key = key_a};
    zks_config *g = config();
    zks_client *c;
    zks_op *op;
    pthread_t loop;
    MUST(zks_config_set_store_key_fn(g, ask, &k, forget));
    MUST(zks_client_open(w.runtime, g, note_thread, &loop, &op, &c));
    MUST(zks_op_wait(op, world_patience_ms()));
    MUST(zks_op_status(op));
    zks_op_free(op);
    MUST(zks_client_flush(c, 1, note_thread, &loop, &op));
    world_finish(op);
    ck_assert_int_eq(k.asked, 1);
    ck_assert(!pthread_equal(k.thread, loop) && !pthread_equal(k.thread, pthread_self()));
    ck_assert_int_eq(k.freed, 0); /* the configuration has it still */
    world_client_close(c);
    c = must_open(g); /* which frees it */
    ck_assert_int_eq(k.asked, 2);
    world_client_close(c);
    ck_assert_int_eq(k.freed, 1);
    world_client_close(must_open(with_key(key_a))); /* the same key by another way */
}
END_TEST

START_TEST(function_that_fails_ends_the_opening_and_harms_nothing)
{
    keychain k = {.key = key_a, .answer = ZKS_E_STORE_KEY};
    char text[256];
    zks_client *c;
    world_client_close(must_open(with_key(key_a)));
    zks_config *g = config();
    MUST(zks_config_set_store_key_fn(g, ask, &k, forget));
    EXPECT(try_open(g, &c, text), ZKS_E_STORE_KEY);
    ck_assert_ptr_nonnull(strstr(text, "keychain"));
    k.answer = ZKS_E_CANCELLED;
    g = config();
    MUST(zks_config_set_store_key_fn(g, ask, &k, forget));
    EXPECT(try_open(g, &c, text), ZKS_E_CANCELLED);
    world_client_close(must_open(with_key(key_a)));
    ck_assert_int_eq(k.asked, 2);
}
END_TEST

START_TEST(function_replaced_is_freed)
{
    keychain k = {.key = key_a}, l = {.key = key_a};
    zks_config *g = config();
    MUST(zks_config_set_store_key_fn(g, ask, &k, forget));
    MUST(zks_config_set_store_key_fn(g, ask, &l, forget));
    ck_assert_int_eq(k.freed, 1);
    MUST(zks_config_set_store_passphrase(g, "horse", 5));
    ck_assert_int_eq(l.freed, 1);
    zks_config_free(g);
    ck_assert_int_eq(k.asked + l.asked, 0);
}
END_TEST

/* --- changing -------------------------------------------------------------------------------- */

START_TEST(change_goes_between_all_kinds)
{
    uint8_t before[ZKS_SIZE_DEVICE_ID], after[ZKS_SIZE_DEVICE_ID];
    zks_client *c = must_open(config());
    device_of(c, before);
    world_push(c, "kept", 4, 0);
    MUST(change(c, ZKS_STORE_KEY_PASSPHRASE, "horse", 5));
    world_push(c, "after", 5, 0); /* it goes on */
    world_client_close(c);
    refused(config(), "passphrase");
    c = must_open(with_passphrase("horse"));
    MUST(change(c, ZKS_STORE_KEY_PASSPHRASE, "staple", 6));
    MUST(change(c, ZKS_STORE_KEY_BYTES, key_b, sizeof key_b));
    world_client_close(c);
    refused(with_passphrase("staple"), "key");
    c = must_open(with_key(key_b));
    MUST(change(c, ZKS_STORE_KEY_NONE, NULL, 0));
    world_client_close(c);
    c = must_open(config());
    device_of(c, after);
    ck_assert_mem_eq(before, after, sizeof before);
    ck_assert_int_eq(world_figure(c, ZKS_REPORT_PENDING_COUNT), 2);
    world_client_close(c);
}
END_TEST

START_TEST(change_refuses_what_is_no_key)
{
    zks_client *c = must_open(config());
    EXPECT(zks_client_change_store_key(c, 3, NULL, 0, NULL, NULL, NULL), ZKS_E_INVALID);
    EXPECT(zks_client_change_store_key(c, ZKS_STORE_KEY_NONE, key_a, 32, NULL, NULL, NULL),
           ZKS_E_INVALID);
    EXPECT(zks_client_change_store_key(c, ZKS_STORE_KEY_BYTES, key_a, 31, NULL, NULL, NULL),
           ZKS_E_STORE_KEY);
    EXPECT(zks_client_change_store_key(c, ZKS_STORE_KEY_BYTES, NULL, 32, NULL, NULL, NULL),
           ZKS_E_INVALID);
    EXPECT(zks_client_change_store_key(c, ZKS_STORE_KEY_PASSPHRASE, key_a, 0, NULL, NULL, NULL),
           ZKS_E_PASSPHRASE);
    world_client_close(c);
}
END_TEST

START_TEST(change_pending_when_the_client_closes_completes)
{
    zks_client *c = must_open(config());
    zks_op *op;
    MUST(zks_client_change_store_key(c, ZKS_STORE_KEY_PASSPHRASE, (const uint8_t *)"horse", 5, NULL,
                                     NULL, &op));
    zks_client_free(c);
    MUST(world_finish(op)); /* it was in front of the closing */
    world_client_close(must_open(with_passphrase("horse")));
}
END_TEST

/* --- files ------------------------------------------------------------------------------------ */

static mode_t mode_of(const char *name)
{
    char path[256];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", w.folder, name);
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

START_TEST(files_are_the_users_alone_whatever_the_umask)
{
    mode_t old = umask(0);
    mode_t folder = mode_of(".");
    zks_client *c = must_open(with_key(key_a));
    world_push(c, "x", 1, 0);
    umask(old);
    ck_assert_uint_eq(mode_of("store"), 0600);
    ck_assert_uint_eq(mode_of("store-wal"), 0600);
    ck_assert_uint_eq(mode_of("store.lock"), 0600);
    ck_assert_uint_eq(mode_of("store-shm"), 0); /* there is none */
    ck_assert_uint_eq(mode_of("."), folder);
    world_client_close(c);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, setters_refuse_with_a_sentence);
    tcase_add_test(c, store_with_a_key_opens_with_it_only);
    tcase_add_test(c, store_with_a_passphrase_opens_with_it_only);
    tcase_add_test(c, store_without_a_key_refuses_one);
    tcase_add_test(c, second_client_of_an_open_store_needs_the_key_too);
    tcase_add_test(c, function_is_asked_once_per_opening_off_the_loop);
    tcase_add_test(c, function_that_fails_ends_the_opening_and_harms_nothing);
    tcase_add_test(c, function_replaced_is_freed);
    tcase_add_test(c, change_goes_between_all_kinds);
    tcase_add_test(c, change_refuses_what_is_no_key);
    tcase_add_test(c, change_pending_when_the_client_closes_completes);
    tcase_add_test(c, files_are_the_users_alone_whatever_the_umask);
}

int main(void)
{
    return unit_main("store_key", add);
}
