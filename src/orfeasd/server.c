#include "server.h"

#include "families.h"
#include "json_out.h"
#include "route.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static const nsec HEADER_TIME = 10 * NSEC_PER_SEC, IDLE_TIME = 60 * NSEC_PER_SEC,
                  BODY_TIME = 20 * NSEC_PER_SEC, BODY_TIME_MAX = 120 * NSEC_PER_SEC,
                  ANSWER_TIME = 60 * NSEC_PER_SEC, SWEEP_EVERY = NSEC_PER_SEC / 2;

enum {
    CONNECTION_MEMORY = 32 << 10, /* header and, in pieces of half of it, the body */
    CONNECTIONS_MAX = 20000,
    SPARE_FDS = 200,       /* for files, of those that the system grants us */
    BODY_SMALL = 64 << 10, /* JSON */
    BODY_DROP_FACTOR = 4,  /* a body too large is read and dropped up to this multiple, then cut off */
    TEXT_MAX = 4 << 20,
    PUMP_TURNS = 16,
    STATUS_MAX = 600,
};

struct request_series { /* of one route and method */
    struct metric_series *duration, *by_status[STATUS_MAX], *errors[STATUS_MAX];
};

struct server {
    struct loop *loop;
    struct backend *backend;
    const struct settings *settings;
    struct MHD_Daemon *daemon;
    int port;
    struct watch_fd ready; /* MHD's epoll descriptor */
    struct watch_fd left;  /* `held_epoll`: clients of held requests that left */
    int held_epoll;
    struct timer pump, sweep;
    struct exchange *first; /* all connections */
    int connections, held;
    int64_t max_body;
    struct buf text;
    struct request_series series[]; /* (route, method); the last row: no route */
};

#define CONTAINER(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

const char *method_name(enum method method)
{
    static const char *const NAMES[METHODS] = {"GET", "HEAD", "POST", "OPTIONS", "OTHER"};
    return NAMES[method];
}

static enum method method_parse(const char *name)
{
    for (int i = 0; i < METHOD_OTHER; i++)
        if (strcmp(name, method_name((enum method)i)) == 0)
            return (enum method)i;
    return METHOD_OTHER;
}

/* ---- the answer ---- */

const char *exchange_header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

struct buf *exchange_text(struct exchange *x)
{
    buf_clear(&x->server->text);
    return &x->server->text;
}

void exchange_add_header(struct exchange *x, const char *name, const char *value)
{
    MHD_add_response_header(x->response, name, value);
}

/* The headers of the original: what a browser may do with the answer. */
static void add_common_headers(struct exchange *x, const char *content_type)
{
    static const char *const HEADERS[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"X-XSS-Protection", "1; mode=block"},
        {"Referrer-Policy", "strict-origin-when-cross-origin"},
        {"Permissions-Policy", "geolocation=(), microphone=(), camera=()"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {"Access-Control-Expose-Headers", "Content-Disposition"},
    };
    if (content_type)
        exchange_add_header(x, "Content-Type", content_type);
    for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++)
        exchange_add_header(x, HEADERS[i][0], HEADERS[i][1]);
    exchange_add_header(x, "Access-Control-Allow-Origin", x->server->settings->cors_origins);
}

static void give(struct exchange *x, struct MHD_Response *response, int status, int64_t len,
                 const char *content_type)
{
    assert(!x->response && response);
    x->response = response;
    x->status = status;
    x->response_bytes = len;
    add_common_headers(x, content_type);
}

void exchange_send(struct exchange *x, int status, const char *content_type)
{
    struct buf *text = &x->server->text;
    if (text->failed) {
        buf_clear(text);
        status = 500;
    }
    give(x, MHD_create_response_from_buffer(text->len, text->bytes, MHD_RESPMEM_MUST_COPY), status,
         (int64_t)text->len, text->len ? content_type : NULL);
}

void exchange_send_json(struct exchange *x, int status)
{
    json_end(&x->server->text);
    exchange_send(x, status, "application/json");
}

void exchange_send_file(struct exchange *x, int fd, int64_t len, const char *content_type)
{
    give(x, MHD_create_response_from_fd64((uint64_t)len, fd), 200, len, content_type);
}

void exchange_send_error(struct exchange *x, int status, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "error", message);
    json_close(b, '}');
    exchange_send_json(x, status);
}

static enum MHD_Result send_response(struct exchange *x)
{
    enum MHD_Result result = MHD_queue_response(x->connection, (unsigned)x->status, x->response);
    MHD_destroy_response(x->response);
    x->response = NULL;
    x->deadline = loop_now(x->server->loop) + ANSWER_TIME + x->response_bytes * (NSEC_PER_SEC / 10000);
    return result;
}

/* ---- held requests ---- */

static void on_hold_over(struct timer *timer)
{
    struct exchange *x = CONTAINER(struct exchange, hold_timer, timer);
    x->timed_out = true;
    exchange_release(x);
}

