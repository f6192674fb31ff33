#include "loop_backend.h"

#include "spool.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * Every socket is registered once, edge-triggered in both directions, when it is made. `readable` and
 * `writable` remember the last edge, so no interest is ever re-armed and a read is only tried when it may
 * give something.
 */

enum { EVENTS = 256 };

struct epoll_loop {
    struct loop loop;
    int epoll;
    int wake_event;
    struct spool spool;
    struct epoll_event events[EVENTS]; /* of the turn under way */
    int event_count;
    int event_at;
};

/* An event's data is a watch's address with this bit set (addresses are even), or a socket's generation and
 * number: events of one that was closed in the same turn are nobody's, whoever has its number now. */
enum { WATCH_BIT = 1 };

static struct epoll_loop *of(struct loop *loop)
{
    return (struct epoll_loop *)loop;
}

static nsec epoll_now(struct loop *loop)
{
    (void)loop;
    return clock_monotonic();
}

/* ---- sockets ---- */

static bool over(struct op *op, int result)
{
    op->result = result;
    return true;
}

static ssize_t send_copied(int socket, const struct iovec *iov, int count, bool more)
{
    int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    if (count == 1)
        return send(socket, iov->iov_base, iov->iov_len, flags);
    struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
    return sendmsg(socket, &message, flags);
}

static bool is_spooled(const struct epoll_loop *e, unsigned stable, const struct iovec *piece, int number)
{
    return stable >> number & 1 && piece->iov_len >= SPOOL_WORTH && spool_usable(&e->spool);
}

/* The first pieces of what is left, as many as go the same way. With fewer than *ret_wanted bytes sent the
 * socket is full. The spool may take fewer than there are for reasons of its own: then only EAGAIN says so.
 */
static ssize_t send_some(struct epoll_loop *e, int socket, unsigned stable, const struct iovec *iov,
                         int count, size_t *ret_wanted)
{
    *ret_wanted = 0;
    if (is_spooled(e, stable, &iov[0], 0))
        return spool_send(&e->spool, socket, iov[0].iov_base, iov[0].iov_len, count > 1);
    *ret_wanted = iov[0].iov_len;
    int same = 1;
    for (; same < count && !is_spooled(e, stable, &iov[same], same); same++)
        *ret_wanted += iov[same].iov_len;
    return send_copied(socket, iov, same, same < count);
}

static bool try_send(struct loop *loop, struct op *op)
{
    struct epoll_loop *e = of(loop);
    for (;;) {
        struct iovec room[LOOP_IOV_MAX];
        int count;
        size_t wanted;
        const struct iovec *rest = loop_rest(op, room, &count);
        ssize_t n = send_some(e, op->socket, op->stable >> (op->iov_count - count), rest, count, &wanted);
        if (n < 0 && (errno == EINTR || errno == ENOSYS)) /* no spool: copied, then */
            continue;
        if (n < 0 && errno != EAGAIN)
            return over(op, -errno);
        if (n > 0)
            op->sent += (size_t)n;
        if (op->sent == op->total)
            return over(op, (int)op->sent);
        if (n <= 0 || (size_t)n < wanted) {
            /* The kernel's buffer is full; when it has room again there is an edge. */
            loop_socket(loop, op->socket)->writable = false;
            return false;
        }
    }
}

static bool try_recv(struct loop *loop, struct op *op)
{
    struct loop_socket *s = loop_socket(loop, op->socket);
    ssize_t wanted = op->most ? (ssize_t)op->most : LOOP_RECV_MAX, n;
    do /* MSG_TRUNC: TCP drops what it would have copied */
        n = recv(op->socket, op->discard ? NULL : loop->in, (size_t)wanted, op->discard ? MSG_TRUNC : 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        s->readable = false;
        return false;
    }
    /* A short read has emptied the socket: the next byte makes a new edge. Not so at the end of the stream.
     */
    if (n > 0 && n < wanted && !s->ended)
        s->readable = false;
    op->bytes = op->discard ? NULL : loop->in;
    return over(op, n < 0 ? -errno : (int)n);
}

static uint64_t socket_data(uint32_t generation, int fd)
{
    return (uint64_t)generation << 32 | (uint64_t)fd << 1;
}

