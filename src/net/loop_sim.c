#include "loop_sim.h"
#include "loop_backend.h"

#include "buf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum delivery_kind { DELIVER_BYTES, DELIVER_END, DELIVER_RESET };

struct delivery {
    struct heap_node node; /* first: a delivery is found by its node */
    enum delivery_kind kind;
    int socket;
    uint64_t life; /* of the socket when it was sent: a number may be used again */
    size_t len;
    char bytes[];
};

struct sim_socket {
    struct buf inbox;
    uint64_t life;
    int error; /* after a reset */
};

struct sim_loop {
    struct loop loop;
    struct sim_server server;
    nsec now;
    struct heap deliveries;
    struct sim_socket *sockets;
    int socket_count, socket_capacity;
    int lowest_free; /* no number below it is free */
    uint64_t lives;
    size_t chunk;
    int64_t operations; /* so far */
    int64_t fault_at;   /* the number of the one that fails; 0: none */
    enum sim_fault fault;
    bool stalled;
    bool woken;
};

enum { INBOX_MAX = 64 << 20 };

static struct sim_loop *of(struct loop *loop)
{
    return (struct sim_loop *)loop;
}

static nsec sim_now(struct loop *loop)
{
    return of(loop)->now;
}

static size_t limited(const struct sim_loop *s, size_t len)
{
    return s->chunk && len > s->chunk ? s->chunk : len;
}

/* ---- the client's side ---- */

static void add_socket(struct sim_loop *s)
{
    if (s->socket_count == s->socket_capacity) {
        s->socket_capacity = s->socket_capacity ? 2 * s->socket_capacity : 64;
        s->sockets = realloc(s->sockets, (size_t)s->socket_capacity * sizeof s->sockets[0]);
        if (!s->sockets)
            abort();
    }
    buf_init(&s->sockets[s->socket_count++].inbox, INBOX_MAX);
}

/* The lowest that is free, as a kernel gives them. */
static int new_socket(struct sim_loop *s)
{
    int number = s->lowest_free;
    while (number < s->socket_count && loop_socket(&s->loop, number)->open)
        number++;
    s->lowest_free = number + 1;
    if (number == s->socket_count)
        add_socket(s);
    buf_clear(&s->sockets[number].inbox);
    s->sockets[number].life = ++s->lives;
    s->sockets[number].error = 0;
    return number;
}

/* Is this operation the one that is to fail? */
static bool fails(struct sim_loop *s, enum sim_fault fault)
{
    return s->operations == s->fault_at && s->fault == fault;
}

static void sim_connect(struct loop *loop, struct op *op, const struct loop_addr *addr)
{
    (void)addr;
    struct sim_loop *s = of(loop);
    s->operations++;
    if (fails(s, SIM_FAULT_HANG))
        return;
    int number = new_socket(s);
    struct loop_socket *state = loop_socket_open(loop, number);
    state->readable = state->writable = true;
    int error = s->server.connected(s->server.context, number);
    if (s->operations == s->fault_at)
        error = -ECONNREFUSED;
    if (error) {
        state->open = false;
        s->lowest_free = number;
        loop_complete(loop, op, error);
        return;
    }
    op->socket = number;
    state->connect = op;
    loop_complete(loop, op, number);
}

static bool over(struct op *op, int result)
{
    op->result = result;
    return true;
}

/* Hands the server at most one chunk at a time; the rest in the same call, as a kernel with room would. */
static void hand_on(struct sim_loop *s, int socket, const char *bytes, size_t len)
{
    while (len) {
        size_t n = limited(s, len);
        s->server.received(s->server.context, socket, bytes, n);
        bytes += n;
        len -= n;
    }
}

/* Who waits for bytes hears of it, too. */
static void break_off(struct sim_loop *s, int socket)
{
    struct op *recv = loop_socket(&s->loop, socket)->recv;
    s->sockets[socket].error = -ECONNRESET;
    if (recv && recv->state == OP_PARKED)
        loop_complete(&s->loop, recv, -ECONNRESET);
}

static bool sim_send(struct loop *loop, struct op *op)
{
    struct sim_loop *s = of(loop);
    s->operations++;
    if (fails(s, SIM_FAULT_HANG))
        return false;
    if (fails(s, SIM_FAULT_RESET) || s->sockets[op->socket].error) {
        break_off(s, op->socket);
        return over(op, -ECONNRESET);
    }
    for (int i = 0; i < op->iov_count; i++) {
        bool half = fails(s, SIM_FAULT_SHORT);
        hand_on(s, op->socket, op->iov[i].iov_base, half ? op->iov[i].iov_len / 2 : op->iov[i].iov_len);
        op->sent += op->iov[i].iov_len;
    }
    return over(op, (int)op->sent);
}

