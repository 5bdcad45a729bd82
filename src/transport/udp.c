/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/udp.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum {
    SOCKET_BUFFER_BYTES = 1 << 20, /* asked for; the kernel gives at most net.core.{r,w}mem_max */
    ECN_MASK = 3,
    RECEIVE_ERRORS = 16 /* passed over in one go */
};

typedef union control {
    struct cmsghdr align;
    char bytes[256];
} control;

bool zks__address_set(zks__address *a, const struct sockaddr *from)
{
    memset(a, 0, sizeof *a);
    if (from->sa_family == AF_INET) {
        memcpy(&a->u.v4, from, sizeof a->u.v4);
        a->length = sizeof a->u.v4;
        return true;
    }
    if (from->sa_family == AF_INET6) {
        memcpy(&a->u.v6, from, sizeof a->u.v6);
        a->length = sizeof a->u.v6;
        return true;
    }
    return false;
}

static bool is_mapped(const struct in6_addr *a)
{
    return IN6_IS_ADDR_V4MAPPED(a);
}

bool zks__address_fit(zks__address *a, int family)
{
    if (a->u.any.sa_family == family) {
        return true;
    }
    if (family == AF_INET) {
        if (!is_mapped(&a->u.v6.sin6_addr)) {
            return false;
        }
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = a->u.v6.sin6_port};
        memcpy(&v4.sin_addr, &a->u.v6.sin6_addr.s6_addr[12], 4);
        return zks__address_set(a, (const struct sockaddr *)&v4);
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = a->u.v4.sin_port};
    v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&v6.sin6_addr.s6_addr[12], &a->u.v4.sin_addr, 4);
    return zks__address_set(a, (const struct sockaddr *)&v6);
}

