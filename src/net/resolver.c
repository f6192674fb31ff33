#include "resolver.h"

#include "container.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * c-ares calls back from wherever it is, even from inside the call that asked, and must not be destroyed by
 * whom it calls. So its callback only notes the outcome, and the query's timer, due at once, calls `done`
 * from the loop. c-ares cannot take a single question back, either: an ask whose query was cancelled goes on
 * without it.
 */

enum { FIRST_TRY_MS = 1500, TRIES = 2 /* of each server, each twice as long as the one before */ };

/* What one callback of c-ares gets. */
struct resolver_ask {
    struct resolver *resolver;
    struct resolver_query *query; /* NULL: cancelled */
};

struct resolver_socket { /* one of c-ares' own */
    struct watch_fd watch;
    struct resolver *resolver;
    struct resolver_socket *next;
};

struct resolver {
    struct loop *loop;
    ares_channel channel;
    struct timer wait; /* until c-ares has to try again */
    struct resolver_socket *sockets;
    struct resolver_query *queries;
    int asks;
};

/* ---- queries ---- */

static void link_query(struct resolver *r, struct resolver_query *q)
{
    q->resolver = r;
    q->next = r->queries;
    q->link = &r->queries;
    if (q->next)
        q->next->link = &q->next;
    r->queries = q;
}

static void unlink_query(struct resolver_query *q)
{
    timer_cancel(q->resolver->loop, &q->limit);
    if (q->ask)
        q->ask->query = NULL;
    q->ask = NULL;
    *q->link = q->next;
    if (q->next)
        q->next->link = q->link;
    q->resolver = NULL;
}

static void deliver(struct timer *timer)
{
    struct resolver_query *q = CONTAINER(struct resolver_query, limit, timer);
    unlink_query(q);
    q->done(q); /* may have destroyed the resolver */
}

/* Its outcome is known. */
static void settle(struct resolver_query *q)
{
    q->limit.fire = deliver;
    timer_set(q->resolver->loop, &q->limit, 0);
}

static void on_limit(struct timer *timer)
{
    struct resolver_query *q = CONTAINER(struct resolver_query, limit, timer);
    snprintf(q->error, sizeof q->error, "no name server has answered in time");
    deliver(timer);
}

/* ---- outcomes ---- */

/* After it has tried them all, c-ares tells some of these apart, or not, depending on its version. */
#define UNHELPFUL "no name server can be reached, or none is willing to answer"

static const char *text_of(int status)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {ARES_ENOTFOUND, "there is no such host"},
        {ARES_ENODATA, "the host has no address"},
        {ARES_ETIMEOUT, "no name server has answered in time"},
        {ARES_ECONNREFUSED, UNHELPFUL},
        {ARES_ESERVFAIL, UNHELPFUL},
        {ARES_EREFUSED, UNHELPFUL},
        {ARES_EBADRESP, "the name server's answer makes no sense"},
        {ARES_EBADNAME, "this is no host name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].text;
    return ares_strerror(status);
}

static void take_addrs(struct resolver_query *q, const struct ares_addrinfo_node *node)
{
    for (; node && q->addr_count < ADDR_MAX; node = node->ai_next) {
        struct loop_addr *to = &q->addrs[q->addr_count];
        if (node->ai_addrlen > sizeof to->storage)
            continue;
        memcpy(&to->storage, node->ai_addr, node->ai_addrlen);
        to->len = node->ai_addrlen;
        q->addr_count++;
    }
}

static void on_answer(void *context, int status, int timeouts, struct ares_addrinfo *answer)
{
    (void)timeouts;
    struct resolver_ask *ask = context;
    struct resolver_query *q = ask->query;
    ask->resolver->asks--;
    free(ask);
    if (q) {
        q->ask = NULL;
        if (status == ARES_SUCCESS)
            take_addrs(q, answer->nodes);
        if (!q->addr_count)
            snprintf(q->error, sizeof q->error, "%s",
                     text_of(status == ARES_SUCCESS ? ARES_ENODATA : status));
        settle(q);
    }
    ares_freeaddrinfo(answer);
}

/* ---- c-ares on the loop ---- */

static void arm(struct resolver *r)
{
    struct timeval room, *left = ares_timeout(r->channel, NULL, &room);
    if (left)
        timer_set(r->loop, &r->wait,
                  loop_now(r->loop) + left->tv_sec * NSEC_PER_SEC + left->tv_usec * (NSEC_PER_SEC / 1000000));
    else
        timer_cancel(r->loop, &r->wait);
}

