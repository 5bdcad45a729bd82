/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/storage.h"

#include "base/alloc.h"
#include "base/fork.h"
#include "client/ledger.h"
#include "client/runtime.h"

#include <string.h>

enum {
    /* A transaction takes what waits, but not so much that the first waits long for the last. */
    JOBS_PER_COMMIT_MAX = 2048
};

typedef struct open_store {
    zks__node node;
    zks__store *store;
    zks__keyring *keyring; /* NULL: not unlocked yet */
    char *path;            /* NULL: in memory, never shared */
    size_t users;
} open_store;

struct zks__storage {
    zks_runtime *runtime; /* outlives this */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    zks__list waiting;
    bool stopping;
    zks__list finished; /* guarded by mutex; the loop thread takes it */
    bool posted;
    zks__list stores, claims; /* storage thread only */
    zks__task deliver;        /* runs finish of the finished jobs on the loop thread */
};

static zks__job *job_of(zks__node *node)
{
    return ZKS_CONTAINER(ZKS_CONTAINER(node, zks__task, node), zks__job, task);
}

/* The longest run of jobs at the front that belong into one transaction; one ALONE job by itself.
 */
static void take_group(zks__list *from, zks__list *out_group)
{
    zks__list_init(out_group);
    zks__store *store = NULL;
    for (size_t count = 0; count < JOBS_PER_COMMIT_MAX; count++) {
        zks__node *node = zks__list_first(from);
        if (!node) {
            return;
        }
        zks__job *job = job_of(node);
        if (job->kind == ZKS_JOB_ALONE && count) {
            return;
        }
        zks__store *of_job = *job->ledger ? zks__ledger_store(*job->ledger) : NULL;
        if (count && of_job != store) {
            return;
        }
        store = of_job;
        zks__list_remove(node);
        zks__list_append(out_group, node);
        if (job->kind == ZKS_JOB_ALONE) {
            return;
        }
    }
}

/* The last push of each ledger in this transaction signs for all before it. */
static void mark_last_pushes(zks__list *group)
{
    for (zks__node *n = group->head.prev; n != &group->head; n = n->prev) {
        zks__job *job = job_of(n);
        if (job->kind != ZKS_JOB_PUSH || !*job->ledger) {
            continue;
        }
        job->last_push = !zks__ledger_marked(*job->ledger);
        zks__ledger_mark(*job->ledger, true);
    }
    for (zks__node *n = zks__list_first(group); n; n = zks__list_next(group, n)) {
        zks__job *job = job_of(n);
        if (*job->ledger) {
            zks__ledger_mark(*job->ledger, false);
        }
    }
}

static void run_in_transaction(zks__list *group, zks__store *store)
{
    zks_status status = zks__store_begin(store);
    for (zks__node *n = zks__list_first(group); n && !status; n = zks__list_next(group, n)) {
        zks__job *job = job_of(n);
        status = job->status = job->run(job);
    }
    if (!status) {
        status = zks__store_commit(store);
    }
    if (!status) {
        return;
    }
    zks__store_rollback(store);
    for (zks__node *n = zks__list_first(group); n; n = zks__list_next(group, n)) {
        zks__job *job = job_of(n);
        job->status = status;
        zks__ledger_rolled_back(*job->ledger, job->on_relay);
    }
}

static void run_group(zks__list *group)
{
    zks__job *first = job_of(zks__list_first(group));
    if (first->kind == ZKS_JOB_ALONE) {
        first->status = first->run(first);
        return;
    }
    if (!*first->ledger) { /* its client never opened, or has closed */
        for (zks__node *n = zks__list_first(group); n; n = zks__list_next(group, n)) {
            job_of(n)->status = ZKS_E_CANCELLED;
        }
        return;
    }
    mark_last_pushes(group);
    run_in_transaction(group, zks__ledger_store(*first->ledger));
    for (zks__node *n = zks__list_first(group); n; n = zks__list_next(group, n)) {
        zks__ledger_reload(*job_of(n)->ledger); /* where a rollback or a new chain asks for it */
    }
}

static void hand_over(zks__storage *s, zks__list *group)
{
    pthread_mutex_lock(&s->mutex);
    zks__list_splice(&s->finished, group);
    bool post = !s->posted;
    s->posted = true;
    pthread_mutex_unlock(&s->mutex);
    if (post && !zks__runtime_post(s->runtime, &s->deliver)) {
        s->deliver.run(&s->deliver); /* cannot be: the loop outlives this thread */
    }
}

static void *storage_thread(void *argument)
{
    zks__storage *s = argument;
    zks__list taken;
    zks__list_init(&taken);
    for (;;) {
        pthread_mutex_lock(&s->mutex);
        while (zks__list_empty(&s->waiting) && !s->stopping) {
            pthread_cond_wait(&s->changed, &s->mutex);
        }
        zks__list_splice(&taken, &s->waiting);
        pthread_mutex_unlock(&s->mutex);
        if (zks__list_empty(&taken)) {
            return NULL;
        }
        while (!zks__list_empty(&taken)) {
            zks__list group;
            take_group(&taken, &group);
            zks__fork_hold();
            run_group(&group);
            zks__fork_release();
            hand_over(s, &group);
        }
    }
}