size_t zks__address_subject(const struct sockaddr *a, uint8_t out[8])
{
    if (a->sa_family == AF_INET) {
        memcpy(out, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
        return 4;
    }
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    if (is_mapped(v6)) {
        memcpy(out, &v6->s6_addr[12], 4);
        return 4;
    }
    memcpy(out, v6->s6_addr, 8);
    return 8;
}

static void set_option(int fd, int level, int name, int value)
{
    /* Every option here makes things better where it exists; none is needed. */
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

static void set_options(zks__udp *u)
{
    set_option(u->fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
    set_option(u->fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
    set_option(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    set_option(u->fd, IPPROTO_IP, IP_RECVTOS, 1);
    set_option(u->fd, IPPROTO_IP, IP_PKTINFO, u->family == AF_INET);
    if (u->family == AF_INET6) {
        set_option(u->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
        set_option(u->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        set_option(u->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
    set_option(u->fd, IPPROTO_UDP, UDP_GRO, 1);
    int value = 0;
    socklen_t length = sizeof value;
    u->segments = getsockopt(u->fd, IPPROTO_UDP, UDP_SEGMENT, &value, &length) == 0;
}

static bool is_wildcard(const zks__address *a)
{
    return a->u.any.sa_family == AF_INET ? a->u.v4.sin_addr.s_addr == htonl(INADDR_ANY)
                                         : IN6_IS_ADDR_UNSPECIFIED(&a->u.v6.sin6_addr);
}

static zks_status status_of_bind(int error)
{
    if (error == EADDRINUSE) {
        return ZKS_E_PORT_IN_USE;
    }
    return error == EADDRNOTAVAIL || error == EINVAL ? ZKS_E_INVALID : ZKS_E_SYSTEM;
}

static zks_status open_at(zks__udp *u, const zks__address *where)
{
    *u = (zks__udp){.fd = -1, .family = where->u.any.sa_family, .wildcard = is_wildcard(where)};
    u->fd = socket(u->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (u->fd < 0) {
        return ZKS_E_SYSTEM;
    }
    if (u->family == AF_INET6) {
        set_option(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, !u->wildcard);
    }
    zks_status status = ZKS_OK;
    socklen_t length = sizeof u->local.u;
    if (bind(u->fd, &where->u.any, where->length)) {
        status = status_of_bind(errno);
    } else if (getsockname(u->fd, &u->local.u.any, &length)) {
        status = ZKS_E_SYSTEM;
    }
    if (status) {
        zks__udp_done(u);
        return status;
    }
    u->local.length = length;
    set_options(u);
    return ZKS_OK;
}

zks_status zks__udp_open(zks__udp *u, const struct sockaddr *bind)
{
    zks__address where = {0};
    if (bind) {
        u->fd = -1;
        return zks__address_set(&where, bind) ? open_at(u, &where) : ZKS_E_INVALID;
    }
    where.u.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
    where.length = sizeof where.u.v6;
    zks_status status = open_at(u, &where);
    if (status) { /* no IPv6 here */
        memset(&where, 0, sizeof where);
        where.u.v4 = (struct sockaddr_in){.sin_family = AF_INET,
                                          .sin_addr.s_addr = htonl(INADDR_ANY)};
        where.length = sizeof where.u.v4;
        status = open_at(u, &where);
    }
    return status;
}

void zks__udp_done(zks__udp *u)
{
    if (u->fd >= 0) {
        close(u->fd);
        u->fd = -1;
    }
}

/* The local address, from a control message of either family, in the socket's family. */
static void read_local(const zks__udp *u, const struct cmsghdr *c, zks__address *local)
{
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        local->u.v6.sin6_addr = info.ipi6_addr;
    } else if (u->family == AF_INET && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        local->u.v4.sin_addr = info.ipi_addr;
    }
}

static void read_control(const zks__udp *u, struct msghdr *m, zks__udp_batch *out)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int segment = 0;
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            out->segment = segment > 0 ? (size_t)segment : out->segment;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            out->ecn = *(const uint8_t *)CMSG_DATA(c) & ECN_MASK;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            int class = 0;
            memcpy(&class, CMSG_DATA(c), sizeof class);
            out->ecn = (uint8_t)(class & ECN_MASK);
        } else if (u->wildcard) {
            read_local(u, c, &out->local);
        }
    }
}

bool zks__udp_receive(zks__udp *u, uint8_t *buffer, size_t size, zks__udp_batch *out)
{
    for (int errors = 0; errors < RECEIVE_ERRORS;) {
        control space;
        struct iovec vec = {.iov_base = buffer, .iov_len = size};
        *out = (zks__udp_batch){.local = u->local};
        struct msghdr m = {.msg_name = &out->remote.u,
                           .msg_namelen = sizeof out->remote.u,
                           .msg_iov = &vec,
                           .msg_iovlen = 1,
                           .msg_control = &space,
                           .msg_controllen = sizeof space};
        ssize_t n = recvmsg(u->fd, &m, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return false;
        }
        if (n <= 0 || (m.msg_flags & MSG_TRUNC)) {
            errors++;
            continue;
        }
        out->remote.length = m.msg_namelen;
        out->length = out->segment = (size_t)n;
        read_control(u, &m, out);
        return true;
    }
    return false;
}

static void add_control(struct msghdr *m, int level, int type, const void *data, size_t length)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)((char *)m->msg_control + m->msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(c), data, length);
    m->msg_controllen += CMSG_SPACE(length);
}

static void add_local(const zks__udp *u, struct msghdr *m, const zks__address *local)
{
    if (!u->wildcard || is_wildcard(local)) {
        return;
    }
    if (u->family == AF_INET6) {
        struct in6_pktinfo info = {.ipi6_addr = local->u.v6.sin6_addr};
        add_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    } else {
        struct in_pktinfo info = {.ipi_spec_dst = local->u.v4.sin_addr};
        add_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
}

/* 0 or an errno. */
static int send_once(const zks__udp *u, const zks__udp_burst *b, size_t length)
{
    control space;
    memset(&space, 0, sizeof space);
    zks__address remote = b->remote;
    struct iovec vec = {.iov_base = (void *)(uintptr_t)b->data, .iov_len = length};
    struct msghdr m = {.msg_name = &remote.u,
                       .msg_namelen = remote.length,
                       .msg_iov = &vec,
                       .msg_iovlen = 1,
                       .msg_control = &space};
    add_local(u, &m, &b->local);
    if (b->ecn) {
        int ecn = b->ecn;
        if (u->family == AF_INET6 && !is_mapped(&remote.u.v6.sin6_addr)) {
            add_control(&m, IPPROTO_IPV6, IPV6_TCLASS, &ecn, sizeof ecn);
        } else {
            add_control(&m, IPPROTO_IP, IP_TOS, &ecn, sizeof ecn);
        }
    }
    if (length > b->segment) {
        uint16_t segment = (uint16_t)b->segment;
        add_control(&m, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    }
    if (!m.msg_controllen) {
        m.msg_control = NULL;
    }
    ssize_t n;
    do {
        n = sendmsg(u->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? errno : 0;
}

zks__udp_result zks__udp_send(zks__udp *u, zks__udp_burst *b)
{
    while (b->length) {
        size_t length = u->segments || b->length < b->segment ? b->length : b->segment;
        int error = send_once(u, b, length);
        if (error == EAGAIN || error == EWOULDBLOCK) {
            return ZKS_UDP_LATER;
        }
        if (length > b->segment && (error == EIO || error == EINVAL || error == EOPNOTSUPP)) {
            u->segments = false; /* the device cannot: from now on one by one */
            continue;
        }
        b->data += length;
        b->length -= length;
    }
    return ZKS_UDP_SENT;
}