static bool add_interest(struct epoll_loop *e, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void epoll_connect(struct loop *loop, struct op *op, const struct loop_addr *addr)
{
    int fd = socket(addr->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        loop_complete(loop, op, -errno);
        return;
    }
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct loop_socket *s = loop_socket_open(loop, fd);
    bool registered =
        add_interest(of(loop), fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, socket_data(s->generation, fd));
    if (!registered ||
        (connect(fd, (const struct sockaddr *)&addr->storage, addr->len) != 0 && errno != EINPROGRESS)) {
        int error = errno;
        loop_close(loop, fd);
        loop_complete(loop, op, -error);
        return;
    }
    op->socket = fd;
    s->connect = op;
}

static void finish_connect(struct loop *loop, int fd)
{
    struct op *op = loop_socket(loop, fd)->connect;
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    op->result = error ? -error : fd;
    if (error) {
        loop_socket(loop, fd)->connect = NULL;
        op->socket = -1;
        loop_close(loop, fd);
    }
    loop_done(loop, op);
}

static void epoll_close(struct loop *loop, int socket)
{
    (void)loop;
    close(socket); /* takes it out of the epoll set, too */
}

static bool is_parked(const struct op *op)
{
    return op && op->state == OP_PARKED;
}

static void socket_event(struct loop *loop, int fd, uint32_t generation, uint32_t events)
{
    struct loop_socket *s = loop_socket(loop, fd);
    if (!s->open || s->generation != generation)
        return;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        s->ended = true;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        s->readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        s->writable = true;
    if (s->connect) {
        if (s->writable)
            finish_connect(loop, fd);
        return;
    }
    struct op *send = s->send, *recv = s->recv;
    if (s->writable && is_parked(send) && try_send(loop, send))
        loop_done(loop, send);
    /* Whoever heard of the send's end may have closed the socket, and opened another. */
    s = loop_socket(loop, fd);
    if (s->generation == generation && s->readable && s->recv == recv && is_parked(recv) &&
        try_recv(loop, recv))
        loop_done(loop, recv);
}

/* ---- foreign descriptors ---- */

bool loop_watch_add(struct loop *loop, struct watch_fd *watch)
{
    uint32_t events = watch->write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    return add_interest(of(loop), watch->fd, events, (uint64_t)(uintptr_t)watch | WATCH_BIT);
}

void loop_watch_remove(struct loop *loop, struct watch_fd *watch)
{
    struct epoll_loop *e = of(loop);
    epoll_ctl(e->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    uint64_t data = (uint64_t)(uintptr_t)watch | WATCH_BIT;
    for (int i = e->event_at; i < e->event_count; i++)
        if (e->events[i].data.u64 == data)
            e->events[i].data.u64 = WATCH_BIT; /* an address of 0: nobody */
}

static void woken(struct epoll_loop *e)
{
    uint64_t count;
    if (read(e->wake_event, &count, sizeof count) == sizeof count && e->loop.on_wake)
        e->loop.on_wake(e->loop.wake_context);
}

static void epoll_wake(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t n = write(of(loop)->wake_event, &one, sizeof one);
    (void)n; /* fails only when the counter is full: then it is awake already */
}

/* ---- the loop ---- */

static int collect(struct epoll_loop *e, nsec deadline)
{
    struct timespec wait = {0}, *timeout = &wait;
    if (deadline == NSEC_NEVER) {
        timeout = NULL;
    } else if (deadline > 0) {
        nsec left = deadline - clock_monotonic();
        if (left > 0)
            wait = (struct timespec){.tv_sec = left / NSEC_PER_SEC, .tv_nsec = left % NSEC_PER_SEC};
    }
    return epoll_pwait2(e->epoll, e->events, EVENTS, timeout, NULL);
}

static void epoll_wait_turn(struct loop *loop, nsec deadline)
{
    struct epoll_loop *e = of(loop);
    e->event_count = collect(e, deadline);
    for (e->event_at = 0; e->event_at < e->event_count; e->event_at++) {
        const struct epoll_event *event = &e->events[e->event_at];
        if (!(event->data.u64 & WATCH_BIT)) {
            int fd = (int)((uint32_t)event->data.u64 >> 1);
            if (fd == e->wake_event)
                woken(e);
            else
                socket_event(loop, fd, (uint32_t)(event->data.u64 >> 32), event->events);
        } else if (event->data.u64 != WATCH_BIT) {
            struct watch_fd *watch = (struct watch_fd *)(uintptr_t)(event->data.u64 & ~(uint64_t)WATCH_BIT);
            watch->ready(watch);
        }
    }
    e->event_count = 0;
}

static void epoll_destroy(struct loop *loop)
{
    struct epoll_loop *e = of(loop);
    loop_finish(loop);
    spool_finish(&e->spool);
    close(e->wake_event);
    close(e->epoll);
    free(e);
}

static const struct loop_backend backend = {
    .now = epoll_now,
    .wait = epoll_wait_turn,
    .connect = epoll_connect,
    .try_send = try_send,
    .try_recv = try_recv,
    .close = epoll_close,
    .wake = epoll_wake,
    .destroy = epoll_destroy,
};

struct loop *loop_epoll_create(void)
{
    struct epoll_loop *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    loop_init(&e->loop, &backend);
    prctl(PR_SET_TIMERSLACK, 1UL); /* the default of 50 us would be the largest error of our pacing */
    e->epoll = epoll_create1(EPOLL_CLOEXEC);
    e->wake_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (e->epoll < 0 || e->wake_event < 0 ||
        !add_interest(e, e->wake_event, EPOLLIN, socket_data(0, e->wake_event))) {
        int error = errno;
        if (e->epoll >= 0)
            close(e->epoll);
        if (e->wake_event >= 0)
            close(e->wake_event);
        free(e);
        errno = error;
        return NULL;
    }
    spool_init(&e->spool);
    return &e->loop;
}