static void on_wait(struct timer *timer)
{
    struct resolver *r = CONTAINER(struct resolver, wait, timer);
    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm(r);
}

/* An attempt that gives nothing hurts nobody: c-ares' sockets do not block. */
static void on_ready(struct watch_fd *watch)
{
    struct resolver_socket *s = (struct resolver_socket *)watch;
    struct resolver *r = s->resolver; /* the socket may be gone after the next line */
    ares_process_fd(r->channel, watch->fd, watch->write ? watch->fd : ARES_SOCKET_BAD);
    arm(r);
}

static void drop_socket(struct resolver *r, int fd)
{
    for (struct resolver_socket **at = &r->sockets, *s; (s = *at); at = &s->next) {
        if (s->watch.fd != fd)
            continue;
        *at = s->next;
        loop_watch_remove(r->loop, &s->watch);
        free(s);
        return;
    }
}

/* What c-ares waits for on a socket; neither: it is about to close it. */
static void on_socket(void *context, ares_socket_t fd, int read, int write)
{
    struct resolver *r = context;
    drop_socket(r, fd);
    if (!read && !write)
        return;
    struct resolver_socket *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->watch = (struct watch_fd){.ready = on_ready, .fd = fd, .write = write};
    s->resolver = r;
    if (!loop_watch_add(r->loop, &s->watch)) { /* unheard, it is given up when its time is up */
        free(s);
        return;
    }
    s->next = r->sockets;
    r->sockets = s;
}

/* ---- the resolver ---- */

/* ares_library_init() is for Windows: elsewhere it only counts its calls, in a global. */
static int open_channel(struct resolver *r, const char *servers)
{
    struct ares_options options = {
        .timeout = FIRST_TRY_MS, .tries = TRIES, .sock_state_cb = on_socket, .sock_state_cb_data = r};
    int status = ares_init_options(&r->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS)
        return status == ARES_ENOMEM ? ENOMEM : EIO;
    if (!servers || ares_set_servers_ports_csv(r->channel, servers) == ARES_SUCCESS)
        return 0;
    ares_destroy(r->channel);
    return EINVAL;
}

struct resolver *resolver_create(struct loop *loop, const char *servers)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->loop = loop;
    r->wait.fire = on_wait;
    int error = open_channel(r, servers);
    if (!error)
        return r;
    free(r);
    errno = error;
    return NULL;
}

void resolver_destroy(struct resolver *r)
{
    if (!r)
        return;
    while (r->queries)
        resolver_cancel(r->queries);
    ares_destroy(r->channel); /* ends all asks and closes all sockets */
    assert(!r->asks && !r->sockets);
    timer_cancel(r->loop, &r->wait);
    free(r);
}

/* getaddrinfo() asks nobody for these, and knows the zones of link-local addresses. */
static bool take_literal(struct resolver_query *q, const char *host, const char *service)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *one = NULL;
    if (getaddrinfo(host, service, &hints, &one) != 0)
        return false;
    memcpy(&q->addrs[0].storage, one->ai_addr, one->ai_addrlen);
    q->addrs[0].len = one->ai_addrlen;
    q->addr_count = 1;
    freeaddrinfo(one);
    return true;
}

static void ask(struct resolver *r, struct resolver_query *q, const char *host, const char *service)
{
    struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NUMERICSERV};
    struct resolver_ask *a = malloc(sizeof *a);
    if (!a)
        abort();
    *a = (struct resolver_ask){.resolver = r, .query = q};
    r->asks++;
    q->ask = a;
    q->limit.fire = on_limit;
    timer_set(r->loop, &q->limit,
              loop_now(r->loop) + (q->patience ? q->patience : RESOLVER_PATIENCE_SEC * NSEC_PER_SEC));
    ares_getaddrinfo(r->channel, host, service, &hints, on_answer, a);
    arm(r);
}

void resolver_start(struct resolver *r, struct resolver_query *q, const char *host, int port)
{
    assert(!q->resolver);
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    q->addr_count = 0;
    q->error[0] = '\0';
    link_query(r, q);
    if (take_literal(q, host, service)) {
        settle(q);
    } else if (r->asks == RESOLVER_UNDER_WAY_MAX) {
        snprintf(q->error, sizeof q->error, "%d names are being looked up already", RESOLVER_UNDER_WAY_MAX);
        settle(q);
    } else {
        ask(r, q, host, service);
    }
}

void resolver_cancel(struct resolver_query *q)
{
    if (q->resolver)
        unlink_query(q);
}
