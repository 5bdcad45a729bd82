/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Handles that are numbers in JavaScript, places in this table: operations, and what lives for one
 * call of this package. An external value for each, as other handles have, would cost a finalizer
 * for each; and Deno keeps 48 bytes for each external value for ever. The price: nobody frees what
 * JavaScript forgets. engine.cjs frees each operation when it is done, snapshots.cjs what it reads.
 */
#include "addon.h"

#include <stdlib.h>

enum { FIRST_ROOM = 64 };

bool zn_slot_kind(zn_kind kind)
{
    return kind == ZN_OP || kind == ZN_EVENT || kind == ZN_DEVICES || kind == ZN_REPORT;
}

static bool grow(zn_slots *s)
{
    uint32_t room = s->room ? 2 * s->room : FIRST_ROOM;
    zn_slot *items = realloc(s->items, room * sizeof *items);
    if (!items) {
        return false;
    }
    for (uint32_t i = s->room; i < room; i++) {
        items[i] = (zn_slot){.pointer = NULL, .next = i + 1};
    }
    s->items = items;
    s->free = s->room;
    s->room = room;
    return true;
}

bool zn_slot_put(zn_slots *s, zn_kind kind, void *pointer, uint32_t *out_place)
{
    if (s->free == s->room && !grow(s)) {
        return false;
    }
    uint32_t place = s->free;
    s->free = s->items[place].next;
    s->items[place].kind = kind;
    s->items[place].pointer = pointer;
    *out_place = place;
    return true;
}

void *zn_slot_get(const zn_slots *s, uint32_t place, zn_kind kind)
{
    return place < s->room && s->items[place].kind == kind ? s->items[place].pointer : NULL;
}

void *zn_slot_take(zn_slots *s, uint32_t place, zn_kind kind)
{
    void *pointer = zn_slot_get(s, place, kind);
    if (pointer) {
        s->items[place] = (zn_slot){.pointer = NULL, .next = s->free};
        s->free = place;
    }
    return pointer;
}

void zn_slots_clear(zn_slots *s)
{
    for (uint32_t i = 0; i < s->room; i++) {
        if (s->items[i].pointer) {
            zn_free(s->items[i].kind, s->items[i].pointer);
        }
    }
    free(s->items);
    *s = (zn_slots){0};
}
