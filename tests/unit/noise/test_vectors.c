/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Published answers, byte for byte: tests/vectors/hybridxx_sha256_*.json for the hybrid pattern
 * (they agree with the vectors of clatter 2.2's Go port), and for the machinery the vectors of
 * flynn/noise, which the Debian package golang-github-flynn-noise-dev installs. Suite 2 has no
 * published ones: hybridxx_p256.json comes from a second implementation, in Python.
 */
#include "noise_help.h"
#include "tests/support/vectors.h"

#include <sodium.h>

enum { MESSAGES_MAX = 6 };

/* --- a small reader of our two JSON files: the string behind a name --- */

static const char *string_behind(const char *text, const char *name)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    const char *at = strstr(text, quoted);
    ck_assert_msg(at != NULL, "no %s", name);
    return strchr(at + strlen(quoted), '"') + 1;
}

static const char *next_string(const char *string)
{
    const char *end = strchr(string, '"');
    return strchr(end + 1, '"') + 1;
}

static void read_hex(const char *text, vector_value *out)
{
    for (out->length = 0; *text != '"' && *text != '\n' && *text; text += 2) {
        ck_assert_uint_lt(out->length, sizeof out->bytes);
        unsigned high = vectors_digit(text[0]);
        out->bytes[out->length++] = (uint8_t)(high << 4 | vectors_digit(text[1]));
    }
}

static void add_draw(draws *d, const char *object, const char *name)
{
    vector_value v;
    read_hex(string_behind(object, name), &v);
    draws_add(d, v.bytes, v.length);
}

static void read_inputs(ends *e, uint8_t suite, const char *text)
{
    vector_value v;
    static const char *const dh[] = {"init_static", "resp_static"};
    static const char *const kem[] = {"init_static_kem_seed", "resp_static_kem_seed"};
    ends_configure_suite(e, suite, 1);
    const char *inputs = strstr(text, "\"inputs\"");
    for (int side = 0; side < 2; side++) {
        e->random[side] = (draws){0};
        read_hex(string_behind(inputs, dh[side]), &v);
        memcpy(e->dh_secret[side], v.bytes, sizeof e->dh_secret[side]);
        read_hex(string_behind(inputs, kem[side]), &v);
        memcpy(e->kem_seed[side], v.bytes, sizeof e->kem_seed[side]);
    }
    const char *init = strstr(inputs, "\"init\""), *resp = strstr(inputs, "\"resp\"");
    add_draw(&e->random[0], init, "e_dh_sk");
    add_draw(&e->random[0], init, "e_kem_seed");
    add_draw(&e->random[0], init, "skem_m");
    add_draw(&e->random[1], resp, "ekem_m");
    add_draw(&e->random[1], resp, "e_dh_sk");
    add_draw(&e->random[1], resp, "e_kem_seed");
    add_draw(&e->random[1], resp, "skem_m");
}

static void check_transport(zks__noise_cipher *from, zks__noise_cipher *to, const uint8_t *plain,
                            size_t length, const vector_value *expected)
{
    uint8_t record[512];
    memcpy(record, plain, length);
    ck_assert_int_eq(zks__noise_seal(from, record, length), ZKS_OK);
    ck_assert_uint_eq(length + ZKS_TAG_BYTES, expected->length);
    ck_assert_mem_eq(record, expected->bytes, expected->length);
    ck_assert_int_eq(zks__noise_open(to, record, expected->length), ZKS_OK);
    ck_assert_mem_eq(record, plain, length);
}

static void check_hybrid_end(ends *e, const char *text)
{
    static const char *const keys[] = {"k_i2r", "k_r2i"};
    zks__noise_cipher send[2], receive[2];
    vector_value v;
    read_hex(string_behind(text, "handshake_hash"), &v);
    for (int side = 0; side < 2; side++) {
        ck_assert(zks__noise_over(e->noise[side]));
        ck_assert_uint_eq(zks__noise_size(e->noise[side], 0), 0);
        ck_assert_mem_eq(zks__noise_handshake_hash(e->noise[side]), v.bytes, v.length);
        ck_assert_int_eq(zks__noise_split(e->noise[side], &zks__noise_limits_default, &send[side],
                                          &receive[side]),
                         ZKS_OK);
        ck_assert_uint_eq(e->random[side].used, e->random[side].length);
    }
    for (int side = 0; side < 2; side++) {
        read_hex(string_behind(text, keys[side]), &v);
        ck_assert_mem_eq(send[side].key, v.bytes, sizeof send[side].key);
        ck_assert_mem_eq(receive[1 - side].key, v.bytes, sizeof send[side].key);
    }
    const char *sealed = string_behind(text, "transport");
    const char *plain = string_behind(text, "transport_plain");
    for (int i = 0; i < 3; i++) {
        read_hex(sealed, &v);
        check_transport(&send[i % 2], &receive[1 - i % 2], (const uint8_t *)plain,
                        strcspn(plain, "\""), &v);
        sealed = next_string(sealed);
        plain = next_string(plain);
    }
}

