/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * tests/vectors/wire_messages.txt, both ways: the messages below encode to its bytes, and its bytes
 * decode to them. The file is what other implementations read; tests/vectors/test_wire_messages.py
 * is one of them. After a wanted change of the format (a new ALPN) write it anew:
 * ZKS_UPDATE_VECTORS=1 ZKS_SOURCE_DIR=. unit_wire_vectors
 */
#include "tests/support/unit.h"
#include "tests/support/wire_samples.h"

#include <string.h>

enum { CASES = 24, FILE_MAX = 64 << 10 };

typedef struct vector_case {
    const char *note;
    zks__message m;
} vector_case;

static uint8_t counting[256]; /* 00 01 02 ... */

static zks__slice bytes_from(uint8_t first, size_t length)
{
    return (zks__slice){.data = counting + first, .length = length};
}

static zks__slice text(const char *s)
{
    return (zks__slice){.data = (const uint8_t *)s, .length = strlen(s)};
}

#define COUNT_FROM(member, first) memcpy((member), counting + (first), sizeof(member))
#define LIST_OF(array)                                \
    {                                                 \
        .count = ZKS_COUNTOF(array), .items = (array) \
    }

static void hello_cases(vector_case *c)
{
    static zks__slice records[2];
    records[0] = bytes_from(1, 3);
    records[1] = bytes_from(0, 200); /* a two-byte length */
    zks__hello *h = &c[0].m.hello;
    c[0] = (vector_case){"first contact, two records attached", {.type = ZKS_MESSAGE_HELLO}};
    *h = (zks__hello){.version = 2, .records = LIST_OF(records), .mode = ZKS_MODE_LIVE};
    COUNT_FROM(h->group_id, 0x10);
    COUNT_FROM(h->member, 0x30);
    COUNT_FROM(h->signature, 0x50);
    COUNT_FROM(h->known, 0xa0);
    c[1] = c[0];
    c[1].note = "resuming, wants to be notified only";
    h = &c[1].m.hello;
    h->records = (zks__wire_list){0};
    COUNT_FROM(h->incarnation, 0xc0);
    h->resume = 0x0001020304050607;
    h->mode = ZKS_MODE_NOTIFY;
    h->features = 0x80000001;
}

static void welcome_cases(vector_case *c)
{
    static zks__slice records[1];
    records[0] = bytes_from(0x61, 5);
    c[0] = (vector_case){"limits in force, one record that the device lacks",
                         {.type = ZKS_MESSAGE_WELCOME}};
    zks__welcome *w = &c[0].m.welcome;
    *w = (zks__welcome){.version = 2,
                        .name = text("relay-1"),
                        .head = 1800000000000000,
                        .pending_count = 7,
                        .pending_bytes = 123456,
                        .max_blob_bytes = 1048576,
                        .max_ttl_s = 604800,
                        .pushes_per_minute = 6000,
                        .window_bytes = 262144,
                        .records = LIST_OF(records),
                        .time_ms = 1767225600000,
                        .records_follow = 2};
    COUNT_FROM(w->incarnation, 0xc0);
    COUNT_FROM(w->own_last, 0xd0);
}

static void records_cases(vector_case *c)
{
    static zks__slice records[2];
    static zks__wire_hash hashes[2];
    records[0] = bytes_from(1, 1);
    records[1] = bytes_from(2, 2);
    COUNT_FROM(hashes[0].hash, 0x20);
    COUNT_FROM(hashes[1].hash, 0x40);
    c[0] = (vector_case){"two records put", {.type = ZKS_MESSAGE_RECORDS}};
    c[0].m.records = (zks__records_message){.action = ZKS_RECORDS_PUT, .records = LIST_OF(records)};
    c[1] = (vector_case){"a list asked for", {.type = ZKS_MESSAGE_RECORDS}};
    c[1].m.records = (zks__records_message){.action = ZKS_RECORDS_LIST};
    c[2] = (vector_case){"two records wanted", {.type = ZKS_MESSAGE_RECORDS}};
    c[2].m.records = (zks__records_message){.action = ZKS_RECORDS_WANT, .hashes = LIST_OF(hashes)};
}

