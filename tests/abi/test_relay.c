/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The embedded relay, and clients that sync through it: what the ABI promises end to end. */
#include "abi/world.h"

#include <stdatomic.h>
#include <unistd.h>

/* --- the relay itself --- */

static zks_op *relay_start(world *w, const char *config, zks_relay **out_relay)
{
    zks_op *op;
    MUST(zks_relay_start(w->runtime, config, NULL, NULL, &op, out_relay));
    MUST(zks_op_wait(op, world_patience_ms()));
    return op;
}

START_TEST(bad_configuration_is_told_by_the_operation)
{
    static const struct {
        const char *config, *word;
    } cases[] = {{"listen = 127.0.0.1:0\ncolour = red\n", "colour"},
                 {"max_blob_bytes = many\n", "max_blob_bytes"},
                 {"[section]\nlisten = 127.0.0.1:0\n", "section"}};
    world w;
    world_open(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        zks_relay *y;
        zks_op *op = relay_start(&w, cases[i].config, &y);
        EXPECT(zks_op_status(op), ZKS_E_CONFIG_FILE);
        ck_assert_msg(strstr(zks_op_text(op), cases[i].word) != NULL, "'%s' does not name %s",
                      zks_op_text(op), cases[i].word);
        zks_op_free(op);
        ck_assert_ptr_null(zks_relay_address(y));
        MUST(zks_relay_stop(y, NULL, NULL, &op));
        MUST(world_finish(op));
        zks_relay_free(y);
    }
    world_close(&w);
}
END_TEST

START_TEST(port_in_use_is_told_by_the_operation)
{
    world w;
    world_open_with_relay(&w);
    char config[256];
    zks_relay *y;
    const char *port = strrchr(w.address, ':');
    ck_assert_ptr_nonnull(port);
    snprintf(config, sizeof config, "listen = 127.0.0.1%s\ndata = %s/other\n", port, w.folder);
    zks_op *op = relay_start(&w, config, &y);
    EXPECT(zks_op_status(op), ZKS_E_PORT_IN_USE);
    ck_assert_msg(strstr(zks_op_text(op), port + 1) != NULL, "'%s' does not name the port",
                  zks_op_text(op));
    zks_op_free(op);
    zks_relay_free(y);
    world_close(&w);
}
END_TEST

START_TEST(relay_stops_twice_and_in_callbacks_and_when_freed_early)
{
    world w;
    world_open_with_relay(&w);
    witness *seen = witness_new();
    zks_op *op;
    ck_assert_int_eq(strncmp(w.address, "zks://", 6), 0);
    MUST(zks_relay_stop(w.relay, witness_done, seen, NULL));
    MUST(zks_relay_stop(w.relay, witness_done, seen, NULL));
    witness_wait(seen, WITNESS_DONE, 0, 2);
    MUST(zks_relay_stop(w.relay, NULL, NULL, &op));
    MUST(world_finish(op));
    for (int i = 0; i < 10; i++) {
        char config[256];
        zks_relay *y;
        snprintf(config, sizeof config, "listen = 127.0.0.1:0\ndata = %s/early%d\n", w.folder, i);
        MUST(zks_relay_start(w.runtime, config, witness_done, seen, &op, &y));
        if (i % 2) {
            MUST(zks_relay_stop(y, witness_done, seen, NULL));
        }
        zks_relay_free(y);
        zks_status status = world_finish(op);
        ck_assert_msg(status == ZKS_OK || status == ZKS_E_CANCELLED, "%s", zks_status_name(status));
    }
    witness_wait(seen, WITNESS_DONE, 0, 17);
    world_close(&w);
    ck_assert_uint_eq(witness_count(seen, WITNESS_DONE, 0), 17);
    witness_forget(seen);
}
END_TEST

/* --- syncing --- */

