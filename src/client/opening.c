/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Opening a client, in four steps, since stretching a passphrase and asking a keychain block:
 *
 *   begin   loop thread     the client appears in its runtime
 *   look    storage thread  the store is opened; its Argon2id descriptor is read
 *   derive  worker thread   group secret and store key are derived, or the app's callback is asked;
 *                           left out where nothing is to be derived
 *   open    storage thread  the secrets are opened, the group is found or made
 *
 * A client that joins a group has two more between derive and open:
 *
 *   prepare storage thread  the store is unlocked and must be empty; the device's seed is read
 *   join    loop thread     another device lets this one in (joining.h), and gives what open keeps
 *
 * What the client is asked meanwhile waits (ZKS_LIFE_OPENING) and follows the last step. All
 * secrets stand in one block of the vault, which ends with the opening.
 */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/secret.h"
#include "group/recovery.h"

#include <string.h>

typedef struct secrets {
    zks__client_secrets given;
    uint8_t group[32]; /* given or derived */
    zks__master_key store;
    zks__identity identity;
    uint8_t device_seed[ZKS_KEY_BYTES]; /* JOIN */
} secrets;

struct zks__opening {
    zks__client_job base; /* the last step */
    zks__task begin;
    zks__job look, prepare;
    zks__ledger_join join; /* JOIN */
    zks__joining *joining; /* waits for the store; NULL: none */
    char *relays;          /* JOIN: those of the inviter, one a line; the op takes them over */
    zks__work work;
    zks_op *op;
    secrets *secrets;
    zks__store *store; /* held between look and open */
    zks_store_key_fn key_fn;
    void *key_user;
    zks_free_fn key_user_free;
    bool has_secret, must_be_new, started;
    char *recovery;                        /* of a new paired group: secret; the op takes it over */
    char descriptor[ZKS_DESCRIPTOR_BYTES]; /* of the group */
    char store_descriptor[ZKS_DESCRIPTOR_BYTES]; /* of the store */
    zks_status early;                            /* of the steps before the last */
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    uint64_t last_n, last_seq, watermark, settled_n, pending_bytes, unread_count, unread_bytes;
    zks__device_entry *devices; /* known when the opening completes: zks_devices_get works then */
    size_t device_count;
    uint32_t epoch;
    uint64_t alarms[ZKS_STORE_ALARMS];
};

static void set_problem(zks__opening *o, const char *text)
{
    memset(o->problem, 0, sizeof o->problem);
    strncpy(o->problem, text, sizeof o->problem - 1);
}

static void free_opening(zks__opening *o)
{
    zks__free(o->relays);
    if (o->recovery) {
        zks__wipe(o->recovery, ZKS_RECOVERY_TEXT_BYTES);
        zks__free(o->recovery);
    }
    zks__free(o->devices);
    zks__vault_release(o->base.client->runtime->vault, o->secrets, sizeof *o->secrets);
    if (o->started && o->key_user_free) {
        o->key_user_free(o->key_user);
    }
    zks__client_job_free(&o->base);
}

/* --- look --------------------------------------------------------------------------------- */

static zks_status run_look(zks__job *job)
{
    zks__opening *o = ZKS_CONTAINER(job, zks__opening, look);
    const zks_client *c = o->base.client;
    const zks__client_secrets *given = &o->secrets->given;
    if (o->early) {
        return o->early;
    }
    zks_status status = zks__storage_store_open(c->runtime->storage, c->options.store_path,
                                                o->problem, &o->store);
    if (!status && given->store_passphrase_length) {
        status = zks__keyring_descriptor(o->store, c->options.suite, c->runtime->ram_bytes,
                                         &c->runtime->rng, o->store_descriptor);
        if (status) {
            set_problem(o, zks__store_problem(o->store));
        }
    } else if (!status && given->has_store_key) {
        zks__master_key_of_bytes(given->store_key, &o->secrets->store);
    }
    return status;
}

/* --- derive --------------------------------------------------------------------------------- */