START_TEST(hybrid_xx_equals_the_published_transcript)
{
    static const struct {
        const char *name;
        uint8_t suite;
    } files[] = {{"hybridxx_sha256_nopayload.json", ZKS_SUITE_SODIUM},
                 {"hybridxx_sha256_payload.json", ZKS_SUITE_SODIUM},
                 {"hybridxx_p256.json", ZKS_SUITE_APPROVED}}; /* our own: test_hybridxx.py */
    static vectors file;
    static ends e;
    vector_value v, payload, prologue;
    vectors_load(files[_i].name, &file);
    read_inputs(&e, files[_i].suite, file.text);
    read_hex(string_behind(file.text, "prologue"), &prologue);
    for (int side = 0; side < 2; side++) {
        e.config[side].prologue = prologue.bytes;
        e.config[side].prologue_length = prologue.length;
        ck_assert_int_eq(strncmp(string_behind(file.text, "protocol_name"), e.config[side].name,
                                 strlen(e.config[side].name)),
                         0);
        ck_assert_int_eq(zks__noise_new(&e.config[side], &e.noise[side]), ZKS_OK);
    }
    const char *message = string_behind(file.text, "messages");
    const char *text = string_behind(file.text, "payloads");
    const char *hash = string_behind(file.text, "h_after");
    for (size_t i = 0; i < 4; i++) {
        uint8_t out[4096];
        size_t length = 0, payload_length = 0;
        const uint8_t *got = NULL;
        zks__noise *writer = e.noise[i % 2], *reader = e.noise[1 - i % 2];
        read_hex(text, &payload);
        read_hex(message, &v);
        ck_assert(zks__noise_writes(writer) && !zks__noise_writes(reader));
        ck_assert_uint_eq(zks__noise_size(reader, payload.length), v.length);
        ck_assert_int_eq(
            zks__noise_write(writer, payload.bytes, payload.length, out, sizeof out, &length),
            ZKS_OK);
        ck_assert_uint_eq(length, v.length);
        ck_assert_mem_eq(out, v.bytes, length);
        ck_assert_int_eq(zks__noise_read(reader, out, length, &got, &payload_length), ZKS_OK);
        ck_assert_uint_eq(payload_length, payload.length);
        ck_assert(!payload_length || memcmp(got, payload.bytes, payload_length) == 0);
        read_hex(hash, &v);
        ck_assert_mem_eq(zks__noise_handshake_hash(reader), v.bytes, v.length);
        message = next_string(message);
        text = next_string(text);
        hash = next_string(hash);
    }
    check_hybrid_end(&e, file.text);
    ends_stop(&e);
}
END_TEST

/* --- classical patterns --- */

static void blake2b_two(const void *a, size_t a_length, const void *b, size_t b_length,
                        uint8_t *out)
{
    crypto_generichash_blake2b_state state;
    (void)crypto_generichash_blake2b_init(&state, NULL, 0, 64);
    (void)crypto_generichash_blake2b_update(&state, a, a_length);
    (void)crypto_generichash_blake2b_update(&state, b, b_length);
    (void)crypto_generichash_blake2b_final(&state, out, 64);
}

/* RFC 2104 with blocks of 128 bytes. Noise uses HMAC, not keyed BLAKE2. */
static void blake2b_hmac(const uint8_t *key, size_t key_length, const void *data, size_t length,
                         uint8_t *out)
{
    uint8_t inner[128], outer[128], hash[64];
    ck_assert_uint_le(key_length, 64);
    for (size_t i = 0; i < sizeof inner; i++) {
        uint8_t k = i < key_length ? key[i] : 0;
        inner[i] = k ^ 0x36;
        outer[i] = k ^ 0x5c;
    }
    blake2b_two(inner, sizeof inner, data, length, hash);
    blake2b_two(outer, sizeof outer, hash, sizeof hash, out);
}

