#include "loop_backend.h"

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
    struct epoll_event events[EVENTS]; /* of the turn under way */
    int event_count;
    int event_at;
};

/* An event's data is a socket's number, or a watch's address with this bit set (addresses are even). */
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

static void try_send(struct loop *loop, struct op *op)
{
    struct msghdr message = {.msg_iov = op->iov, .msg_iovlen = (size_t)op->iov_count};
    ssize_t n;
    do
        n = sendmsg(op->socket, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        loop_socket(loop, op->socket)->writable = false;
    else
        loop_complete(loop, op, n < 0 ? -errno : (int)n);
}

static void try_recv(struct loop *loop, struct op *op)
{
    struct loop_socket *s = loop_socket(loop, op->socket);
    ssize_t n;
    do
        n = recv(op->socket, op->bytes, op->len, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        s->readable = false;
        return;
    }
    /* A short read has emptied the socket: the next byte makes a new edge. Not so at the end of the stream.
     */
    if (n > 0 && (size_t)n < op->len && !s->ended)
        s->readable = false;
    loop_complete(loop, op, n < 0 ? -errno : (int)n);
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
    bool registered =
        add_interest(of(loop), fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, (uint64_t)fd << 1);
    if (!registered ||
        (connect(fd, (const struct sockaddr *)&addr->storage, addr->len) != 0 && errno != EINPROGRESS)) {
        int error = errno;
        close(fd);
        loop_complete(loop, op, -error);
        return;
    }
    op->socket = fd;
    *loop_socket(loop, fd) = (struct loop_socket){.open = true, .connect = op};
}

static void finish_connect(struct loop *loop, int fd)
{
    struct op *op = loop_socket(loop, fd)->connect;
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (!error) {
        loop_complete(loop, op, fd);
        return;
    }
    loop_socket(loop, fd)->connect = NULL;
    loop_close(loop, fd);
    op->socket = -1;
    loop_complete(loop, op, -error);
}

static void epoll_close(struct loop *loop, int socket)
{
    (void)loop;
    close(socket); /* takes it out of the epoll set, too */
}

static void socket_event(struct loop *loop, int fd, uint32_t events)
{
    struct loop_socket *s = loop_socket(loop, fd);
    if (!s->open)
        return;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        s->ended = true;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        s->readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        s->writable = true;
    if (s->connect) {
        if (s->writable && s->connect->state == OP_PARKED)
            finish_connect(loop, fd);
        return;
    }
    if (s->readable && s->recv && s->recv->state == OP_PARKED)
        try_recv(loop, s->recv);
    if (s->writable && s->send && s->send->state == OP_PARKED)
        try_send(loop, s->send);
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
            int fd = (int)(event->data.u64 >> 1);
            if (fd == e->wake_event)
                woken(e);
            else
                socket_event(loop, fd, event->events);
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
        !add_interest(e, e->wake_event, EPOLLIN, (uint64_t)e->wake_event << 1)) {
        int error = errno;
        if (e->epoll >= 0)
            close(e->epoll);
        if (e->wake_event >= 0)
            close(e->wake_event);
        free(e);
        errno = error;
        return NULL;
    }
    return &e->loop;
}