static zks_status derive_group(zks__opening *o)
{
    const zks_client *c = o->base.client;
    const zks__client_secrets *given = &o->secrets->given;
    char made[ZKS_DESCRIPTOR_BYTES];
    const uint8_t *salt = c->options.salt;
    size_t salt_length = c->options.salt_length;
    if (!salt_length) { /* a new group, with parameters for this machine */
        zks_status status = zks__keyring_new_descriptor(c->options.suite, c->runtime->ram_bytes,
                                                        &c->runtime->rng, made);
        if (status) {
            return status;
        }
        salt = (const uint8_t *)made;
        salt_length = strlen(made);
    }
    o->has_secret = true;
    return zks__client_secret_derive(c->options.suite, given->passphrase, given->passphrase_length,
                                     salt, salt_length, o->secrets->group, o->descriptor);
}

static zks_status ask_for_key(zks__opening *o)
{
    uint8_t *key = o->secrets->given.store_key;
    zks_status status = o->key_fn(key, o->key_user);
    if (status) {
        set_problem(o, "the app's function gave no key for the store: unlock its keychain and open "
                       "the client again");
        return status < 0 ? status : ZKS_E_STORE_KEY;
    }
    zks__master_key_of_bytes(key, &o->secrets->store);
    return ZKS_OK;
}

static void derive(zks__work *work)
{
    zks__opening *o = ZKS_CONTAINER(work, zks__opening, work);
    const zks__client_secrets *given = &o->secrets->given;
    if (given->store_passphrase_length) {
        o->early = zks__master_key_derive(given->store_passphrase, given->store_passphrase_length,
                                          o->store_descriptor, &o->secrets->store);
    } else if (o->key_fn) {
        o->early = ask_for_key(o);
    }
    if (!o->early && given->passphrase_length) {
        o->early = derive_group(o);
    }
}

/* --- join ---------------------------------------------------------------------------------- */

static const char *joining_name(const zks_client *c)
{
    return c->options.device_name && c->options.device_name[0] ? c->options.device_name : "device";
}

static zks_status run_prepare(zks__job *job)
{
    zks__opening *o = ZKS_CONTAINER(job, zks__opening, prepare);
    zks__storage *storage = o->base.client->runtime->storage;
    zks__keyring *keyring = NULL;
    zks__store_group group;
    const char *text = NULL;
    zks_status status = zks__storage_unlock(storage, o->store, &o->secrets->store, &text, &keyring);
    if (!status) {
        status = zks__store_group_at(o->store, 0, &group);
        status = status == ZKS_E_NOT_FOUND ? ZKS_OK : status ? status : ZKS_E_STORE_GROUP;
    }
    if (!status) {
        status = zks__keyring_get(keyring, 0, NULL, ZKS_STORE_SECRET_DEVICE, NULL,
                                  o->secrets->device_seed);
    }
    if (status && text) {
        set_problem(o, text);
    }
    return status;
}

/* The keys are derived again, from the same instance, when the group is kept. */
static void join_group(const zks__pair_group *group, void *user)
{
    zks__opening *o = user;
    const zks_client *c = o->base.client;
    const zks__rng *rng = &c->runtime->rng;
    uint8_t part[ZKS_MEMBER_BODY_MAX_BYTES];
    size_t length = 0;
    zks__device_keys *keys = zks__vault_alloc(c->runtime->vault, sizeof *keys);
    zks_status status = keys ? ZKS_OK : ZKS_E_NOMEM;
    o->join.suite = group->suite;
    o->join.mode = group->mode;
    o->join.device_name = joining_name(c);
    memcpy(o->join.group_id, group->group_id, sizeof o->join.group_id);
    rng->fill(o->join.instance, sizeof o->join.instance, rng->user);
    if (!status) {
        zks__device_keys_derive(o->secrets->device_seed, group->group_id, o->join.instance, keys);
        status = zks__group_make_member_body(group->suite, group->group_id, keys, group->rights,
                                             group->not_after_s, part, sizeof part, &length);
    }
    zks__vault_release(c->runtime->vault, keys, sizeof *keys);
    zks__joining_member(c->joining, status, (zks__slice){part, length}, o->join.device_name);
}

static char *relay_lines(const zks__pair_bundle *bundle)
{
    zks__wire_list list = bundle->relays;
    zks__pair_relay_item item;
    size_t length = 0;
    char *lines = zks__alloc(list.count * (ZKS_ADDRESS_TEXT_BYTES + 1) + 1);
    while (lines && zks__pair_next_relay(&list, &item)) {
        if (zks__address_with_key((const char *)item.address.data, item.address.length, item.key,
                                  lines + length)) {
            length += strlen(lines + length);
            lines[length++] = '\n';
        }
    }
    if (lines) {
        lines[length ? length - 1 : 0] = '\0';
    }
    return lines;
}