static const zks__noise_hash blake2b = {.bytes = 64, .two = blake2b_two, .hmac = blake2b_hmac};

#define E  ZKS_NOISE_E
#define S  ZKS_NOISE_S
#define EE ZKS_NOISE_EE
#define ES ZKS_NOISE_ES
#define SE ZKS_NOISE_SE
#define SS ZKS_NOISE_SS
/* The fundamental patterns, sections 7.4 and 7.5 of the specification. */
static const struct {
    const char *name;
    zks__noise_pattern p;
} patterns[] = {
    {"N", {.responder_known = true, .messages = 1, .tokens = {{E, ES}}}},
    {"K",
     {.initiator_known = true, .responder_known = true, .messages = 1, .tokens = {{E, ES, SS}}}},
    {"X", {.responder_known = true, .messages = 1, .tokens = {{E, ES, S, SS}}}},
    {"NN", {.messages = 2, .tokens = {{E}, {E, EE}}}},
    {"KN", {.initiator_known = true, .messages = 2, .tokens = {{E}, {E, EE, SE}}}},
    {"NK", {.responder_known = true, .messages = 2, .tokens = {{E, ES}, {E, EE}}}},
    {"KK",
     {.initiator_known = true,
      .responder_known = true,
      .messages = 2,
      .tokens = {{E, ES, SS}, {E, EE, SE}}}},
    {"NX", {.messages = 2, .tokens = {{E}, {E, EE, S, ES}}}},
    {"KX", {.initiator_known = true, .messages = 2, .tokens = {{E}, {E, EE, SE, S, ES}}}},
    {"XN", {.messages = 3, .tokens = {{E}, {E, EE}, {S, SE}}}},
    {"IN", {.messages = 2, .tokens = {{E, S}, {E, EE, SE}}}},
    {"XK", {.responder_known = true, .messages = 3, .tokens = {{E, ES}, {E, EE}, {S, SE}}}},
    {"IK", {.responder_known = true, .messages = 2, .tokens = {{E, ES, S, SS}, {E, EE, SE}}}},
    {"XX", {.messages = 3, .tokens = {{E}, {E, EE, S, ES}, {S, SE}}}},
    {"IX", {.messages = 2, .tokens = {{E, S}, {E, EE, SE, S, ES}}}},
};
#undef E
#undef S
#undef EE
#undef ES
#undef SE
#undef SS

/* One block of the file. */
typedef struct classical {
    char name[64];
    vector_value init_static, resp_static, init_ephemeral, resp_ephemeral, prologue;
    vector_value payload[MESSAGES_MAX], ciphertext[MESSAGES_MAX];
    size_t count;
    const zks__noise_pattern *pattern; /* NULL: not one of ours */
} classical;

static void start_classical(const classical *c, const zks__noise_pattern *pattern, ends *e)
{
    uint8_t publics[2][ZKS_DH_PUBLIC_BYTES];
    const vector_value *statics[] = {&c->init_static, &c->resp_static};
    const vector_value *ephemerals[] = {&c->init_ephemeral, &c->resp_ephemeral};
    const bool known[] = {pattern->initiator_known, pattern->responder_known};
    ends_configure(e, 1);
    for (int side = 0; side < 2; side++) {
        e->config[0].suite->dh_public(statics[side]->bytes, publics[side]);
    }
    for (int side = 0; side < 2; side++) {
        zks__noise_config n = e->config[side];
        e->random[side] = (draws){0};
        draws_add(&e->random[side], ephemerals[side]->bytes, ephemerals[side]->length);
        n.pattern = pattern;
        n.name = c->name;
        n.hash = strstr(c->name, "BLAKE2b") ? &blake2b : &zks__noise_sha256;
        n.prologue = c->prologue.bytes;
        n.prologue_length = c->prologue.length;
        n.dh_secret = statics[side]->bytes;
        n.kem_seed = NULL;
        n.peer_dh = known[1 - side] ? publics[1 - side] : NULL;
        ck_assert_int_eq(zks__noise_new(&n, &e->noise[side]), ZKS_OK);
    }
}

