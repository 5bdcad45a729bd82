/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a client does with a pairing machine, as a test needs it: real keys and records, actions
 * done at once, everything remembered. The owner carries the messages: `send` gets each one, and
 * pair_glue_message brings one in.
 */
#ifndef ZKS_TESTS_PAIR_GLUE_H
#define ZKS_TESTS_PAIR_GLUE_H

#include "pairing/pairing.h"

enum { PAIR_BUNDLE_BYTES = 64 << 10, PAIR_RECORD_BYTES = 8192 };

/* A group: root, the inviting device, GENESIS and EPOCH 0. */
typedef struct pair_group {
    uint8_t suite, mode;
    zks__sign_key root, inviter;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t genesis[PAIR_RECORD_BYTES], epoch[PAIR_RECORD_BYTES];
    size_t genesis_length, epoch_length;
    uint8_t epoch_hash[ZKS_RECORD_HASH_BYTES];
} pair_group;

void pair_group_init(pair_group *g, uint8_t suite, uint8_t seed); /* paired */
void pair_group_init_shared(pair_group *g, uint8_t suite, uint8_t seed);

/* What the inviter gives that it should not, or the joiner. */
typedef enum pair_fault {
    PAIR_FAULT_NONE,
    PAIR_FAULT_NO_MEMBER,     /* the bundle lacks the joiner's MEMBER */
    PAIR_FAULT_FORGED_MEMBER, /* its issuer's signature is broken */
    PAIR_FAULT_OTHER_RELAY,   /* the bundle has another relay key */
    PAIR_FAULT_OTHER_MODE,    /* the bundle is one of the other mode's */
    PAIR_FAULT_BROKEN_BUNDLE, /* it does not read */
    PAIR_FAULT_MORE_RIGHTS,   /* the joiner takes more rights than offered */
    PAIR_FAULT_OTHER_GROUP,   /* the joiner's MEMBER is for another group */
    PAIR_FAULT_BAD_NAME,      /* a name with a line break */
    PAIR_FAULT_STORE_FAILS,   /* the joiner cannot store */
    PAIR_FAULT_COMMIT_FAILS   /* the relay does not take the MEMBER */
} pair_fault;

typedef void (*pair_send)(const zks__message *m, void *user);

typedef struct pair_glue {
    zks__inviter *inviter; /* one of the two */
    zks__joiner *joiner;
    const pair_group *group; /* inviter: its group; joiner: for the bundle's check */
    uint8_t relay_key[32];
    uint64_t random; /* of memory_random */
    uint64_t now_ms;
    pair_fault fault;
    bool decline, hold_answer; /* of ASK: answer no, or only when the test does */
    bool hold_commit;
    pair_send send;
    void *user;
    /* what happened */
    unsigned codes, asks, wrong_tries, tries_left, stores;
    char code[ZKS_PAIR_LINK_TEXT_BYTES];
    bool digits_shown;
    uint32_t digits;
    char name[ZKS_PAIR_NAME_MAX_BYTES + 1];
    bool ended, committed, spent, opening;
    zks_status status;
    char text[256];
    uint8_t device[ZKS_SIGN_PUBLIC_BYTES]; /* joiner: its new identity */
    uint8_t secret[ZKS_KEY_BYTES];         /* joiner: the epoch's or group's secret it was given */
    uint8_t part[ZKS_PAIR_PART_MAX_BYTES];
    size_t part_length;
} pair_glue;

void pair_inviter_init(pair_glue *g, const pair_group *group, zks__pair_kind kind,
                       const uint8_t relay_key[32], uint64_t seed, pair_send send, void *user);
/* With a code that is there already. */
void pair_inviter_init_code(pair_glue *g, const pair_group *group, const char *code,
                            const uint8_t relay_key[32], uint64_t seed, pair_send send, void *user);
void pair_joiner_init(pair_glue *g, const pair_group *group, const char *code,
                      const uint8_t relay_key[32], uint64_t seed, pair_send send, void *user);
void pair_glue_done(pair_glue *g);
void pair_glue_event(pair_glue *g, zks__pairing_event_kind kind);
void pair_glue_lost(pair_glue *g, zks_status status);
void pair_glue_answer(pair_glue *g, bool accept);
void pair_glue_commit(pair_glue *g); /* with hold_commit */
void pair_glue_message(pair_glue *g, const zks__message *m);
uint64_t pair_glue_deadline(const pair_glue *g);

#endif