static void go_on(zks__opening *o);

static void join_store(const zks__pair_bundle *bundle, const char *relay,
                       const uint8_t relay_key[32], void *user)
{
    zks__opening *o = user;
    o->join.bundle = bundle;
    o->join.relay = relay;
    memcpy(o->join.relay_key, relay_key, sizeof o->join.relay_key);
    o->relays = relay_lines(bundle);
    o->early = o->relays ? ZKS_OK : ZKS_E_NOMEM;
    o->joining = o->base.client->joining;
    go_on(o);
}

static void join_failed(zks_status status, const char *text, void *user)
{
    zks__opening *o = user;
    o->early = status;
    set_problem(o, text);
    go_on(o);
}

static void finish_prepare(zks__job *job)
{
    static const zks__joining_events events = {join_group, join_store, join_failed};
    zks__opening *o = ZKS_CONTAINER(job, zks__opening, prepare);
    o->early = job->status;
    if (o->early) {
        go_on(o);
    } else {
        zks__joining_start(o->base.client->joining, &events, o);
    }
}

void zks__opening_cancel(zks_client *c, zks_op *op)
{
    (void)op;
    if (c->joining) {
        zks__joining_cancel(c->joining);
    }
}

/* --- on to the last step ------------------------------------------------------------------- */

/* The open job goes first, then what has waited for it. Any thread. */
static void submit_open(zks__opening *o)
{
    zks_client *c = o->base.client;
    pthread_mutex_lock(&c->mutex);
    zks__storage_submit(c->runtime->storage, &o->base.job);
    if (c->life == ZKS_LIFE_OPENING) {
        c->life = ZKS_LIFE_OPEN;
    }
    for (zks__node *n = zks__list_pop(&c->deferred); n; n = zks__list_pop(&c->deferred)) {
        zks__storage_submit(c->runtime->storage,
                            ZKS_CONTAINER(ZKS_CONTAINER(n, zks__task, node), zks__job, task));
    }
    pthread_mutex_unlock(&c->mutex);
}

static void go_on(zks__opening *o)
{
    zks_client *c = o->base.client;
    zks__client_ref(c);
    submit_open(o);
    if (c->close_asked) {
        zks__client_begin_close(c);
    }
    zks__client_unref(c);
}

/* What opens the store is there. */
static void have_keys(zks__opening *o)
{
    zks_client *c = o->base.client;
    if (o->early || !c->joining) {
        go_on(o);
        return;
    }
    o->prepare = (zks__job){
        .kind = ZKS_JOB_ALONE, .ledger = &c->ledger, .run = run_prepare, .finish = finish_prepare};
    zks__storage_submit(c->runtime->storage, &o->prepare);
}

static void derived(zks__work *work)
{
    have_keys(ZKS_CONTAINER(work, zks__opening, work));
}

static void finish_look(zks__job *job)
{
    zks__opening *o = ZKS_CONTAINER(job, zks__opening, look);
    const zks__client_secrets *given = &o->secrets->given;
    bool works = given->passphrase_length || given->store_passphrase_length || o->key_fn;
    o->early = o->early ? o->early : job->status;
    if (o->early || !works) {
        have_keys(o);
        return;
    }
    o->work.run = derive;
    o->work.finish = derived;
    zks_status status = zks__work_start(o->base.client->runtime, &o->work);
    if (status) {
        o->early = status; /* only now: a started worker writes it */
        have_keys(o);
    }
}

/* --- open --------------------------------------------------------------------------------- */

static zks_status open_ledger(zks__opening *o)
{
    zks_client *c = o->base.client;
    const zks__origin origin = c->options.beginning.origin;
    const bool paired = origin == ZKS_ORIGIN_CREATE || origin == ZKS_ORIGIN_RESTORE;
    zks__ledger_config config = {.storage = c->runtime->storage,
                                 .vault = c->runtime->vault,
                                 .store = o->store,
                                 .secret = o->has_secret ? o->secrets->group : NULL,
                                 .join = o->join.bundle ? &o->join : NULL,
                                 .suite = zks__client_suite(c->options.suite,
                                                            (const uint8_t *)o->descriptor,
                                                            strlen(o->descriptor)),
                                 .mode = paired ? ZKS_GROUP_MODE_PAIRED : ZKS_GROUP_MODE_SHARED,
                                 .restore = origin == ZKS_ORIGIN_RESTORE,
                                 .store_key = &o->secrets->store,
                                 .must_be_new = o->must_be_new,
                                 .descriptor = o->descriptor[0] ? o->descriptor : NULL,
                                 .device_name = c->options.device_name,
                                 .rng = c->runtime->rng,
                                 .clock = c->runtime->clock,
                                 .log = &c->runtime->log};
    o->store = NULL; /* the ledger's from here on */
    return zks__ledger_open(&config, o->problem, &c->ledger);
}

