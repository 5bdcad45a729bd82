/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/waiting.h"

#include "base/alloc.h"

zks_status zks__waiting_init(zks__waiting *w, const uint8_t seed[16])
{
    w->sources = zks__map_new(seed);
    return w->sources ? ZKS_OK : ZKS_E_NOMEM;
}

void zks__waiting_done(zks__waiting *w)
{
    size_t position = 0;
    zks__source *s;
    while (w->sources && (s = zks__map_next(w->sources, &position))) {
        zks__free(s);
    }
    zks__map_free(w->sources);
    w->sources = NULL;
}

zks_status zks__waiting_source(zks__waiting *w, const uint8_t pusher[ZKS_DEVICE_ID_BYTES],
                               zks__source **out)
{
    zks__source *s = zks__map_get(w->sources, pusher, ZKS_DEVICE_ID_BYTES);
    if (s) {
        *out = s;
        return ZKS_OK;
    }
    s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return ZKS_E_NOMEM;
    }
    memcpy(s->pusher, pusher, sizeof s->pusher);
    zks__list_init(&s->held);
    zks_status status = zks__map_put(w->sources, pusher, ZKS_DEVICE_ID_BYTES, s);
    if (status) {
        zks__free(s);
        return status;
    }
    *out = s;
    return ZKS_OK;
}

void zks__waiting_add(zks__waiting *w, zks__held *n)
{
    zks__list_append(&n->source->held, &n->place);
    n->source->count++;
    n->source->bytes += n->bytes;
    w->count++;
    w->bytes += n->bytes;
}

void zks__waiting_remove(zks__waiting *w, zks__held *n)
{
    zks__list_remove(&n->place);
    n->source->count--;
    n->source->bytes -= n->bytes;
    w->count--;
    w->bytes -= n->bytes;
}

static const zks__source *largest(const zks__waiting *w, bool by_bytes)
{
    const zks__source *most = NULL;
    size_t position = 0;
    for (const zks__source *s = zks__map_next(w->sources, &position); s;
         s = zks__map_next(w->sources, &position)) {
        if (!most || (by_bytes ? s->bytes > most->bytes : s->count > most->count)) {
            most = s;
        }
    }
    return most;
}

zks__held *zks__waiting_excess(const zks__waiting *w, const zks__source *last)
{
    const zks__source *s = NULL;
    if (last->count > ZKS_HISTORY_WAITING_SHARE || last->bytes > ZKS_HISTORY_WAITING_SHARE_BYTES) {
        s = last;
    } else if (w->bytes > ZKS_HISTORY_WAITING_MAX_BYTES) {
        s = largest(w, true);
    } else if (w->count > ZKS_HISTORY_WAITING_MAX) {
        s = largest(w, false);
    }
    zks__node *oldest = s ? zks__list_first(&s->held) : NULL;
    return oldest ? ZKS_CONTAINER(oldest, zks__held, place) : NULL;
}
