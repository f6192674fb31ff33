#include "loop_backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void loop_init(struct loop *loop, const struct loop_backend *backend)
{
    *loop = (struct loop){.backend = backend};
    heap_init(&loop->timers);
}

void loop_finish(struct loop *loop)
{
    for (int s = 0; s < loop->socket_capacity; s++)
        if (loop->sockets[s].open)
            loop_close(loop, s);
    heap_finish(&loop->timers);
    free(loop->sockets);
}

void loop_destroy(struct loop *loop)
{
    if (loop)
        loop->backend->destroy(loop);
}

struct loop_socket *loop_socket(struct loop *loop, int socket)
{
    if (socket >= loop->socket_capacity) {
        int capacity = loop->socket_capacity ? loop->socket_capacity : 64;
        while (capacity <= socket)
            capacity *= 2;
        loop->sockets = realloc(loop->sockets, (size_t)capacity * sizeof loop->sockets[0]);
        if (!loop->sockets)
            abort();
        memset(loop->sockets + loop->socket_capacity, 0,
               (size_t)(capacity - loop->socket_capacity) * sizeof loop->sockets[0]);
        loop->socket_capacity = capacity;
    }
    return &loop->sockets[socket];
}

/* ---- complete operations ---- */

void loop_complete(struct loop *loop, struct op *op, int result)
{
    assert(op->state == OP_PARKED);
    op->state = OP_COMPLETE;
    op->result = result;
    op->next = NULL;
    op->prev = loop->last;
    if (loop->last)
        loop->last->next = op;
    else
        loop->first = op;
    loop->last = op;
    loop->complete_count++;
}

static void take_from_list(struct loop *loop, struct op *op)
{
    if (op->prev)
        op->prev->next = op->next;
    else
        loop->first = op->next;
    if (op->next)
        op->next->prev = op->prev;
    else
        loop->last = op->prev;
    loop->complete_count--;
}

/* Ends an operation without `done`. */
static void drop(struct loop *loop, struct op *op)
{
    if (!op)
        return;
    if (op->state == OP_COMPLETE)
        take_from_list(loop, op);
    op->state = OP_IDLE;
}

static void forget(struct loop *loop, const struct op *op)
{
    if (op->socket < 0)
        return;
    struct loop_socket *s = loop_socket(loop, op->socket);
    if (s->connect == op)
        s->connect = NULL;
    if (s->send == op)
        s->send = NULL;
    if (s->recv == op)
        s->recv = NULL;
}

/* Only those that are complete now: what they complete in turn waits until timers and I/O had their turn. */
static void dispatch(struct loop *loop)
{
    for (int n = loop->complete_count; n > 0 && loop->first; n--) {
        struct op *op = loop->first;
        take_from_list(loop, op);
        op->state = OP_IDLE;
        forget(loop, op);
        op->done(op, op->result);
    }
}

/* ---- running ---- */

static void fire_timers(struct loop *loop)
{
    nsec now = loop_now(loop);
    for (struct heap_node *node; (node = heap_first(&loop->timers)) && node->due <= now;) {
        heap_remove(&loop->timers, node);
        struct timer *timer = (struct timer *)((char *)node - offsetof(struct timer, node));
        timer->fire(timer);
    }
}

void loop_run(struct loop *loop)
{
    loop->stopping = false;
    while (!loop->stopping) {
        const struct heap_node *next = heap_first(&loop->timers);
        nsec deadline = loop->complete_count ? 0 : next ? next->due : NSEC_NEVER;
        loop->backend->wait(loop, deadline);
        dispatch(loop);
        if (!loop->stopping)
            fire_timers(loop);
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}

void loop_on_wake(struct loop *loop, void (*on_wake)(void *context), void *context)
{
    loop->on_wake = on_wake;
    loop->wake_context = context;
}

void loop_wake(struct loop *loop)
{
    loop->backend->wake(loop);
}

nsec loop_now(struct loop *loop)
{
    return loop->backend->now(loop);
}

void timer_set(struct loop *loop, struct timer *timer, nsec due)
{
    heap_remove(&loop->timers, &timer->node);
    heap_add(&loop->timers, &timer->node, due);
}

void timer_cancel(struct loop *loop, struct timer *timer)
{
    heap_remove(&loop->timers, &timer->node);
}

bool timer_armed(const struct timer *timer)
{
    return timer->node.index != 0;
}

/* ---- operations ---- */

static void park(struct op *op, int socket)
{
    assert(op->state == OP_IDLE);
    op->state = OP_PARKED;
    op->socket = socket;
}

void loop_connect(struct loop *loop, struct op *op, const struct loop_addr *addr)
{
    park(op, -1);
    loop->backend->connect(loop, op, addr);
}

void loop_cancel_connect(struct loop *loop, struct op *op)
{
    int socket = op->socket;
    drop(loop, op);
    if (socket >= 0 && loop_socket(loop, socket)->open)
        loop_close(loop, socket);
}

void loop_send(struct loop *loop, int socket, struct op *op, struct iovec *iov, int count)
{
    struct loop_socket *s = loop_socket(loop, socket);
    assert(s->open && !s->send);
    park(op, socket);
    op->iov = iov;
    op->iov_count = count;
    s->send = op;
    if (s->writable)
        loop->backend->try_send(loop, op);
}

void loop_recv(struct loop *loop, int socket, struct op *op, void *bytes, size_t len)
{
    struct loop_socket *s = loop_socket(loop, socket);
    assert(s->open && !s->recv);
    park(op, socket);
    op->bytes = bytes;
    op->len = len;
    s->recv = op;
    if (s->readable)
        loop->backend->try_recv(loop, op);
}

void loop_close(struct loop *loop, int socket)
{
    struct loop_socket *s = loop_socket(loop, socket);
    assert(s->open);
    drop(loop, s->connect);
    drop(loop, s->send);
    drop(loop, s->recv);
    *s = (struct loop_socket){0};
    loop->backend->close(loop, socket);
}
