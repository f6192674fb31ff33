#include "server_impl.h"

#include "container.h"
#include "families.h"
#include "route.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

const nsec server_header_time = 10 * NSEC_PER_SEC;
static const nsec SWEEP_EVERY = NSEC_PER_SEC / 2;

enum {
    /* The header and, in pieces of half of it, the body. Room for the largest head that we take and for what
     * MHD keeps of each line, so that one that is a little too large gets an answer of ours. Beyond 32 KiB
     * MHD maps it instead of taking it from the heap, so that what is not touched costs nothing and all is
     * given back. */
    CONNECTION_MEMORY = 56 << 10,
    CONNECTIONS_MAX = 20000,
    SPARE_FDS = 200, /* for files, of those that the system grants us */
    TEXT_MAX = 4 << 20,
    PUMP_TURNS = 16,
    MAD_TURNS = 10000, /* from one sweep to the next */
};

/* ---- connections ---- */

/* Loopback is where proxies and load tests come from. Walking all connections costs what it costs because
 * only addresses that may open few are counted. */
static enum MHD_Result may_connect(void *context, const struct sockaddr *address, socklen_t len)
{
    (void)len;
    struct server *s = context;
    uint32_t client = ((const struct sockaddr_in *)address)->sin_addr.s_addr;
    int open = 0;
    if (ntohl(client) >> 24 == 127)
        return MHD_YES;
    for (const struct exchange *x = s->first; x; x = x->next)
        open += exchange_address(x) == client;
    if (open < s->settings->connections_per_address)
        return MHD_YES;
    metric_add(metrics_series(s->backend->metrics, F_CONNECTIONS_REFUSED, NULL), 1);
    return MHD_NO;
}

static void connection_opened(struct server *s, struct MHD_Connection *connection, void **socket_context)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    x->server = s;
    x->backend = s->backend;
    x->connection = connection;
    x->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    x->deadline = loop_now(s->loop) + server_header_time;
    x->next = s->first;
    if (s->first)
        s->first->prev = x;
    s->first = x;
    *socket_context = x;
    s->opened++;
    if (s->connections++ == 0)
        timer_set(s->loop, &s->sweep, loop_now(s->loop) + SWEEP_EVERY);
}

static void connection_closed(struct exchange *x)
{
    struct server *s = x->server;
    if (x->in_request)
        request_end(x);
    *(x->prev ? &x->prev->next : &s->first) = x->next;
    if (x->next)
        x->next->prev = x->prev;
    free(x);
    if (--s->connections == 0)
        timer_cancel(s->loop, &s->sweep);
    /* At its limit MHD has stopped to listen, and begins again when it is run with a connection less. */
    timer_set(s->loop, &s->pump, loop_now(s->loop));
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_opened(context, connection, socket_context);
    else if (*socket_context)
        connection_closed(*socket_context);
}

/* ---- in the loop ---- */

static void pump(struct server *s)
{
    MHD_UNSIGNED_LONG_LONG wait;
    for (int turn = 0; turn < PUMP_TURNS; turn++) {
        MHD_run(s->daemon);
        s->turns++;
        if (MHD_get_timeout(s->daemon, &wait) == MHD_NO)
            return;
        if (wait) {
            timer_set(s->loop, &s->pump, loop_now(s->loop) + (nsec)wait * NSEC_PER_MSEC);
            return;
        }
    }
    timer_set(s->loop, &s->pump, loop_now(s->loop)); /* others' turn */
}

static void on_ready(struct watch_fd *watch)
{
    pump(CONTAINER(struct server, ready, watch));
}

static void on_pump(struct timer *timer)
{
    pump(CONTAINER(struct server, pump, timer));
}

/* The line in front of a chunk may be larger than what MHD keeps of a connection. MHD then takes nothing any
 * more and wants to be run again, without rest. We see of it that a body in chunks stands still between two
 * sweeps, though there is more of it, or though MHD runs like mad. */
static bool stands_still(struct exchange *x, bool mad)
{
    struct pollfd unread = {.fd = x->fd, .events = POLLIN};
    bool stands = x->in_chunks && x->body_bytes == x->swept_bytes && (mad || poll(&unread, 1, 0) > 0),
         stood = x->stood;
    x->swept_bytes = x->body_bytes;
    x->stood = stands;
    return stands && stood;
}

