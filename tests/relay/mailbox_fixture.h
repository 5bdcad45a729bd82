/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What tests of mailboxes say to a relay and expect of it. */
#ifndef ZKS_TESTS_MAILBOX_FIXTURE_H
#define ZKS_TESTS_MAILBOX_FIXTURE_H

#include "relay_fixture.h"

#include "relay/core/limits.h"

/* Gives the device the right to invite, before it says HELLO. not_after_s: 0 for ever. */
static inline void may_invite_until(raw_client *c, uint64_t not_after_s)
{
    const zks__group_root *root = &c->group->root;
    const zks__suite *suite = zks__crypto_suite(root->suite);
    zks__member m = {.rights = ZKS_RIGHT_INVITE, .not_after_s = not_after_s};
    zks__record record;
    suite->seal_public(c->keys.seal_seed, m.seal_key);
    suite->dh_public(c->keys.noise_dh_secret, m.noise_dh);
    zks__crypto_kem_public(c->keys.noise_kem_seed, m.noise_kem);
    ck_assert_int_eq(zks__record_make_member(root->suite, root->group_id, &m, &c->keys.sign,
                                             &root->root, c->member.bytes, sizeof c->member.bytes,
                                             &c->member.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_read(c->member.bytes, c->member.length, &record), ZKS_OK);
    memcpy(c->member_hash, record.hash, sizeof c->member_hash);
}

static inline void may_invite(raw_client *c)
{
    may_invite_until(c, 0);
}

/* c[0] is online and may invite; the others are only devices with keys. */
static inline fixture *fixture_inviting(const char *options)
{
    fixture *f = fixture_new(options);
    may_invite(&f->c[0]);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    return f;
}

static inline void send_open(raw_client *c, const uint8_t *nameplate, uint32_t life_ms)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_OPEN};
    if (nameplate) {
        memcpy(m.mailbox_open.nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
    }
    m.mailbox_open.life_ms = life_ms;
    raw_send(c, &m);
}

static inline zks__mailbox_open open_box(raw_client *c, uint32_t life_ms)
{
    send_open(c, NULL, life_ms);
    return raw_expect(c, ZKS_MESSAGE_MAILBOX_OPEN)->mailbox_open;
}

static inline void send_put(raw_client *c, const uint8_t *nameplate, uint32_t attempt,
                            uint8_t flags, const void *data, size_t length)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_PUT};
    memcpy(m.mailbox_put.nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
    m.mailbox_put.attempt = attempt;
    m.mailbox_put.flags = flags;
    m.mailbox_put.data = (zks__slice){data, length};
    raw_send(c, &m);
}

static inline void send_close(raw_client *c, const uint8_t *nameplate, uint32_t attempt,
                              uint32_t code)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_CLOSE};
    memcpy(m.mailbox_close.nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
    m.mailbox_close.attempt = attempt;
    m.mailbox_close.code = code;
    raw_send(c, &m);
}

/* Connects without HELLO and asks for the mailbox. */
static inline void get(fixture *f, raw_client *c, const uint8_t *nameplate)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_GET};
    memcpy(m.mailbox_get.nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
    raw_disconnect(c);
    ck_assert_int_eq(raw_connect(c, f->relay.address), ZKS_OK);
    raw_send(c, &m);
}

static inline void expect_put(raw_client *c, uint32_t attempt, const char *text)
{
    const zks__message *m = raw_expect(c, ZKS_MESSAGE_MAILBOX_PUT);
    ck_assert_uint_eq(m->mailbox_put.attempt, attempt);
    ck_assert_uint_eq(m->mailbox_put.data.length, strlen(text));
    ck_assert_mem_eq(m->mailbox_put.data.data, text, strlen(text));
}

static inline void expect_close(raw_client *c, uint32_t attempt, uint32_t code)
{
    const zks__message *m = raw_expect(c, ZKS_MESSAGE_MAILBOX_CLOSE);
    ck_assert_uint_eq(m->mailbox_close.attempt, attempt);
    ck_assert_uint_eq(m->mailbox_close.code, code);
}

/* Why, and then the end. */
static inline void expect_let_go(raw_client *c, uint32_t attempt, uint32_t code)
{
    expect_close(c, attempt, code);
    raw_expect(c, ZKS_MESSAGE_BYE);
    raw_expect_closed(c);
}

static inline void expect_get_refused(fixture *f, raw_client *c, const uint8_t *nameplate,
                                      uint32_t code)
{
    get(f, c, nameplate);
    const zks__message *m = raw_expect(c, ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(m->error.code, code);
    ck_assert_uint_eq(m->error.about, ZKS_MESSAGE_MAILBOX_GET);
    ck_assert_uint_gt(m->error.text.length, 0);
    raw_expect_closed(c);
}

/* A mailbox whose first message is there, and a joiner that has it. */
static inline zks__mailbox_open locked_box(fixture *f, raw_client *joiner, uint32_t life_ms)
{
    zks__mailbox_open box = open_box(&f->c[0], life_ms);
    send_put(&f->c[0], box.nameplate, 1, 0, "first", 5);
    get(f, joiner, box.nameplate);
    expect_put(joiner, 1, "first");
    return box;
}

static inline zks__mailbox_open claim(raw_client *c, const char *nameplate)
{
    send_open(c, (const uint8_t *)nameplate, 0);
    zks__mailbox_open box = raw_expect(c, ZKS_MESSAGE_MAILBOX_OPEN)->mailbox_open;
    ck_assert_mem_eq(box.nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
    return box;
}

#endif
