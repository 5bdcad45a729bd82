/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Operations are numbers in JavaScript, places in this table. An external value for each, as other
 * handles have, would cost a finalizer for each; and Deno runs finalizers only at its end. The
 * price: nobody frees an operation that JavaScript forgets. engine.cjs frees each when it is done.
 */
#include "addon.h"

#include <stdlib.h>

enum { FIRST_ROOM = 64 };

static bool grow(zn_slots *s)
{
    uint32_t room = s->room ? 2 * s->room : FIRST_ROOM;
    zn_slot *items = realloc(s->items, room * sizeof *items);
    if (!items) {
        return false;
    }
    for (uint32_t i = s->room; i < room; i++) {
        items[i] = (zn_slot){.op = NULL, .next = i + 1};
    }
    s->items = items;
    s->free = s->room;
    s->room = room;
    return true;
}

bool zn_slot_put(zn_slots *s, zks_op *op, uint32_t *out_place)
{
    if (s->free == s->room && !grow(s)) {
        return false;
    }
    uint32_t place = s->free;
    s->free = s->items[place].next;
    s->items[place].op = op;
    *out_place = place;
    return true;
}

zks_op *zn_slot_get(const zn_slots *s, uint32_t place)
{
    return place < s->room ? s->items[place].op : NULL;
}

zks_op *zn_slot_take(zn_slots *s, uint32_t place)
{
    zks_op *op = zn_slot_get(s, place);
    if (op) {
        s->items[place] = (zn_slot){.op = NULL, .next = s->free};
        s->free = place;
    }
    return op;
}

void zn_slots_clear(zn_slots *s)
{
    for (uint32_t i = 0; i < s->room; i++) {
        zks_op_free(s->items[i].op);
    }
    free(s->items);
    *s = (zn_slots){0};
}