void exchange_hold(struct exchange *x, struct exchange **list, nsec wait)
{
    x->held_by = list;
    x->held_prev = NULL;
    x->held_next = *list;
    if (*list)
        (*list)->held_prev = x;
    *list = x;
    x->hold_timer.fire = on_hold_over;
    if (wait)
        timer_set(x->server->loop, &x->hold_timer, loop_now(x->server->loop) + wait);
}

static void leave_list(struct exchange *x)
{
    if (!x->held_by)
        return;
    *(x->held_prev ? &x->held_prev->held_next : x->held_by) = x->held_next;
    if (x->held_next)
        x->held_next->held_prev = x->held_prev;
    x->held_by = NULL;
    timer_cancel(x->server->loop, &x->hold_timer);
}

static void suspend(struct exchange *x)
{
    struct server *s = x->server;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = x};
    epoll_ctl(s->held_epoll, EPOLL_CTL_ADD, x->fd, &event);
    MHD_suspend_connection(x->connection);
    x->suspended = true;
    x->deadline = NSEC_NEVER;
    s->held++;
}

void exchange_release(struct exchange *x)
{
    struct server *s = x->server;
    leave_list(x);
    if (!x->suspended)
        return;
    x->suspended = false;
    x->resumed = true;
    s->held--;
    epoll_ctl(s->held_epoll, EPOLL_CTL_DEL, x->fd, NULL);
    MHD_resume_connection(x->connection);
    timer_set(s->loop, &s->pump, loop_now(s->loop));
}

static void on_client_left(struct watch_fd *watch)
{
    struct server *s = CONTAINER(struct server, left, watch);
    struct epoll_event events[64];
    int count = epoll_wait(s->held_epoll, events, 64, 0);
    for (int i = 0; i < count; i++) {
        struct exchange *x = events[i].data.ptr;
        x->gone = true;
        exchange_release(x);
    }
}

/* ---- one request ---- */

static void on_request_end(struct exchange *x);

static void refuse_method(struct exchange *x)
{
    if (x->method == METHOD_OPTIONS) {
        exchange_text(x);
        exchange_send(x, 204, NULL);
        exchange_add_header(x, "Access-Control-Allow-Methods", route_allow(x->route));
        exchange_add_header(x, "Access-Control-Allow-Headers", "Content-Type, Prefer");
        exchange_add_header(x, "Access-Control-Max-Age", "600");
    } else {
        exchange_send_error(x, 405, "Method not allowed");
    }
    exchange_add_header(x, "Allow", route_allow(x->route));
}

static int64_t body_limit(const struct exchange *x)
{
    return x->route && x->route->upload ? x->server->max_body : BODY_SMALL;
}

static void refuse_body(struct exchange *x)
{
    exchange_send_error(x, 413, "File too large (max %dMB)",
                        (int)(x->server->settings->max_upload_bytes >> 20));
}

/* Content-Length as MHD has checked it: a number or absent. */
static int64_t declared_length(const struct exchange *x)
{
    const char *text = exchange_header(x, "Content-Length");
    return text ? strtoll(text, NULL, 10) : 0;
}

/* Returns false when the answer must go out at once, without the body: the client waits for leave to send it,
 * or it is too long to be read and dropped. The connection is closed behind it. */
static bool check_header(struct exchange *x)
{
    int64_t length = declared_length(x);
    if (!x->route)
        exchange_send_error(x, 404, "Not found");
    else if (!x->handler)
        refuse_method(x);
    else if (exchange_header(x, "Content-Length") && exchange_header(x, "Transfer-Encoding"))
        exchange_send_error(x, 400, "Both Content-Length and Transfer-Encoding");
    else if (length > body_limit(x))
        refuse_body(x);
    else if (x->handler->begin)
        x->handler->begin(x);
    return !x->response || (!exchange_header(x, "Expect") && length <= BODY_DROP_FACTOR * body_limit(x));
}

static enum MHD_Result on_header(struct exchange *x, const char *url, const char *method)
{
    x->first_call_done = true;
    x->in_request = true;
    x->method = method_parse(method);
    x->route = route_find(url, x->params);
    x->handler = x->route ? route_handler(x->route, x->method) : NULL;
    x->body_began = loop_now(x->server->loop);
    x->deadline = x->body_began + BODY_TIME;
    return check_header(x) ? MHD_YES : send_response(x);
}

static enum MHD_Result on_body(struct exchange *x, const char *bytes, size_t len)
{
    x->body_bytes += (int64_t)len;
    nsec grace = BODY_TIME + x->body_bytes * (NSEC_PER_SEC / 1000);
    x->deadline = x->body_began + (grace < BODY_TIME_MAX ? grace : BODY_TIME_MAX);
    int64_t limit = body_limit(x);
    if (x->body_bytes > BODY_DROP_FACTOR * limit)
        return MHD_NO;
    if (!x->response && x->body_bytes > limit)
        refuse_body(x);
    if (!x->response && x->handler->body)
        x->handler->body(x, bytes, len);
    return MHD_YES;
}