static void push_cases(vector_case *c)
{
    static zks__push_item items[2];
    static zks__push_result results[3];
    COUNT_FROM(items[0].blob_id, 0x10);
    items[0].ttl_s = 86400;
    items[0].blob = bytes_from(0, 256);
    COUNT_FROM(items[1].blob_id, 0x20);
    items[1].blob = bytes_from(0x80, 3);
    c[0] = (vector_case){"two blobs", {.type = ZKS_MESSAGE_PUSH, .push.blobs = LIST_OF(items)}};
    COUNT_FROM(results[0].blob_id, 0x10);
    results[0].cursor = 1800000000000001;
    results[0].ttl_s = 86400;
    COUNT_FROM(results[1].blob_id, 0x20);
    results[1].code = ZKS_WIRE_STALE_EPOCH;
    COUNT_FROM(results[2].blob_id, 0x30);
    results[2].code = ZKS_WIRE_RATE_LIMITED;
    results[2].retry_after_ms = 1500;
    c[1] = (vector_case){"stored, stale epoch, too fast",
                         {.type = ZKS_MESSAGE_PUSH_ACK, .push_ack.results = LIST_OF(results)}};
}

static void blob_cases(vector_case *c)
{
    static zks__blob_item items[2];
    static zks__wire_id ids[2];
    c[0] = (vector_case){"everything after a cursor, own ones too", {.type = ZKS_MESSAGE_PULL}};
    c[0].m.pull = (zks__pull){
        .after = 41, .max_bytes = 1 << 20, .max_count = 1024, .flags = ZKS_PULL_OWN};
    for (uint8_t i = 0; i < 2; i++) {
        items[i] = (zks__blob_item){.cursor = 42u + i, .time_ms = 1767225600000 + i};
        COUNT_FROM(items[i].sender, 0x30 + i);
        COUNT_FROM(items[i].blob_id, 0x60 + i);
        items[i].blob = bytes_from(i, i ? 0 : 130);
        COUNT_FROM(ids[i].id, 0x70 + i);
    }
    c[1] = (vector_case){"two blobs, more behind them", {.type = ZKS_MESSAGE_BLOBS}};
    c[1].m.blobs = (zks__blobs){
        .flags = ZKS_BLOBS_MORE, .from = 41, .contiguous = 43, .blobs = LIST_OF(items)};
    c[2] = (vector_case){"live, nothing in a range that is gone", {.type = ZKS_MESSAGE_BLOBS}};
    c[2].m.blobs = (zks__blobs){.flags = ZKS_BLOBS_LIVE, .from = 43, .contiguous = 99};
    c[3] = (vector_case){"credit, two ids had from elsewhere", {.type = ZKS_MESSAGE_ACK}};
    c[3].m.ack = (zks__ack){.cursor = 43, .consumed = 130, .also = LIST_OF(ids)};
    c[4] = (vector_case){
        "", {.type = ZKS_MESSAGE_NOTIFY, .notify = {.head = 1800000000000002, .pending_count = 3}}};
    c[5] = (vector_case){"two own blobs", {.type = ZKS_MESSAGE_DELETE, .del.ids = LIST_OF(ids)}};
}

static void mailbox_cases(vector_case *c)
{
    c[0] = (vector_case){"a new one for the longest time", {.type = ZKS_MESSAGE_MAILBOX_OPEN}};
    c[1] = (vector_case){"it is there", {.type = ZKS_MESSAGE_MAILBOX_OPEN}};
    c[1].m.mailbox_open = (zks__mailbox_open){.life_ms = 600000, .attempt = 1};
    c[2] = (vector_case){"a joiner asks for it", {.type = ZKS_MESSAGE_MAILBOX_GET}};
    c[3] = (vector_case){"the joiner knows the code", {.type = ZKS_MESSAGE_MAILBOX_PUT}};
    c[3].m.mailbox_put = (zks__mailbox_put){
        .attempt = 2, .flags = ZKS_MAILBOX_HOLD, .data = bytes_from(0x20, 5)};
    c[4] = (vector_case){"the first attempt was wrong", {.type = ZKS_MESSAGE_MAILBOX_CLOSE}};
    c[4].m.mailbox_close = (zks__mailbox_close){.attempt = 1, .code = ZKS_WIRE_WRONG_CODE};
    c[5] = (vector_case){"the pairing is done", {.type = ZKS_MESSAGE_MAILBOX_CLOSE}};
    memcpy(c[1].m.mailbox_open.nameplate, "7K2M", ZKS_NAMEPLATE_BYTES);
    memcpy(c[2].m.mailbox_get.nameplate, "7K2M", ZKS_NAMEPLATE_BYTES);
    memcpy(c[3].m.mailbox_put.nameplate, "7K2M", ZKS_NAMEPLATE_BYTES);
    memcpy(c[4].m.mailbox_close.nameplate, "7K2M", ZKS_NAMEPLATE_BYTES);
    memcpy(c[5].m.mailbox_close.nameplate, "7K2M", ZKS_NAMEPLATE_BYTES);
}