/* The id that a push told is the one under which everybody reads the entry. */
START_TEST(an_entry_has_one_id_everywhere)
{
    enum { ENTRIES = 3 };
    static const size_t lengths[ENTRIES] = {1, 1, 1};
    world w;
    world_open_with_relay(&w);
    zks_client *from = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    zks_client *to = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    zks_op *op;
    MUST(zks_client_push_many(from, (const uint8_t *)"abc", lengths, ENTRIES, ZKS_PUSH_STORED, NULL,
                              NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    size_t length = 0;
    const uint8_t *ids = zks_op_bytes(op, ZKS_OP_BLOB_IDS, &length);
    ck_assert_uint_eq(length, ENTRIES * ZKS_SIZE_BLOB_ID);
    world_connect(from);
    world_connect(to);
    zks_client *readers[] = {from, to};
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t after = 0; after < ENTRIES;) {
            zks_batch *b = world_read(readers[i], after, ZKS_READ_WAIT | ZKS_READ_OWN);
            size_t count = zks_batch_count(b);
            ck_assert_uint_gt(count, 0);
            ck_assert_mem_eq(zks_batch_ids(b), ids + after * ZKS_SIZE_BLOB_ID,
                             count * ZKS_SIZE_BLOB_ID);
            after += count;
            zks_batch_free(b);
        }
    }
    zks_op_free(op);
    zks_client_free(from);
    zks_client_free(to);
    world_close(&w);
}
END_TEST

START_TEST(entries_arrive_in_order_with_all_their_columns)
{
    enum { ENTRIES = 300 };
    world w;
    world_open_with_relay(&w);
    witness *seen = witness_new();
    zks_client *from = world_client_open(
        &w, &(world_client){.group = 1, .name = "anna", .relay = true});
    zks_client *to = world_client_open(
        &w, &(world_client){.group = 1, .name = "ben", .relay = true, .events = seen});
    world_connect(from);
    world_connect(to);
    zks_op *op = NULL;
    for (int i = 0; i < ENTRIES; i++) {
        MUST(zks_client_push(from, (const uint8_t *)&i, sizeof i, ZKS_PUSH_ACKED, NULL, NULL,
                             i + 1 < ENTRIES ? NULL : &op));
    }
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), ZKS_OK);
    ck_assert_int_eq(zks_op_number(op, ZKS_OP_FIRST_NUMBER), ENTRIES);
    ck_assert_int_eq(zks_op_number(op, ZKS_OP_INBOX_SEQ), ENTRIES);
    zks_op_free(op);
    zks_report *p;
    MUST(zks_report_get(from, &p));
    int next = 0;
    for (uint64_t after = 0; next < ENTRIES;) {
        zks_batch *b = world_read(to, after, ZKS_READ_WAIT);
        size_t count = zks_batch_count(b), length;
        const uint8_t *data = zks_batch_data(b, &length);
        const uint64_t *at = zks_batch_offsets(b);
        ck_assert_uint_gt(count, 0);
        ck_assert_uint_eq(at[0], 0);
        ck_assert_uint_eq(at[count], length);
        for (size_t i = 0; i < count; i++, next++) {
            ck_assert_uint_eq(at[i + 1] - at[i], sizeof next);
            ck_assert_mem_eq(data + at[i], &next, sizeof next);
            ck_assert_uint_eq(zks_batch_seqs(b)[i], ++after);
            ck_assert_uint_eq(zks_batch_numbers(b)[i], (uint64_t)next + 1);
            ck_assert_uint_eq(zks_batch_flags(b)[i], 0);
            ck_assert_int_gt(zks_batch_times_ms(b)[i], INT64_C(1577836800000));
            ck_assert_mem_eq(zks_batch_senders(b) + i * ZKS_SIZE_DEVICE_ID,
                             zks_report_bytes(p, ZKS_REPORT_DEVICE_ID, NULL), ZKS_SIZE_DEVICE_ID);
        }
        zks_batch_free(b);
    }
    zks_report_free(p);
    witness_wait(seen, WITNESS_EVENT, ZKS_EVENT_INBOX, 1);
    witness_wait(seen, WITNESS_EVENT, ZKS_EVENT_STATE, 2);
    world_client_close(from);
    world_client_close(to);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

