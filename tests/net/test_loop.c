#include "test.h"
#include "container.h"
#include "loop_sim.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A client that sends a text and collects what comes back until the end of the stream; the same against both
 * backends. */
struct client {
    struct loop *loop;
    struct op connect, send, recv;
    struct timer give_up;
    int socket;
    int error;
    struct iovec iov[2];
    char in[1000];
    size_t got;
    bool ended;
};

static struct client *of_recv(struct op *op)
{
    return CONTAINER(struct client, recv, op);
}

static void on_recv(struct op *op, int result)
{
    struct client *c = of_recv(op);
    if (result > 0) {
        assert_true((size_t)result <= sizeof c->in - c->got);
        memcpy(c->in + c->got, op->bytes, (size_t)result);
        c->got += (size_t)result;
        loop_recv(c->loop, c->socket, op);
        return;
    }
    c->ended = result == 0;
    c->error = result;
    loop_close(c->loop, c->socket);
    loop_stop(c->loop);
}

static void on_send(struct op *op, int result)
{
    const struct client *c = CONTAINER(struct client, send, op);
    assert_int_equal(result, c->iov[0].iov_len + c->iov[1].iov_len);
}

static void on_connect(struct op *op, int result)
{
    struct client *c = CONTAINER(struct client, connect, op);
    c->socket = result;
    if (result < 0) {
        c->error = result;
        loop_stop(c->loop);
        return;
    }
    c->iov[0] = (struct iovec){(char *)"hello ", 6};
    c->iov[1] = (struct iovec){(char *)"world", 5};
    loop_recv(c->loop, c->socket, &c->recv);
    loop_send(c->loop, c->socket, &c->send, c->iov, 2);
}

static void on_give_up(struct timer *timer)
{
    struct client *c = CONTAINER(struct client, give_up, timer);
    c->error = -ETIMEDOUT;
    loop_stop(c->loop);
}

static void client_run(struct client *c, struct loop *loop, const struct loop_addr *addr)
{
    *c = (struct client){.loop = loop,
                         .connect.done = on_connect,
                         .send.done = on_send,
                         .recv.done = on_recv,
                         .give_up.fire = on_give_up};
    timer_set(loop, &c->give_up, loop_now(loop) + 20 * NSEC_PER_SEC);
    loop_connect(loop, &c->connect, addr);
    assert_int_equal(c->socket, 0); /* never from inside the call that started it */
    loop_run(loop);
    timer_cancel(loop, &c->give_up);
}

/* ---- simulation ---- */

struct echo {
    struct loop *loop;
    size_t seen;
    int refuse;
};

static int echo_connected(void *context, int socket)
{
    (void)socket;
    return ((struct echo *)context)->refuse;
}

static void echo_received(void *context, int socket, const void *bytes, size_t len)
{
    struct echo *e = context;
    e->seen += len;
    loop_sim_reply(e->loop, socket, bytes, len, 3 * NSEC_PER_SEC);
    if (e->seen == 11)
        loop_sim_end(e->loop, socket, 4 * NSEC_PER_SEC);
}

static void test_sim_echo_in_any_pieces(void **state)
{
    (void)state;
    for (size_t chunk = 0; chunk < 12; chunk++) {
        struct echo e = {0};
        struct sim_server server = {.context = &e, .connected = echo_connected, .received = echo_received};
        struct loop *loop = e.loop = loop_sim_create(&server);
        struct client c;
        loop_sim_chunk(loop, chunk);
        nsec start = loop_now(loop);
        client_run(&c, loop, NULL);
        assert_true(c.ended);
        assert_int_equal(c.got, 11);
        assert_memory_equal(c.in, "hello world", 11);
        assert_int_equal(loop_now(loop) - start, 4 * NSEC_PER_SEC);
        loop_destroy(loop);
    }
}

static void test_sim_refuses(void **state)
{
    (void)state;
    struct echo e = {.refuse = -ECONNREFUSED};
    struct sim_server server = {.context = &e, .connected = echo_connected, .received = echo_received};
    struct loop *loop = e.loop = loop_sim_create(&server);
    struct client c;
    client_run(&c, loop, NULL);
    assert_int_equal(c.error, -ECONNREFUSED);
    loop_destroy(loop);
}

static void test_sim_stalls_when_nothing_is_due(void **state)
{
    (void)state;
    struct echo e = {0};
    struct sim_server server = {.context = &e, .connected = echo_connected, .received = echo_received};
    struct loop *loop = loop_sim_create(&server);
    loop_run(loop);
    assert_true(loop_sim_stalled(loop));
    loop_destroy(loop);
}

/* ---- timers ---- */

enum { TIMERS = 1000 };
static struct {
    struct timer timer;
    nsec due, fired;
} timers[TIMERS];
static struct loop *timer_loop;
static int timers_fired;