static void end_cases(vector_case *c)
{
    c[0] = (vector_case){"a relay that stops", {.type = ZKS_MESSAGE_BYE}};
    c[0].m.bye = (zks__bye){
        .code = ZKS_WIRE_RELAY_SHUTTING_DOWN, .retry_after_ms = 2500, .text = text("restarting")};
    c[1] = (vector_case){"a device that goes", {.type = ZKS_MESSAGE_BYE}};
    c[2] = (vector_case){"an answer to a message of an unknown type", {.type = ZKS_MESSAGE_ERROR}};
    c[2].m.error = (zks__error_message){
        .code = ZKS_WIRE_INVALID_MESSAGE, .about = 0x7e, .text = text("unknown message type")};
    c[3] = (vector_case){"not a member", {.type = ZKS_MESSAGE_ERROR}};
    c[3].m.error = (zks__error_message){
        .code = ZKS_WIRE_UNAUTHORIZED, .about = ZKS_MESSAGE_HELLO, .retry_after_ms = 60000};
}

static void make_cases(vector_case c[CASES])
{
    for (size_t i = 0; i < sizeof counting; i++) {
        counting[i] = (uint8_t)i;
    }
    hello_cases(c);
    welcome_cases(c + 2);
    records_cases(c + 3);
    push_cases(c + 6);
    blob_cases(c + 8);
    end_cases(c + 14);
    mailbox_cases(c + 18);
}

/* --- the text --- */

static void print_hex(FILE *out, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        fprintf(out, "%02x", data[i]);
    }
    fputc('\n', out);
}

static void print_scalar(FILE *out, const char *indent, const zks__field *f, const uint8_t *member)
{
    uint64_t v = 0;
    zks__slice s;
    fprintf(out, "%s%s =%s", indent, f->name, f->kind == ZKS_FIELD_BYTES ? "" : " ");
    if (f->kind == ZKS_FIELD_INT) {
        memcpy(&v, member, f->width); /* the tests run on little-endian machines */
        fprintf(out, "%" PRIu64 "\n", v);
    } else if (f->kind == ZKS_FIELD_FIXED) {
        print_hex(out, member, f->width);
    } else {
        memcpy(&s, member, sizeof s);
        fputs(s.length ? " " : "", out);
        print_hex(out, s.data, s.length);
    }
}

static void print_case(FILE *out, const vector_case *c)
{
    const zks__layout *layout = zks__wire_layout((uint8_t)c->m.type);
    fprintf(out, "\n%s%s%s\n", layout->name, *c->note ? ": " : "", c->note);
    for (size_t i = 0; i < layout->field_count; i++) {
        const zks__field *f = &layout->fields[i];
        const uint8_t *member = (const uint8_t *)&c->m.hello + f->offset;
        zks__wire_list list;
        if (f->kind != ZKS_FIELD_LIST) {
            print_scalar(out, "  ", f, member);
            continue;
        }
        memcpy(&list, member, sizeof list);
        fprintf(out, "  %s = %zu\n", f->name, list.count);
        for (size_t k = 0; k < list.count * f->item->field_count; k++) {
            const zks__field *g = &f->item->fields[k % f->item->field_count];
            const uint8_t *item = (const uint8_t *)list.items +
                                  k / f->item->field_count * f->item->struct_size;
            print_scalar(out, "    ", g, item + g->offset);
        }
    }
    size_t length = 0;
    uint8_t *bytes = sample_encode(&c->m, &length);
    fputs("  encoded = ", out);
    print_hex(out, bytes, length);
    free(bytes);
}