static zks_status run_open(zks__job *job)
{
    zks__opening *o = (zks__opening *)job;
    zks_client *c = o->base.client;
    if (o->early) {
        if (o->store) {
            zks__storage_store_release(c->runtime->storage, o->store);
        }
        return o->early;
    }
    zks_status status = open_ledger(o);
    if (!status) {
        o->last_n = zks__ledger_last_n(c->ledger);
        o->last_seq = zks__ledger_last_seq(c->ledger);
        o->watermark = zks__ledger_watermark(c->ledger);
        o->settled_n = zks__ledger_inboxed_n(c->ledger);
        zks__ledger_identity(c->ledger, &o->secrets->identity);
        status = zks__ledger_unread(c->ledger, &o->unread_count, &o->unread_bytes);
    }
    if (!status) {
        status = zks__ledger_pending(c->ledger, o->settled_n, &o->pending_bytes);
    }
    if (!status) {
        o->epoch = zks__ledger_epoch_number(c->ledger);
        zks__ledger_alarms(c->ledger, o->alarms);
        status = zks__ledger_devices(c->ledger, &o->devices, &o->device_count);
    }
    if (status) { /* what is started on this client must fail, not be stored */
        zks__ledger_close(c->ledger);
        c->ledger = NULL;
    }
    return status;
}

static void take_opened(zks_client *c, zks__opening *o)
{
    atomic_store(&c->last_n, o->last_n);
    atomic_store(&c->last_seq, o->last_seq);
    atomic_store(&c->watermark, o->watermark);
    pthread_mutex_lock(&c->mutex);
    *c->identity = o->secrets->identity;
    c->settled_n = o->settled_n;
    c->pending_bytes = o->pending_bytes;
    c->unread_count = o->unread_count;
    c->unread_bytes = o->unread_bytes;
    c->restoring = c->identity->restoring;
    c->devices = o->devices;
    c->device_count = o->device_count;
    c->epoch = o->epoch;
    memcpy(c->alarms, o->alarms, sizeof c->alarms);
    o->devices = NULL;
    c->opened = true;
    pthread_mutex_unlock(&c->mutex);
    zks__sync_stored(c->sync, o->last_n);
    zks__sync_inbox_full(c->sync, o->unread_bytes >= c->options.inbox_max_bytes);
}

static void finish_open(zks__job *job)
{
    zks__opening *o = (zks__opening *)job;
    zks_client *c = o->base.client;
    zks_status status = job->status;
    if (status) {
        pthread_mutex_lock(&c->mutex);
        c->open_status = status;
        c->open_text = zks__strdup(o->problem[0] ? o->problem : zks__status_text(status));
        pthread_mutex_unlock(&c->mutex);
    } else {
        take_opened(c, o);
    }
    if (o->joining) {
        zks__joining_stored(o->joining, status);
    }
    const char *text;
    status = zks__client_job_status(c, status, &text);
    if (!status && o->relays) {
        zks__op_set_bytes(o->op, ZKS_OP_RELAYS, (uint8_t *)o->relays, strlen(o->relays));
        o->relays = NULL;
    }
    if (!status && o->recovery) {
        zks__op_set_bytes(o->op, ZKS_OP_RECOVERY_CODE, (uint8_t *)o->recovery, strlen(o->recovery));
        o->recovery = NULL;
    }
    zks__op_complete(o->op, status, text);
    if (status) {
        zks__client_end_all(c, status, text);
    }
    zks__client_pump(c);
    free_opening(o);
}

/* --- begin --------------------------------------------------------------------------------- */