static bool sim_recv(struct loop *loop, struct op *op)
{
    struct sim_loop *s = of(loop);
    struct sim_socket *socket = &s->sockets[op->socket];
    bool something = socket->error || socket->inbox.len || loop_socket(loop, op->socket)->ended;
    if (!something)
        return false;
    s->operations++;
    if (fails(s, SIM_FAULT_RESET))
        socket->error = -ECONNRESET;
    if (fails(s, SIM_FAULT_HANG)) {
        buf_clear(&socket->inbox);
        return false;
    }
    if (fails(s, SIM_FAULT_SHORT) && socket->inbox.len) {
        socket->inbox.len /= 2;
        loop_socket(loop, op->socket)->ended = true;
    }
    if (fails(s, SIM_FAULT_GARBAGE) && socket->inbox.len)
        memset(socket->inbox.bytes, 0xee, socket->inbox.len);
    if (socket->error)
        return over(op, socket->error);
    if (!socket->inbox.len)
        return over(op, 0);
    size_t most = op->most ? op->most : LOOP_RECV_MAX;
    size_t n = limited(s, socket->inbox.len < most ? socket->inbox.len : most);
    if (!op->discard)
        memcpy(loop->in, socket->inbox.bytes, n);
    buf_consume(&socket->inbox, n);
    op->bytes = op->discard ? NULL : loop->in;
    return over(op, (int)n);
}

static void sim_close(struct loop *loop, int socket)
{
    struct sim_loop *s = of(loop);
    if (socket < s->lowest_free)
        s->lowest_free = socket;
    if (s->server.closed)
        s->server.closed(s->server.context, socket);
}

/* ---- the server's side ---- */

static void schedule(struct loop *loop, int socket, enum delivery_kind kind, const void *bytes, size_t len,
                     nsec delay)
{
    struct sim_loop *s = of(loop);
    struct delivery *d = malloc(sizeof *d + len);
    if (!d)
        abort();
    *d = (struct delivery){.kind = kind, .socket = socket, .life = s->sockets[socket].life, .len = len};
    if (len)
        memcpy(d->bytes, bytes, len);
    heap_add(&s->deliveries, &d->node, s->now + delay);
}

void loop_sim_reply(struct loop *loop, int socket, const void *bytes, size_t len, nsec delay)
{
    schedule(loop, socket, DELIVER_BYTES, bytes, len, delay);
}

void loop_sim_end(struct loop *loop, int socket, nsec delay)
{
    schedule(loop, socket, DELIVER_END, NULL, 0, delay);
}

void loop_sim_reset(struct loop *loop, int socket, nsec delay)
{
    schedule(loop, socket, DELIVER_RESET, NULL, 0, delay);
}

static void deliver(struct sim_loop *s, const struct delivery *d)
{
    struct loop_socket *state = loop_socket(&s->loop, d->socket);
    struct sim_socket *socket = &s->sockets[d->socket];
    if (!state->open || socket->life != d->life)
        return;
    if (d->kind == DELIVER_BYTES)
        buf_add(&socket->inbox, d->bytes, d->len);
    else if (d->kind == DELIVER_END)
        state->ended = true;
    else
        socket->error = -ECONNRESET;
    if (state->recv && state->recv->state == OP_PARKED && sim_recv(&s->loop, state->recv))
        loop_done(&s->loop, state->recv);
}

/* ---- the loop ---- */

static void sim_wait(struct loop *loop, nsec deadline)
{
    struct sim_loop *s = of(loop);
    if (s->woken) {
        s->woken = false;
        if (loop->on_wake)
            loop->on_wake(loop->wake_context);
        return;
    }
    struct heap_node *next = heap_first(&s->deliveries);
    if (!next && deadline == NSEC_NEVER) {
        s->stalled = true;
        loop_stop(loop);
        return;
    }
    nsec until = next && next->due < deadline ? next->due : deadline;
    if (until > s->now)
        s->now = until;
    while ((next = heap_first(&s->deliveries)) && next->due <= s->now) {
        heap_remove(&s->deliveries, next);
        deliver(s, (struct delivery *)next);
        free(next);
    }
}

static void sim_wake(struct loop *loop)
{
    of(loop)->woken = true;
}

static void sim_destroy(struct loop *loop)
{
    struct sim_loop *s = of(loop);
    s->server.closed = NULL;
    loop_finish(loop);
    for (struct heap_node *node; (node = heap_first(&s->deliveries)); free(node))
        heap_remove(&s->deliveries, node);
    heap_finish(&s->deliveries);
    for (int i = 0; i < s->socket_count; i++)
        buf_finish(&s->sockets[i].inbox);
    free(s->sockets);
    free(s);
}

static const struct loop_backend backend = {
    .now = sim_now,
    .wait = sim_wait,
    .connect = sim_connect,
    .try_send = sim_send,
    .try_recv = sim_recv,
    .close = sim_close,
    .wake = sim_wake,
    .destroy = sim_destroy,
};

struct loop *loop_sim_create(const struct sim_server *server)
{
    struct sim_loop *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    loop_init(&s->loop, &backend);
    s->server = *server;
    s->now = NSEC_PER_SEC; /* not 0: a time that nobody set must not look like one */
    heap_init(&s->deliveries);
    return &s->loop;
}

bool loop_sim_stalled(const struct loop *loop)
{
    return ((const struct sim_loop *)loop)->stalled;
}

void loop_sim_chunk(struct loop *loop, size_t bytes)
{
    of(loop)->chunk = bytes;
}

void loop_sim_fault(struct loop *loop, int64_t number, enum sim_fault fault)
{
    of(loop)->fault_at = number;
    of(loop)->fault = fault;
}

int64_t loop_sim_operations(const struct loop *loop)
{
    return ((const struct sim_loop *)loop)->operations;
}