static const char file_head[] =
    "# SPDX-License-Identifier: MIT OR Apache-2.0\n"
    "#\n"
    "# Messages of 0k-sync/2 and their bytes. A block is one message: its type and what it\n"
    "# stands for, its fields in the order of the wire, and the encoded whole, length prefix\n"
    "# included. Numbers are decimal, byte strings hexadecimal. A list shows its count, and its\n"
    "# items' fields indented below it. Written by tests/unit/wire/test_vectors.c.\n";

static void vector_path(char *out, size_t size)
{
    const char *root = getenv("ZKS_SOURCE_DIR");
    snprintf(out, size, "%s/tests/vectors/wire_messages.txt", root ? root : ".");
}

static char *committed_text(void)
{
    char path[4096];
    vector_path(path, sizeof path);
    FILE *in = fopen(path, "rb");
    ck_assert_msg(in != NULL, "no %s: set ZKS_SOURCE_DIR", path);
    char *text_read = calloc(1, FILE_MAX);
    size_t length = fread(text_read, 1, FILE_MAX - 1, in);
    ck_assert_uint_gt(length, 0);
    fclose(in);
    return text_read;
}

START_TEST(messages_encode_to_the_committed_text)
{
    vector_case cases[CASES];
    char *made = NULL;
    size_t size = 0;
    make_cases(cases);
    FILE *out = open_memstream(&made, &size);
    fputs(file_head, out);
    for (size_t i = 0; i < CASES; i++) {
        print_case(out, &cases[i]);
    }
    fclose(out);
    if (getenv("ZKS_UPDATE_VECTORS")) {
        char path[4096];
        vector_path(path, sizeof path);
        out = fopen(path, "wb");
        ck_assert_ptr_nonnull(out);
        ck_assert_uint_eq(fwrite(made, 1, size, out), size);
        fclose(out);
    }
    char *committed = committed_text();
    ck_assert_str_eq(made, committed);
    free(committed);
    free(made);
}
END_TEST

START_TEST(committed_bytes_decode_to_the_messages)
{
    static const char label[] = "encoded = ";
    vector_case cases[CASES];
    make_cases(cases);
    char *committed = committed_text();
    const char *at = committed;
    size_t seen = 0;
    while ((at = strstr(at, label)) != NULL) {
        at += sizeof label - 1;
        size_t length = strcspn(at, "\n") / 2;
        uint8_t *bytes = malloc(length ? length : 1);
        for (size_t i = 0; i < length; i++) {
            const char digits[3] = {at[2 * i], at[2 * i + 1], '\0'};
            char *end = NULL;
            bytes[i] = (uint8_t)strtoul(digits, &end, 16);
            ck_assert_ptr_eq(end, digits + 2);
        }
        zks__message m;
        ck_assert_uint_lt(seen, CASES);
        ck_assert_int_eq(zks__wire_decode(bytes, length, &m), ZKS_OK);
        ck_assert(sample_equal(&m, &cases[seen].m));
        free(bytes);
        seen++;
    }
    ck_assert_uint_eq(seen, CASES);
    free(committed);
}
END_TEST

START_TEST(every_type_has_a_vector)
{
    vector_case cases[CASES];
    make_cases(cases);
    for (size_t t = 0; t < SAMPLE_TYPES; t++) {
        bool found = false;
        for (size_t i = 0; i < CASES; i++) {
            found = found || cases[i].m.type == sample_types[t];
        }
        ck_assert_msg(found, "no vector for %s", zks__wire_name(sample_types[t]));
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, messages_encode_to_the_committed_text);
    tcase_add_test(c, committed_bytes_decode_to_the_messages);
    tcase_add_test(c, every_type_has_a_vector);
}

int main(void)
{
    return unit_main("wire vectors", add);
}
