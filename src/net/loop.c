#include "loop_backend.h"

#include "container.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void loop_init(struct loop *loop, const struct loop_backend *backend)
{
    *loop = (struct loop){.backend = backend, .in = malloc(LOOP_RECV_MAX)};
    if (!loop->in)
        abort();
    heap_init(&loop->timers);
}

void loop_finish(struct loop *loop)
{
    for (int s = 0; s < loop->socket_capacity; s++)
        if (loop->sockets[s].open)
            loop_close(loop, s);
    heap_finish(&loop->timers);
    free(loop->sockets);
    free(loop->in);
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

struct loop_socket *loop_socket_open(struct loop *loop, int socket)
{
    struct loop_socket *s = loop_socket(loop, socket);
    *s = (struct loop_socket){.open = true, .generation = s->generation + 1};
    return s;
}

/* ---- the queue ---- */

static void enqueue(struct loop *loop, struct op *op, bool attempted)
{
    assert(op->state == OP_PARKED);
    op->state = OP_QUEUED;
    op->attempted = attempted;
    op->next = NULL;
    op->prev = loop->last;
    if (loop->last)
        loop->last->next = op;
    else
        loop->first = op;
    loop->last = op;
    loop->queued++;
}

void loop_complete(struct loop *loop, struct op *op, int result)
{
    op->result = result;
    enqueue(loop, op, true);
}

static void dequeue(struct loop *loop, struct op *op)
{
    if (op->prev)
        op->prev->next = op->next;
    else
        loop->first = op->next;
    if (op->next)
        op->next->prev = op->prev;
    else
        loop->last = op->prev;
    loop->queued--;
    op->state = OP_PARKED;
}

/* Ends an operation without `done`. */
static void drop(struct loop *loop, struct op *op)
{
    if (!op)
        return;
    if (op->state == OP_QUEUED)
        dequeue(loop, op);
    op->state = OP_IDLE;
}

static void forget(struct loop *loop, const struct op *op)
{
    if (op->socket < 0)
        return;
    struct loop_socket *s = loop_socket(loop, op->socket);
    if (s->recv == op)
        s->recv = NULL;
    else if (s->send == op)
        s->send = NULL;
    else if (s->connect == op)
        s->connect = NULL;
}

void loop_done(struct loop *loop, struct op *op)
{
    assert(op->state == OP_PARKED);
    forget(loop, op);
    op->state = OP_IDLE;
    op->done(op, op->result);
}

/* Only those that stand in the queue now: what they queue in turn waits until timers and I/O had their turn.
 */
static void dispatch(struct loop *loop)
{
    for (int n = loop->queued; n > 0 && loop->first; n--) {
        struct op *op = loop->first;
        dequeue(loop, op);
        if (op->attempted || loop->backend->try_recv(loop, op))
            loop_done(loop, op);
    }
}

/* ---- running ---- */

static void fire_timers(struct loop *loop)
{
    nsec now = loop_now(loop);
    for (struct heap_node *node; (node = heap_first(&loop->timers)) && node->due <= now;) {
        heap_remove(&loop->timers, node);
        struct timer *timer = CONTAINER(struct timer, node, node);
        timer->fire(timer);
    }
}

void loop_run(struct loop *loop)
{
    loop->stopping = false;
    while (!loop->stopping) {
        const struct heap_node *next = heap_first(&loop->timers);
        nsec deadline = loop->queued ? 0 : next ? next->due : NSEC_NEVER;
        loop->backend->wait(loop, deadline);
        if (!loop->stopping)
            fire_timers(loop);
        if (!loop->stopping)
            dispatch(loop); /* last: most of it are sends that the two before have made */
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
    if (op->state == OP_IDLE)
        return;
    drop(loop, op);
    if (socket >= 0 && loop_socket(loop, socket)->open)
        loop_close(loop, socket);
}

const struct iovec *loop_rest(const struct op *op, struct iovec room[LOOP_IOV_MAX], int *ret_count)
{
    size_t skip = op->sent;
    int first = 0;
    *ret_count = op->iov_count;
    if (!skip)
        return op->iov;
    while (skip >= op->iov[first].iov_len)
        skip -= op->iov[first++].iov_len;
    *ret_count -= first;
    memcpy(room, op->iov + first, (size_t)*ret_count * sizeof *room);
    room[0].iov_base = (char *)room[0].iov_base + skip;
    room[0].iov_len -= skip;
    return room;
}

void loop_send(struct loop *loop, int socket, struct op *op, const struct iovec *iov, int count)
{
    struct loop_socket *s = loop_socket(loop, socket);
    assert(s->open && !s->send && count <= LOOP_IOV_MAX);
    park(op, socket);
    op->iov = iov;
    op->iov_count = count;
    op->sent = op->total = 0;
    for (int i = 0; i < count; i++)
        op->total += iov[i].iov_len;
    s->send = op;
    if (s->writable && loop->backend->try_send(loop, op))
        enqueue(loop, op, true);
}

void loop_settle(struct loop *loop, struct op *op)
{
    if (op->state != OP_QUEUED || !op->attempted)
        return;
    dequeue(loop, op);
    loop_done(loop, op);
}

void loop_recv(struct loop *loop, int socket, struct op *op)
{
    struct loop_socket *s = loop_socket(loop, socket);
    assert(s->open && !s->recv);
    park(op, socket);
    op->most = 0;
    op->discard = false;
    s->recv = op;
    if (s->readable)
        enqueue(loop, op, false);
}

void loop_close(struct loop *loop, int socket)
{
    struct loop_socket *s = loop_socket(loop, socket);
    assert(s->open);
    drop(loop, s->connect);
    drop(loop, s->send);
    drop(loop, s->recv);
    *s = (struct loop_socket){.generation = s->generation};
    loop->backend->close(loop, socket);
}