static void check_classical(const classical *c, const zks__noise_pattern *pattern)
{
    static ends e;
    zks__noise_cipher send[2], receive[2];
    start_classical(c, pattern, &e);
    for (size_t i = 0; i < pattern->messages; i++) {
        uint8_t out[1024];
        size_t length = 0, payload_length = 0;
        const uint8_t *payload = NULL;
        ck_assert_int_eq(zks__noise_write(e.noise[i % 2], c->payload[i].bytes, c->payload[i].length,
                                          out, sizeof out, &length),
                         ZKS_OK);
        ck_assert_uint_eq(length, c->ciphertext[i].length);
        ck_assert_msg(memcmp(out, c->ciphertext[i].bytes, length) == 0, "%s: message %zu", c->name,
                      i);
        ck_assert_int_eq(
            zks__noise_read(e.noise[1 - i % 2], out, length, &payload, &payload_length), ZKS_OK);
        ck_assert_uint_eq(payload_length, c->payload[i].length);
        ck_assert(!payload_length || memcmp(payload, c->payload[i].bytes, payload_length) == 0);
    }
    for (int side = 0; side < 2; side++) {
        ck_assert_int_eq(zks__noise_split(e.noise[side], &zks__noise_limits_default, &send[side],
                                          &receive[side]),
                         ZKS_OK);
    }
    for (size_t i = pattern->messages; i < c->count; i++) {
        size_t from = (i - pattern->messages) % 2;
        check_transport(&send[from], &receive[1 - from], c->payload[i].bytes, c->payload[i].length,
                        &c->ciphertext[i]);
    }
    ends_stop(&e);
}

/* The pattern that this code has, NULL: a hash, cipher or modifier that is not ours. */
static const zks__noise_pattern *find_pattern(const char *name)
{
    for (size_t i = 0; i < ZKS_COUNTOF(patterns); i++) {
        char full[2][64];
        snprintf(full[0], sizeof full[0], "Noise_%s_25519_ChaChaPoly_SHA256", patterns[i].name);
        snprintf(full[1], sizeof full[1], "Noise_%s_25519_ChaChaPoly_BLAKE2b", patterns[i].name);
        if (strcmp(name, full[0]) == 0 || strcmp(name, full[1]) == 0) {
            return &patterns[i].p;
        }
    }
    return NULL;
}

/* `name=hex` */
static void read_line(classical *c, const char *line)
{
    const char *value = strchr(line, '=');
    if (!value) {
        return;
    }
    value++;
    if (strncmp(line, "handshake=", 10) == 0) {
        c->count = 0;
        c->prologue.length = c->init_static.length = c->resp_static.length = 0;
        snprintf(c->name, sizeof c->name, "%.*s", (int)strcspn(value, "\n"), value);
        c->pattern = find_pattern(c->name);
    } else if (!c->pattern) {
        return; /* nine in ten */
    } else if (strncmp(line, "init_static=", 12) == 0) {
        read_hex(value, &c->init_static);
    } else if (strncmp(line, "resp_static=", 12) == 0) {
        read_hex(value, &c->resp_static);
    } else if (strncmp(line, "gen_init_ephemeral=", 19) == 0) {
        read_hex(value, &c->init_ephemeral);
    } else if (strncmp(line, "gen_resp_ephemeral=", 19) == 0) {
        read_hex(value, &c->resp_ephemeral);
    } else if (strncmp(line, "prologue=", 9) == 0) {
        read_hex(value, &c->prologue);
    } else if (strncmp(line, "msg_", 4) == 0 && strstr(line, "_payload=")) {
        read_hex(value, &c->payload[c->count]);
    } else if (strncmp(line, "msg_", 4) == 0) {
        ck_assert_uint_lt(c->count, MESSAGES_MAX - 1);
        read_hex(value, &c->ciphertext[c->count++]);
    }
}

START_TEST(classical_patterns_equal_the_vectors_of_flynn_noise)
{
    static const char path[] = "/usr/share/gocode/src/github.com/flynn/noise/vectors.txt";
    static classical c;
    char line[4096];
    size_t checked = 0;
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is missing: run scripts/bootstrap --test", path);
    bool more = true;
    while (more) {
        more = fgets(line, sizeof line, file) != NULL;
        if (more && line[0] != '\n') {
            read_line(&c, line);
            continue;
        }
        if (c.count) {
            check_classical(&c, c.pattern);
            checked++;
        }
        c.count = 0;
    }
    fclose(file);
    printf("%zu vectors of flynn/noise agree\n", checked);
    ck_assert_uint_eq(checked, ZKS_COUNTOF(patterns) * 2 * 4);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, hybrid_xx_equals_the_published_transcript, 0, 3);
    tcase_add_test(c, classical_patterns_equal_the_vectors_of_flynn_noise);
}

int main(void)
{
    return unit_main("noise vectors", add);
}
