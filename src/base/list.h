/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An intrusive doubly linked list: a ring through its head. A zeroed node is not in a list. */
#ifndef ZKS_BASE_LIST_H
#define ZKS_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct zks__node {
    struct zks__node *prev, *next;
} zks__node;

typedef struct zks__list {
    zks__node head;
} zks__list;

/* The structure that holds `node` as its `member`. */
#define ZKS_CONTAINER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void zks__list_init(zks__list *l)
{
    l->head.prev = l->head.next = &l->head;
}

static inline bool zks__list_empty(const zks__list *l)
{
    return l->head.next == &l->head;
}

static inline void zks__list_append(zks__list *l, zks__node *n)
{
    n->prev = l->head.prev;
    n->next = &l->head;
    n->prev->next = n;
    l->head.prev = n;
}

/* Takes n out of whatever list it is in; a node in no list is left alone. */
static inline void zks__list_remove(zks__node *n)
{
    if (n->next) {
        n->prev->next = n->next;
        n->next->prev = n->prev;
        n->prev = n->next = NULL;
    }
}

/* The first node, or NULL. */
static inline zks__node *zks__list_first(const zks__list *l)
{
    return zks__list_empty(l) ? NULL : l->head.next;
}

/* The node behind n, or NULL at the end. */
static inline zks__node *zks__list_next(const zks__list *l, const zks__node *n)
{
    return n->next == &l->head ? NULL : n->next;
}

/* The first node, taken out; NULL when empty. */
static inline zks__node *zks__list_pop(zks__list *l)
{
    zks__node *n = zks__list_first(l);
    if (n) {
        zks__list_remove(n);
    }
    return n;
}

/* Moves all nodes of `from` behind those of `to`. */
static inline void zks__list_splice(zks__list *to, zks__list *from)
{
    if (zks__list_empty(from)) {
        return;
    }
    from->head.next->prev = to->head.prev;
    to->head.prev->next = from->head.next;
    from->head.prev->next = &to->head;
    to->head.prev = from->head.prev;
    zks__list_init(from);
}

#endif