static void deliver_finished(zks__task *task)
{
    zks__storage *s = ZKS_CONTAINER(task, zks__storage, deliver);
    zks__list finished;
    zks__list_init(&finished);
    pthread_mutex_lock(&s->mutex);
    zks__list_splice(&finished, &s->finished);
    s->posted = false;
    pthread_mutex_unlock(&s->mutex);
    for (zks__node *n = zks__list_pop(&finished); n; n = zks__list_pop(&finished)) {
        zks__job *job = job_of(n);
        job->finish(job);
    }
}

zks_status zks__storage_new(zks_runtime *r, zks__storage **out_storage)
{
    zks__storage *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return ZKS_E_NOMEM;
    }
    s->runtime = r;
    s->deliver.run = deliver_finished;
    zks__list_init(&s->waiting);
    zks__list_init(&s->finished);
    zks__list_init(&s->stores);
    zks__list_init(&s->claims);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
    zks_status status = zks__thread_start(&s->thread, "zks-storage", storage_thread, s);
    if (status) {
        pthread_cond_destroy(&s->changed);
        pthread_mutex_destroy(&s->mutex);
        zks__free(s);
        return status;
    }
    *out_storage = s;
    return ZKS_OK;
}

void zks__storage_submit(zks__storage *s, zks__job *job)
{
    pthread_mutex_lock(&s->mutex);
    zks__list_append(&s->waiting, &job->task.node);
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->mutex);
}

zks_status zks__storage_store_open(zks__storage *s, const char *path, char *problem,
                                   zks__store **out_store)
{
    for (zks__node *n = zks__list_first(&s->stores); n; n = zks__list_next(&s->stores, n)) {
        open_store *o = ZKS_CONTAINER(n, open_store, node);
        if (path && o->path && strcmp(path, o->path) == 0) {
            o->users++;
            *out_store = o->store;
            return ZKS_OK;
        }
    }
    open_store *o = zks__alloc_zero(1, sizeof *o);
    zks_status status = o ? ZKS_OK : ZKS_E_NOMEM;
    if (o && path) {
        o->path = zks__strdup(path);
        status = o->path ? ZKS_OK : ZKS_E_NOMEM;
    }
    zks__store_config config = {.path = path, .log = &s->runtime->log};
    if (!status) {
        status = zks__store_open(&config, problem, &o->store);
    }
    if (status) {
        if (o) {
            zks__free(o->path);
        }
        zks__free(o);
        return status;
    }
    o->users = 1;
    zks__list_append(&s->stores, &o->node);
    *out_store = o->store;
    return ZKS_OK;
}

zks_status zks__storage_unlock(zks__storage *s, const zks__store *store, const zks__master_key *key,
                               const char **out_text, zks__keyring **out_keyring)
{
    for (zks__node *n = zks__list_first(&s->stores); n; n = zks__list_next(&s->stores, n)) {
        open_store *o = ZKS_CONTAINER(n, open_store, node);
        if (o->store == store) {
            zks_status status = o->keyring
                                    ? zks__keyring_check(o->keyring, key, out_text)
                                    : zks__keyring_open(s->runtime->vault, o->store, key,
                                                        &s->runtime->rng, out_text, &o->keyring);
            if (!status) {
                *out_keyring = o->keyring;
            }
            return status;
        }
    }
    return ZKS_E_INTERNAL; /* the caller has it open */
}

void zks__storage_store_release(zks__storage *s, zks__store *store)
{
    for (zks__node *n = zks__list_first(&s->stores); n; n = zks__list_next(&s->stores, n)) {
        open_store *o = ZKS_CONTAINER(n, open_store, node);
        if (o->store == store && --o->users == 0) {
            zks__list_remove(n);
            zks__keyring_free(o->keyring);
            zks__store_close(o->store);
            zks__free(o->path);
            zks__free(o);
            return;
        }
    }
}

zks_status zks__storage_claim(zks__storage *s, const zks__store *store,
                              const uint8_t group_id[ZKS_GROUP_ID_BYTES], zks__claim *claim)
{
    for (zks__node *n = zks__list_first(&s->claims); n; n = zks__list_next(&s->claims, n)) {
        const zks__claim *other = ZKS_CONTAINER(n, zks__claim, node);
        if (other->store == store && !memcmp(other->group_id, group_id, ZKS_GROUP_ID_BYTES)) {
            return ZKS_E_STORE_BUSY;
        }
    }
    claim->store = store;
    memcpy(claim->group_id, group_id, sizeof claim->group_id);
    zks__list_append(&s->claims, &claim->node);
    return ZKS_OK;
}

void zks__storage_free(zks__storage *s)
{
    if (!s) {
        return;
    }
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    zks__runtime_forget(s->runtime, &s->deliver);
    deliver_finished(&s->deliver);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->mutex);
    zks__free(s);
}