static enum MHD_Result on_complete(struct exchange *x)
{
    if (x->gone)
        return MHD_NO;
    if (!x->response && x->resumed)
        x->handler->resume(x);
    else if (!x->response)
        x->handler->finish(x);
    if (x->response)
        return send_response(x);
    assert(x->held_by);
    suspend(x);
    return MHD_YES;
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *bytes, size_t *len,
                                 void **request)
{
    (void)context;
    (void)connection;
    (void)version;
    struct exchange *x = *request;
    if (!x->first_call_done)
        return on_header(x, url, method);
    if (*len == 0)
        return on_complete(x);
    size_t taken = *len;
    *len = 0;
    return on_body(x, bytes, taken);
}

/* ---- connections ---- */

static struct exchange *exchange_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line is there: the first moment that MHD tells of. */
static void *on_request_line(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)uri;
    struct server *s = context;
    struct exchange *x = exchange_of(connection);
    x->began = loop_now(s->loop);
    if (x->deadline > x->began + HEADER_TIME)
        x->deadline = x->began + HEADER_TIME;
    return x;
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
    x->deadline = loop_now(s->loop) + HEADER_TIME;
    x->next = s->first;
    if (s->first)
        s->first->prev = x;
    s->first = x;
    *socket_context = x;
    if (s->connections++ == 0)
        timer_set(s->loop, &s->sweep, loop_now(s->loop) + SWEEP_EVERY);
}

static void connection_closed(struct exchange *x)
{
    struct server *s = x->server;
    if (x->in_request)
        on_request_end(x);
    *(x->prev ? &x->prev->next : &s->first) = x->next;
    if (x->next)
        x->next->prev = x->prev;
    free(x);
    if (--s->connections == 0)
        timer_cancel(s->loop, &s->sweep);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_opened(context, connection, socket_context);
    else if (*socket_context)
        connection_closed(*socket_context);
}

static struct request_series *series_of(struct exchange *x)
{
    struct server *s = x->server;
    int row = x->route ? (int)(x->route - route_table) : route_count;
    return &s->series[row * METHODS + (int)x->method];
}

static void count_request(struct exchange *x)
{
    struct metrics *m = x->backend->metrics;
    struct request_series *series = series_of(x);
    char status[8];
    snprintf(status, sizeof status, "%d", x->status);
    const char *labels[] = {method_name(x->method), x->route ? x->route->path : "other", status};
    if (!series->duration)
        series->duration = metrics_series(m, F_HTTP_DURATION, labels);
    if (!series->by_status[x->status])
        series->by_status[x->status] = metrics_series(m, F_HTTP_REQUESTS, labels);
    metric_add(series->by_status[x->status], 1);
    metric_observe(series->duration, nsec_to_sec(loop_now(x->server->loop) - x->began));
    metric_add(x->backend->request_bytes, (double)x->body_bytes);
    metric_add(x->backend->response_bytes, (double)x->response_bytes);
    if (x->status < 400)
        return;
    if (!series->errors[x->status])
        series->errors[x->status] = metrics_series(m, F_HTTP_ERRORS, labels);
    metric_add(series->errors[x->status], 1);
}

static void on_request_end(struct exchange *x)
{
    leave_list(x);
    if (x->handler && x->handler->end)
        x->handler->end(x);
    if (x->response)
        MHD_destroy_response(x->response);
    count_request(x);
    struct exchange clean = {.server = x->server,
                             .backend = x->backend,
                             .connection = x->connection,
                             .fd = x->fd,
                             .next = x->next,
                             .prev = x->prev};
    clean.deadline = loop_now(x->server->loop) + IDLE_TIME;
    *x = clean;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    struct exchange *x = *request;
    if (!x || !x->in_request)
        return;
    if (x->suspended)
        exchange_release(x);
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        x->status = 499;
    on_request_end(x);
}

/* ---- in the loop ---- */

static void pump(struct server *s)
{
    MHD_UNSIGNED_LONG_LONG wait;
    for (int turn = 0; turn < PUMP_TURNS; turn++) {
        MHD_run(s->daemon);
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

/* Walking all connections twice a second costs less than a timer for each request would. */
static void on_sweep(struct timer *timer)
{
    struct server *s = CONTAINER(struct server, sweep, timer);
    nsec now = loop_now(s->loop);
    for (struct exchange *x = s->first; x; x = x->next)
        if (x->deadline < now) {
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
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, s, MHD_OPTION_LISTEN_SOCKET,
        listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_URI_LOG_CALLBACK,
        on_request_line, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, connection_limit(),
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!s->daemon) {
        close(listener);
        return false;
    }
    s->ready =
        (struct watch_fd){on_ready, MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd};
    s->held_epoll = epoll_create1(EPOLL_CLOEXEC);
    s->left = (struct watch_fd){on_client_left, s->held_epoll};
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
    s->max_body = settings->max_upload_bytes + BODY_SMALL; /* the form around the picture */
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
    int fd = MHD_quiesce_daemon(s->daemon);
    if (fd >= 0)
        close(fd);
}

int server_connections(const struct server *s)
{
    return s->connections;
}

int server_held(const struct server *s)
{
    return s->held;
}