static void begin(zks__task *task)
{
    zks__opening *o = ZKS_CONTAINER(task, zks__opening, begin);
    zks_client *c = o->base.client;
    zks__list_append(&c->runtime->clients, &c->in_runtime);
    c->looped = true;
    uv_timer_init(&c->runtime->loop, &c->timer);
    c->timer.data = c;
    c->timer_open = true;
    zks__client_ref(c); /* the timer's */
    o->look = (zks__job){
        .kind = ZKS_JOB_ALONE, .ledger = &c->ledger, .run = run_look, .finish = finish_look};
    zks__storage_submit(c->runtime->storage, &o->look);
}

/* The seed of a new paired group. It is wiped with the opening; the words are all that is left. */
static zks_status make_seed(zks__opening *o)
{
    const zks_client *c = o->base.client;
    const zks__rng *rng = &c->runtime->rng;
    uint8_t suite = c->options.suite ? c->options.suite : zks__crypto_suite_default();
    rng->fill(o->secrets->group, sizeof o->secrets->group, rng->user);
    o->has_secret = true;
    if (c->options.beginning.no_recovery) {
        return ZKS_OK;
    }
    o->recovery = zks__alloc(ZKS_RECOVERY_TEXT_BYTES);
    if (!o->recovery) {
        return ZKS_E_NOMEM;
    }
    zks__recovery_format(suite, o->secrets->group, o->recovery);
    return ZKS_OK;
}

/* The seed behind a recovery code. A code that cannot be read fails the opening. */
static void read_seed(zks__opening *o, const zks__beginning *beginning)
{
    size_t word = 0;
    uint8_t suite = 0;
    o->early = zks__recovery_parse(beginning->text, beginning->text_length, &suite,
                                   o->secrets->group, &word);
    o->has_secret = !o->early;
    if (o->early) {
        zks__recovery_explain(o->early, word, o->problem);
    } else {
        o->base.client->options.suite = suite;
    }
}

zks_status zks__opening_new(zks_client *c, const zks__client_options *options,
                            zks__opening **out_opening)
{
    zks__vault *vault = c->runtime->vault;
    zks__opening *o = zks__client_job_new(c, sizeof *o, ZKS_JOB_ALONE, run_open, finish_open);
    if (!o) {
        return ZKS_E_NOMEM;
    }
    o->secrets = zks__vault_alloc(vault, sizeof *o->secrets);
    c->identity = zks__vault_alloc(vault, sizeof *c->identity);
    if (!o->secrets || !c->identity) {
        free_opening(o);
        return ZKS_E_NOMEM; /* the client frees its identity */
    }
    if (options->secrets) {
        o->secrets->given = *options->secrets;
        o->has_secret = options->secrets->has_secret;
        memcpy(o->secrets->group, options->secrets->secret, sizeof o->secrets->group);
        o->must_be_new = options->secrets->passphrase_length && !options->salt_length;
    }
    if (options->beginning.origin == ZKS_ORIGIN_CREATE) {
        zks_status status = make_seed(o);
        if (status) {
            free_opening(o);
            return status;
        }
    } else if (options->beginning.origin == ZKS_ORIGIN_RESTORE) {
        read_seed(o, &options->beginning);
    } else if (c->joining) { /* a text that cannot be read leaves no store behind */
        const char *text;
        o->early = zks__joining_problem(c->joining, &text);
        set_problem(o, text);
    }
    o->key_fn = options->store_key_fn;
    o->key_user = options->store_key_user;
    o->key_user_free = options->store_key_user_free;
    *out_opening = o;
    return ZKS_OK;
}

bool zks__opening_start(zks__opening *o, zks_op *op)
{
    o->op = op;
    o->started = true; /* before: the loop thread may end it at once */
    o->begin.run = begin;
    if (zks__runtime_post_new(o->base.client->runtime, &o->begin)) {
        return true;
    }
    o->started = false;
    return false;
}

void zks__opening_discard(zks__opening *o)
{
    if (o) {
        free_opening(o);
    }
}

/* --- what is kept for a restored group only until it is restored ---------------------------- */

static zks_status run_forget(zks__job *job)
{
    return zks__ledger_forget_seed(((zks__client_job *)job)->client->ledger);
}

static void finish_forget(zks__job *job)
{
    zks__client_job *j = (zks__client_job *)job;
    if (job->status) {
        zks__client_store_state(j->client, job->status); /* the next opening tries again */
    }
    zks__client_job_free(j);
}

void zks__client_restored(zks_client *c)
{
    zks__client_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_ALONE, run_forget,
                                             finish_forget);
    if (j) {
        c->restoring = false;
        zks__client_job_start(j);
    }
}