static void on_timer(struct timer *timer)
{
    long i = (long)(((char *)timer - (char *)timers) / (long)sizeof timers[0]);
    timers[i].fired = loop_now(timer_loop);
    if (++timers_fired == TIMERS - 10)
        loop_stop(timer_loop);
}

static void test_virtual_timers_are_exact(void **state)
{
    (void)state;
    struct echo e = {0};
    struct sim_server server = {.context = &e, .connected = echo_connected, .received = echo_received};
    timer_loop = loop_sim_create(&server);
    nsec start = loop_now(timer_loop);
    for (int i = 0; i < TIMERS; i++) {
        timers[i].timer.fire = on_timer;
        timers[i].due = start + (nsec)(i * 7919 % TIMERS) * NSEC_PER_SEC;
        timer_set(timer_loop, &timers[i].timer, timers[i].due);
    }
    for (int i = 0; i < 10; i++)
        timer_cancel(timer_loop, &timers[i].timer);
    loop_run(timer_loop);
    for (int i = 10; i < TIMERS; i++)
        assert_int_equal(timers[i].fired, timers[i].due);
    assert_int_equal(timers[3].fired, 0);
    loop_destroy(timer_loop);
}

/* ---- real sockets ---- */

struct peer {
    int listener;
    pthread_t thread;
};

static void *peer_main(void *context)
{
    struct peer *p = context;
    int fd = accept(p->listener, NULL, NULL);
    char text[100];
    size_t got = 0;
    while (got < 11) {
        ssize_t n = read(fd, text + got, sizeof text - got);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    for (size_t i = 0; i < got; i++)
        if (write(fd, text + i, 1) != 1)
            break;
    close(fd);
    return NULL;
}

static struct loop_addr peer_listen(struct peer *p)
{
    struct loop_addr addr = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in *in = (struct sockaddr_in *)&addr.storage;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)in, addr.len), 0);
    assert_int_equal(listen(p->listener, 5), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)in, &addr.len), 0);
    return addr;
}

static void test_epoll_echo(void **state)
{
    (void)state;
    struct peer p;
    struct loop_addr addr = peer_listen(&p);
    pthread_create(&p.thread, NULL, peer_main, &p);
    struct loop *loop = loop_epoll_create();
    struct client c;
    client_run(&c, loop, &addr);
    pthread_join(p.thread, NULL);
    close(p.listener);
    assert_true(c.ended);
    assert_int_equal(c.got, 11);
    assert_memory_equal(c.in, "hello world", 11);
    loop_destroy(loop);
}

static void test_epoll_refused(void **state)
{
    (void)state;
    struct peer p;
    struct loop_addr addr = peer_listen(&p);
    close(p.listener);
    struct loop *loop = loop_epoll_create();
    struct client c;
    client_run(&c, loop, &addr);
    assert_int_equal(c.error, -ECONNREFUSED);
    loop_destroy(loop);
}

static void stop(void *context)
{
    loop_stop(context);
}

static void *wake_main(void *context)
{
    loop_wake(context);
    return NULL;
}

static void test_wake_from_another_thread(void **state)
{
    (void)state;
    struct loop *loop = loop_epoll_create();
    loop_on_wake(loop, stop, loop);
    pthread_t thread;
    pthread_create(&thread, NULL, wake_main, loop);
    loop_run(loop); /* would never end without the wake */
    pthread_join(thread, NULL);
    loop_destroy(loop);
}

struct pipe_watch {
    struct watch_fd watch;
    struct loop *loop;
    int seen;
};

static void pipe_ready(struct watch_fd *watch)
{
    struct pipe_watch *w = (struct pipe_watch *)watch;
    char c;
    assert_int_equal(read(watch->fd, &c, 1), 1);
    if (++w->seen == 3) {
        loop_watch_remove(w->loop, watch);
        loop_stop(w->loop);
    }
}

static void test_foreign_descriptor_is_level_triggered(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct loop *loop = loop_epoll_create();
    struct pipe_watch w = {.watch = {.ready = pipe_ready, .fd = fds[0]}, .loop = loop};
    assert_true(loop_watch_add(loop, &w.watch));
    assert_int_equal(write(fds[1], "abc", 3), 3);
    loop_run(loop);
    assert_int_equal(w.seen, 3);
    loop_destroy(loop);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_echo_in_any_pieces),
        cmocka_unit_test(test_sim_refuses),
        cmocka_unit_test(test_sim_stalls_when_nothing_is_due),
        cmocka_unit_test(test_virtual_timers_are_exact),
        cmocka_unit_test(test_epoll_echo),
        cmocka_unit_test(test_epoll_refused),
        cmocka_unit_test(test_wake_from_another_thread),
        cmocka_unit_test(test_foreign_descriptor_is_level_triggered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
