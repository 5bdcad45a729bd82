/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The chains that are known here, and their authors. A chain is *proven* when an entry of it has
 * come that its author signed, or was made here. Any member can name one, or write unsigned entries
 * into one: of a chain that is only named nothing is kept but a claim, and of one that is not
 * proven nothing but what is held of it (docs/SECURITY.md, section 6).
 */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

enum { KEY_BYTES = ZKS_DEVICE_ID_BYTES + ZKS_CHAIN_BYTES };

static void make_key(const uint8_t author[ZKS_DEVICE_ID_BYTES],
                     const uint8_t chain[ZKS_CHAIN_BYTES], uint8_t out[KEY_BYTES])
{
    memcpy(out, author, ZKS_DEVICE_ID_BYTES);
    memcpy(out + ZKS_DEVICE_ID_BYTES, chain, ZKS_CHAIN_BYTES);
}

zks__known_chain *zks__ledger_find_chain(const zks__ledger *l,
                                         const uint8_t author[ZKS_DEVICE_ID_BYTES],
                                         const uint8_t chain[ZKS_CHAIN_BYTES])
{
    uint8_t key[KEY_BYTES];
    make_key(author, chain, key);
    return zks__map_get(l->chains, key, sizeof key);
}

zks__known_author *zks__ledger_find_author(const zks__ledger *l,
                                           const uint8_t author[ZKS_DEVICE_ID_BYTES])
{
    return zks__map_get(l->authors, author, ZKS_DEVICE_ID_BYTES);
}

static zks_status need_author(zks__ledger *l, const uint8_t author[ZKS_DEVICE_ID_BYTES],
                              zks__known_author **out)
{
    *out = zks__ledger_find_author(l, author);
    if (*out) {
        return ZKS_OK;
    }
    zks__known_author *made = zks__alloc_zero(1, sizeof *made);
    zks_status status = made ? zks__map_put(l->authors, author, ZKS_DEVICE_ID_BYTES, made)
                             : ZKS_E_NOMEM;
    if (status) {
        zks__free(made);
        return status;
    }
    *out = made;
    return ZKS_OK;
}

zks_status zks__ledger_know_chain(zks__ledger *l, const zks__store_chain *row,
                                  zks__known_chain **out)
{
    uint8_t key[KEY_BYTES];
    make_key(row->author, row->chain, key);
    zks__known_chain *known = zks__alloc_zero(1, sizeof *known);
    zks_status status = known ? need_author(l, row->author, &known->of) : ZKS_E_NOMEM;
    if (!status) {
        known->row = *row;
        status = zks__map_put(l->chain_rows, &row->c, sizeof row->c, known);
    }
    if (!status) {
        status = zks__map_put(l->chains, key, sizeof key, known);
        if (status) {
            (void)zks__map_remove(l->chain_rows, &row->c, sizeof row->c);
        }
    }
    if (status) {
        zks__free(known);
        return status;
    }
    if (row->own || row->tip_seq) {
        zks__ledger_prove_chain(known);
    }
    *out = known;
    return ZKS_OK;
}

zks_status zks__ledger_chain(zks__ledger *l, const uint8_t author[ZKS_DEVICE_ID_BYTES],
                             const uint8_t chain[ZKS_CHAIN_BYTES], bool own, zks__known_chain **out)
{
    zks__known_chain *known = zks__ledger_find_chain(l, author, chain);
    if (known) {
        *out = known;
        return ZKS_OK;
    }
    zks__store_chain row = {.own = own};
    memcpy(row.author, author, sizeof row.author);
    memcpy(row.chain, chain, sizeof row.chain);
    zks_status status = zks__store_chain_add(l->store, l->group.g, &row);
    return status ? status : zks__ledger_know_chain(l, &row, out);
}

zks__known_chain *zks__ledger_chain_by_row(const zks__ledger *l, int64_t c)
{
    return zks__map_get(l->chain_rows, &c, sizeof c);
}

void zks__ledger_prove_chain(zks__known_chain *chain)
{
    zks__known_author *author = chain->of;
    if (chain->proven) {
        return;
    }
    chain->proven = true;
    author->chains++;
    if (!author->newest || author->newest->row.c < chain->row.c) {
        author->newest = chain;
    }
}

bool zks__ledger_has_room_for_chain(const zks__ledger *l, const zks__entry *e)
{
    const zks__known_chain *chain = zks__ledger_find_chain(l, e->author, e->chain);
    const zks__known_author *author = zks__ledger_find_author(l, e->author);
    return (chain && chain->proven) || !author || author->chains < ZKS_CHAINS_PER_AUTHOR_MAX;
}

zks_status zks__ledger_sweep_chains(zks__ledger *l)
{
    size_t position = 0;
    zks_status status = ZKS_OK;
    if (!l->chains_empty) {
        return ZKS_OK;
    }
    for (zks__known_chain *k = zks__map_next(l->chains, &position); k && !status;
         k = zks__map_next(l->chains, &position)) {
        zks__history_key key;
        memcpy(key.author, k->row.author, sizeof key.author);
        memcpy(key.chain, k->row.chain, sizeof key.chain);
        if (k->proven || k->held || !zks__history_drop_chain(l->history, &key)) {
            continue;
        }
        uint8_t name[KEY_BYTES];
        make_key(k->row.author, k->row.chain, name);
        zks__list_remove(&k->dirty);
        status = zks__store_chain_remove(l->store, k->row.c);
        (void)zks__map_remove(l->chains, name, sizeof name);
        (void)zks__map_remove(l->chain_rows, &k->row.c, sizeof k->row.c);
        zks__free(k);
    }
    l->chains_empty = status != ZKS_OK;
    return status;
}

zks_status zks__ledger_chains_init(zks__ledger *l, const uint8_t seed[16])
{
    l->chains = zks__map_new(seed);
    l->chain_rows = zks__map_new(seed);
    l->authors = zks__map_new(seed);
    zks__list_init(&l->dirty);
    l->chains_empty = true; /* an earlier run may have ended before it swept */
    return l->chains && l->chain_rows && l->authors ? ZKS_OK : ZKS_E_NOMEM;
}

static void free_values(zks__map *m)
{
    size_t position = 0;
    for (void *v = m ? zks__map_next(m, &position) : NULL; v; v = zks__map_next(m, &position)) {
        zks__free(v);
    }
    zks__map_free(m);
}

void zks__ledger_chains_done(zks__ledger *l)
{
    zks__map_free(l->chain_rows);
    free_values(l->chains);
    free_values(l->authors);
    l->chains = l->chain_rows = l->authors = NULL;
    l->own = NULL;
}