static void wait_synced(zks_client *c)
{
    zks_op *op;
    MUST(zks_client_wait_synced(c, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
}

START_TEST(synced_has_acknowledged_what_was_pushed_and_got_what_was_there)
{
    world w;
    zks_op *op;
    world_open_with_relay(&w);
    zks_client *from = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    zks_client *to = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    world_connect(from);
    world_connect(to);
    for (size_t i = 0; i < 20; i++) {
        MUST(zks_client_push(from, (const uint8_t *)"x", 1, 0, NULL, NULL, &op));
        wait_synced(from); /* called behind the push */
        EXPECT(world_finish(op), ZKS_OK);
        ck_assert_int_eq(world_figure(from, ZKS_REPORT_PENDING_COUNT), 0);
        wait_synced(to);
        zks_batch *b = world_read(to, 0, 0);
        ck_assert_uint_eq(zks_batch_count(b), i + 1);
        zks_batch_free(b);
    }
    world_client_close(from);
    world_client_close(to);
    world_close(&w);
}
END_TEST

START_TEST(watermark_is_durable_and_monotonic)
{
    world w;
    world_open_with_relay(&w);
    zks_op *op;
    zks_client *from = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    zks_client *to = world_client_open(&w,
                                       &(world_client){.group = 1, .file = "to", .relay = true});
    world_connect(from);
    world_connect(to);
    for (int i = 0; i < 5; i++) {
        world_push(from, &i, sizeof i, ZKS_PUSH_ACKED);
    }
    MUST(zks_client_wait_synced(to, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
    ck_assert_uint_eq(zks_inbox_acked(to), 0);
    MUST(zks_inbox_ack(to, 3, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_int_eq(zks_op_number(op, ZKS_OP_ACKED_SEQ), 3);
    zks_op_free(op);
    MUST(zks_inbox_ack(to, 1, NULL, NULL, &op)); /* never back */
    EXPECT(world_finish(op), ZKS_OK);
    ck_assert_uint_eq(zks_inbox_acked(to), 3);
    world_client_close(to);
    to = world_client_open(&w, &(world_client){.group = 1, .file = "to", .relay = true});
    ck_assert_uint_eq(zks_inbox_acked(to), 3);
    zks_batch *b = world_read(to, zks_inbox_acked(to), 0);
    ck_assert_uint_eq(zks_batch_count(b), 2);
    ck_assert_uint_eq(zks_batch_seqs(b)[0], 4);
    zks_batch_free(b);
    MUST(zks_inbox_ack(to, 1000, NULL, NULL, &op)); /* nor past what was given out */
    EXPECT(world_finish(op), ZKS_OK);
    ck_assert_uint_eq(zks_inbox_acked(to), 5);
    world_client_close(to);
    world_client_close(from);
    world_close(&w);
}
END_TEST

START_TEST(own_entries_are_read_only_when_asked_for)
{
    world w;
    world_open_with_relay(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    world_connect(c);
    world_push(c, "mine", 4, ZKS_PUSH_ACKED);
    zks_batch *b = world_read(c, 0, 0);
    ck_assert_uint_eq(zks_batch_count(b), 0);
    zks_batch_free(b);
    b = world_read(c, 0, ZKS_READ_OWN | ZKS_READ_WAIT);
    ck_assert_uint_eq(zks_batch_count(b), 1);
    ck_assert_uint_eq(zks_batch_flags(b)[0], ZKS_ITEM_OWN);
    ck_assert_mem_eq(zks_batch_data(b, NULL), "mine", 4);
    zks_batch_free(b);
    world_client_close(c);
    world_close(&w);
}
END_TEST

START_TEST(invite_brings_a_second_device_in)
{
    world w;
    world_open_with_relay(&w);
    witness *seen = witness_new();
    zks_client *one = world_client_open(
        &w, &(world_client){.group = 9, .name = "anna", .relay = true, .events = seen});
    world_connect(one);
    world_push(one, "hello", 5, ZKS_PUSH_ACKED);
    zks_invite *made, *v;
    MUST(zks_invite_shared(one, NULL, &made));
    const char *link = zks_invite_text(made, ZKS_INVITE_LINK);
    MUST(zks_invite_parse(link, strlen(link), &v));
    zks_invite_free(made);
    ck_assert_str_eq(zks_invite_text(v, ZKS_INVITE_RELAYS), w.address);

    zks_config *g;
    zks_client *two;
    zks_op *op;
    size_t length;
    const uint8_t *secret = zks_invite_bytes(v, ZKS_INVITE_SECRET, &length);
    MUST(zks_config_new(&g));
    MUST(zks_config_set_secret(g, secret, length));
    MUST(zks_config_add_relay(g, zks_invite_text(v, ZKS_INVITE_RELAYS)));
    MUST(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, "ben"));
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &two));
    MUST(world_finish(op));
    zks_config_free(g);
    zks_invite_free(v);
    world_connect(two);
    zks_batch *b = world_read(two, 0, ZKS_READ_WAIT);
    ck_assert_mem_eq(zks_batch_data(b, NULL), "hello", 5);
    zks_batch_free(b);

    world_push(two, "thanks", 6, ZKS_PUSH_ACKED);
    b = world_read(one, 1, ZKS_READ_WAIT);
    ck_assert_mem_eq(zks_batch_data(b, NULL), "thanks", 6);
    zks_batch_free(b);
    witness_wait(seen, WITNESS_EVENT, ZKS_EVENT_DEVICE, 1);
    zks_devices *d;
    MUST(zks_devices_get(one, &d));
    ck_assert_uint_eq(zks_devices_count(d), 2);
    ck_assert_str_eq(zks_devices_name(d, 0), "anna");
    ck_assert_str_eq(zks_devices_name(d, 1), "ben");
    ck_assert_int_eq(zks_devices_number(d, 0, ZKS_DEVICES_SELF), 1);
    ck_assert_int_eq(zks_devices_number(d, 1, ZKS_DEVICES_SELF), 0);
    ck_assert_ptr_null(zks_devices_name(d, 2));
    ck_assert_ptr_null(zks_devices_id(d, 2));
    zks_devices_free(d);
    world_client_close(one);
    world_client_close(two);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

typedef struct synced_look {
    zks_client *client;
    size_t devices;
} synced_look;

static void look_at_devices(zks_op *op, void *user)
{
    synced_look *look = user;
    zks_devices *d = NULL;
    if (zks_op_status(op) == ZKS_OK && zks_devices_get(look->client, &d) == ZKS_OK) {
        look->devices = zks_devices_count(d);
        zks_devices_free(d);
    }
}

START_TEST(synced_device_knows_the_others_at_once)
{
    world w;
    world_open_with_relay(&w);
    zks_client *one = world_client_open(&w, &(world_client){.group = 4, .relay = true});
    world_connect(one);
    zks_client *two = world_client_open(&w, &(world_client){.group = 4, .relay = true});
    zks_client *busy = world_client_open(&w, &(world_client){.group = 5, .file = "busy"});
    synced_look look = {.client = two};
    zks_op *connecting, *synced;
    MUST(zks_client_connect(two, NULL, NULL, &connecting));
    MUST(zks_client_wait_synced(two, look_at_devices, &look, &synced));
    while (zks_op_status(synced) == ZKS_E_PENDING) { /* the storage thread has its hands full */
        world_push(busy, "x", 1, ZKS_PUSH_STORED);
    }
    EXPECT(world_finish(connecting), ZKS_OK);
    EXPECT(world_finish(synced), ZKS_OK);
    world_client_close(two); /* behind the callback */
    ck_assert_uint_eq(look.devices, 2);
    world_client_close(busy);
    world_client_close(one);
    world_close(&w);
}
END_TEST

START_TEST(report_tells_what_happened)
{
    world w;
    world_open_with_relay(&w);
    zks_client *one = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    zks_client *two = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    zks_op *op;
    world_push(one, "early", 5, 0);
    ck_assert_int_eq(world_figure(one, ZKS_REPORT_STATE), ZKS_STATE_OFFLINE);
    ck_assert_int_eq(world_figure(one, ZKS_REPORT_PENDING_COUNT), 1);
    ck_assert_int_gt(world_figure(one, ZKS_REPORT_PENDING_BYTES), 0);
    world_connect(one);
    world_connect(two);
    MUST(zks_client_flush(one, world_patience_ms(), NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
    zks_batch_free(world_read(two, 0, ZKS_READ_WAIT));
    zks_report *p;
    MUST(zks_report_get(one, &p));
    ck_assert_int_eq(zks_report_number(p, ZKS_REPORT_STATE), ZKS_STATE_CONNECTED);
    ck_assert_int_eq(zks_report_number(p, ZKS_REPORT_PENDING_COUNT), 0);
    ck_assert_int_eq(zks_report_number(p, ZKS_REPORT_SENT), 1);
    ck_assert_int_eq(zks_report_number(p, ZKS_REPORT_CONNECTS), 1);
    ck_assert_int_eq(zks_report_number(p, ZKS_REPORT_RELAYS), 1);
    ck_assert_str_eq(zks_report_text(p, ZKS_REPORT_ACTIVE_RELAY), w.address);
    ck_assert_str_eq(zks_report_relay_text(p, 0, ZKS_REPORT_RELAY_ADDRESS), w.address);
    ck_assert_int_eq(zks_report_relay_number(p, 0, ZKS_REPORT_RELAY_STATE), ZKS_STATE_CONNECTED);
    ck_assert_int_eq(zks_report_relay_number(p, 0, ZKS_REPORT_RELAY_ACKED), 1);
    ck_assert_int_eq(zks_report_relay_number(p, 0, ZKS_REPORT_RELAY_PENDING), 0);
    ck_assert_ptr_null(zks_report_relay_text(p, 1, ZKS_REPORT_RELAY_ADDRESS));
    zks_report_free(p);
    ck_assert_int_eq(world_figure(two, ZKS_REPORT_RECEIVED), 1);
    ck_assert_int_eq(world_figure(two, ZKS_REPORT_INBOX_LAST_SEQ), 1);
    ck_assert_int_eq(world_figure(two, ZKS_REPORT_REJECTED), 0);
    MUST(zks_client_disconnect(one, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_OK);
    ck_assert_int_eq(world_figure(one, ZKS_REPORT_STATE), ZKS_STATE_OFFLINE);
    world_client_close(one);
    world_client_close(two);
    world_close(&w);
}
END_TEST

START_TEST(relay_that_comes_back_is_found_again)
{
    world w;
    world_open_with_relay(&w);
    witness *seen = witness_new();
    zks_client *c = world_client_open(&w,
                                      &(world_client){.group = 1, .relay = true, .events = seen});
    world_connect(c);
    world_push(c, "before", 6, ZKS_PUSH_ACKED);
    zks_op *op;
    MUST(zks_relay_stop(w.relay, NULL, NULL, &op));
    MUST(world_finish(op));
    zks_relay_free(w.relay);
    w.relay = NULL;
    witness_wait(seen, WITNESS_EVENT, ZKS_EVENT_STATE, 3); /* connecting, connected, lost */
    EXPECT(zks_client_push(c, NULL, 0, ZKS_PUSH_NEED_CONNECTION, NULL, NULL, NULL),
           ZKS_E_NOT_CONNECTED);
    zks_op *waiting;
    MUST(zks_client_push(c, (const uint8_t *)"while", 5, ZKS_PUSH_ACKED, NULL, NULL, &waiting));
    char config[256];
    snprintf(config, sizeof config, "listen = 127.0.0.1%s\ndata = %s/relay\n",
             strrchr(w.address, ':'), w.folder);
    op = relay_start(&w, config, &w.relay);
    ck_assert_msg(!zks_op_status(op), "%s", zks_op_text(op));
    zks_op_free(op);
    ck_assert_str_eq(zks_relay_address(w.relay), w.address);
    MUST(zks_client_network_changed(c));
    EXPECT(world_finish(waiting), ZKS_OK);
    world_client_close(c);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

/* --- who is refused --- */

static uint8_t shown_key[ZKS_SIZE_RELAY_KEY];
static atomic_bool key_shown;
static void keep_key(zks_client *client, const zks_event *event, void *user)
{
    size_t length;
    const uint8_t *key = zks_event_bytes(event, ZKS_EVENT_FIELD_RELAY_KEY, &length);
    if (zks_event_status(event) == ZKS_E_RELAY_KEY_CHANGED && key && length == sizeof shown_key) {
        memcpy(shown_key, key, length);
        atomic_store(&key_shown, true);
    }
    witness_event(client, event, user);
}

START_TEST(relay_with_another_key_is_refused_until_it_is_trusted)
{
    world w;
    world_open_with_relay(&w);
    witness *seen = witness_new();
    const char *host = strchr(w.address, '@');
    ck_assert_ptr_nonnull(host);
    char bare[200];
    snprintf(bare, sizeof bare, "%s", host + 1); /* pinned at first use */
    zks_config *g = world_config(&w, &(world_client){.group = 1, .file = "store"});
    zks_client *c;
    zks_op *op;
    MUST(zks_config_add_relay(g, bare));
    MUST(zks_config_set_events(g, keep_key, seen, NULL));
    MUST(zks_client_open(w.runtime, g, NULL, NULL, NULL, &c));
    zks_config_free(g);
    world_connect(c);
    MUST(zks_client_disconnect(c, NULL, NULL, &op));
    MUST(world_finish(op));

    MUST(zks_relay_stop(w.relay, NULL, NULL, &op));
    MUST(world_finish(op));
    zks_relay_free(w.relay);
    char config[256];
    snprintf(config, sizeof config, "listen = 127.0.0.1%s\ndata = %s/impostor\n",
             strrchr(w.address, ':'), w.folder);
    op = relay_start(&w, config, &w.relay);
    ck_assert_msg(!zks_op_status(op), "%s", zks_op_text(op));
    zks_op_free(op);
    MUST(zks_client_connect(c, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), ZKS_E_RELAY_KEY_CHANGED);
    ck_assert_int_eq(zks_status_class(zks_op_status(op)), ZKS_CLASS_SECURITY);
    ck_assert_uint_gt(strlen(zks_op_text(op)), 0);
    zks_op_free(op);
    for (uint32_t waited = 0; !atomic_load(&key_shown); waited++) {
        ck_assert_uint_lt(waited, world_patience_ms());
        usleep(1000);
    }
    MUST(zks_client_disconnect(c, NULL, NULL, &op));
    MUST(world_finish(op));
    MUST(zks_client_trust_relay(c, bare, shown_key));
    world_connect(c);
    world_client_close(c);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

START_TEST(address_that_cannot_be_understood_is_told_when_connecting)
{
    world w;
    world_open(&w);
    snprintf(w.address, sizeof w.address, "not an address :: at all");
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .relay = true});
    zks_op *op;
    MUST(zks_client_connect(c, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), ZKS_E_ADDRESS);
    zks_op_free(op);
    world_client_close(c);
    c = world_client_open(&w, &(world_client){.group = 1});
    MUST(zks_client_connect(c, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_CONFIG);
    world_client_close(c);
    world_close(&w);
}
END_TEST

START_TEST(unreachable_relay_is_told_and_tried_again)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_config *g = world_config(&w, &(world_client){.group = 1, .relay = true, .events = seen});
    zks_client *c;
    zks_op *op;
    MUST(zks_config_set_int(g, ZKS_OPTION_CONNECT_TIMEOUT_MS, 200));
    MUST(zks_client_open(w.runtime, g, NULL, NULL, NULL, &c));
    zks_config_free(g);
    MUST(zks_client_connect(c, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_UNREACHABLE);
    witness_wait(seen, WITNESS_EVENT, ZKS_EVENT_STATE, 3); /* connecting, waiting, connecting */
    world_client_close(c);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, bad_configuration_is_told_by_the_operation);
    tcase_add_test(c, port_in_use_is_told_by_the_operation);
    tcase_add_test(c, relay_stops_twice_and_in_callbacks_and_when_freed_early);
    tcase_add_test(c, an_entry_has_one_id_everywhere);
    tcase_add_test(c, entries_arrive_in_order_with_all_their_columns);
    tcase_add_test(c, synced_has_acknowledged_what_was_pushed_and_got_what_was_there);
    tcase_add_test(c, watermark_is_durable_and_monotonic);
    tcase_add_test(c, own_entries_are_read_only_when_asked_for);
    tcase_add_test(c, invite_brings_a_second_device_in);
    tcase_add_test(c, synced_device_knows_the_others_at_once);
    tcase_add_test(c, report_tells_what_happened);
    tcase_add_test(c, relay_that_comes_back_is_found_again);
    tcase_add_test(c, relay_with_another_key_is_refused_until_it_is_trusted);
    tcase_add_test(c, address_that_cannot_be_understood_is_told_when_connecting);
    tcase_add_test(c, unreachable_relay_is_told_and_tried_again);
}

int main(void)
{
    return unit_main("abi_relay", add);
}