/* Walking all connections twice a second costs less than a timer for each request would. */
static void on_sweep(struct timer *timer)
{
    struct server *s = CONTAINER(struct server, sweep, timer);
    nsec now = loop_now(s->loop);
    bool mad = s->turns > MAD_TURNS;
    s->turns = 0;
    for (struct exchange *x = s->first; x; x = x->next)
        if (x->deadline < now || stands_still(x, mad)) {
            shutdown(x->fd, SHUT_RDWR);
            x->deadline = NSEC_NEVER;
        }
    timer_set(s->loop, &s->sweep, now + SWEEP_EVERY);
}

/* ---- life ---- */

static int listen_on(const struct settings *settings, int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        return -1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)settings->port), .sin_addr = settings->address};
    socklen_t len = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
    if (bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 4096) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static unsigned connection_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return 256;
    files.rlim_cur =
        files.rlim_max < CONNECTIONS_MAX + SPARE_FDS ? files.rlim_max : CONNECTIONS_MAX + SPARE_FDS;
    setrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur > 2 * SPARE_FDS ? (unsigned)files.rlim_cur - SPARE_FDS
                                          : (unsigned)files.rlim_cur / 2;
}

static bool start_daemon(struct server *s, int listener)
{
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, may_connect, s, request_access, s,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_URI_LOG_CALLBACK, request_line, s, MHD_OPTION_NOTIFY_COMPLETED, request_completed, s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
        connection_limit(), MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!s->daemon) {
        close(listener);
        return false;
    }
    s->ready =
        (struct watch_fd){on_ready, MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd};
    s->held_epoll = epoll_create1(EPOLL_CLOEXEC);
    s->left = (struct watch_fd){exchange_clients_left, s->held_epoll};
    return s->held_epoll >= 0 && loop_watch_add(s->loop, &s->ready) && loop_watch_add(s->loop, &s->left);
}

struct server *server_create(struct loop *loop, struct backend *backend, const struct settings *settings)
{
    int port;
    int listener = listen_on(settings, &port);
    if (listener < 0)
        return NULL;
    struct server *s = calloc(1, sizeof *s + (size_t)(route_count + 1) * METHODS * sizeof s->series[0]);
    assert(s);
    s->loop = loop;
    s->backend = backend;
    s->settings = settings;
    s->port = port;
    s->max_body = settings->max_upload_bytes + SERVER_BODY_SMALL; /* the form around the picture */
    s->pump.fire = on_pump;
    s->sweep.fire = on_sweep;
    buf_init(&s->text, TEXT_MAX);
    if (start_daemon(s, listener))
        return s;
    int error = errno;
    server_destroy(s);
    errno = error;
    return NULL;
}

void server_destroy(struct server *s)
{
    if (!s)
        return;
    s->ending = true; /* or a request that comes now could be held */
    for (struct exchange *x = s->first; x; x = x->next)
        if (x->suspended) {
            x->gone = true;
            exchange_release(x);
        }
    if (s->daemon) {
        MHD_run(s->daemon); /* MHD does not stop with suspended connections */
        loop_watch_remove(s->loop, &s->ready);
        loop_watch_remove(s->loop, &s->left);
        MHD_stop_daemon(s->daemon);
    }
    timer_cancel(s->loop, &s->pump);
    timer_cancel(s->loop, &s->sweep);
    if (s->held_epoll > 0)
        close(s->held_epoll);
    buf_finish(&s->text);
    free(s);
}

int server_port(const struct server *s)
{
    return s->port;
}

void server_close_listener(struct server *s)
{
    int fd = s->deaf ? -1 : MHD_quiesce_daemon(s->daemon); /* gives it every time that it is asked */
    s->deaf = true;
    if (fd >= 0)
        close(fd);
}

int server_connections(const struct server *s)
{
    return s->connections;
}

void server_release_held(struct server *s)
{
    for (struct exchange *x = s->first; x; x = x->next)
        if (x->suspended)
            exchange_release(x);
}

int server_answering(const struct server *s)
{
    int count = 0;
    for (const struct exchange *x = s->first; x; x = x->next)
        count += x->in_request && x->status && !x->upgraded;
    return count;
}

int64_t server_opened(const struct server *s)
{
    return s->opened;
}

int server_held(const struct server *s)
{
    return s->held;
}
