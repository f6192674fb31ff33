#include "server_impl.h"

#include "container.h"
#include "json_out.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

/* How long a client may take to fetch its answer: this, and 1 s more for each 10,000 bytes. */
static const nsec ANSWER_TIME = 60 * NSEC_PER_SEC;

const char *method_name(enum method method)
{
    static const char *const NAMES[METHODS] = {"GET", "HEAD", "POST", "DELETE", "OPTIONS", "OTHER"};
    return NAMES[method];
}

const char *exchange_header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

const char *exchange_query(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, name);
}

uint32_t exchange_address(const struct exchange *x)
{
    const struct sockaddr *address =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    return ((const struct sockaddr_in *)address)->sin_addr.s_addr;
}

static bool origin_listed(const char *allowed, const char *origin)
{
    size_t len = strlen(origin);
    for (const char *at = allowed; *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " ");
        size_t item = strcspn(at, ", ");
        if (item == len && strncasecmp(at, origin, len) == 0)
            return true;
    }
    return false;
}

bool exchange_origin_allowed(const struct exchange *x)
{
    const char *allowed = x->server->settings->cors_origins, *origin = exchange_header(x, "Origin");
    if (!origin || strcmp(allowed, "*") == 0 || origin_listed(allowed, origin))
        return true;
    const char *host = exchange_header(x, "Host"), *authority = strstr(origin, "://");
    return host && authority && strcasecmp(authority + 3, host) == 0;
}

bool exchange_is_json(const struct exchange *x)
{
    static const char JSON[] = "application/json";
    const char *type = exchange_header(x, "Content-Type");
    size_t len = sizeof JSON - 1;
    return type && strncasecmp(type, JSON, len) == 0 && (!type[len] || strchr("; \t", type[len]));
}

struct header_lines {
    const char *name;
    void (*each)(void *context, const char *value);
    void *context;
};

static enum MHD_Result on_header_line(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    const struct header_lines *lines = context;
    if (strcasecmp(name, lines->name) == 0)
        lines->each(lines->context, value ? value : "");
    return MHD_YES;
}

void exchange_each_header(const struct exchange *x, const char *name,
                          void (*each)(void *context, const char *value), void *context)
{
    struct header_lines lines = {name, each, context};
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, on_header_line, &lines);
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
/* Of a list a browser wants its own. */
static void add_origin(struct exchange *x)
{
    static const char NAME[] = "Access-Control-Allow-Origin";
    const char *allowed = x->server->settings->cors_origins, *origin = exchange_header(x, "Origin");
    if (!strchr(allowed, ',')) {
        exchange_add_header(x, NAME, allowed);
        return;
    }
    exchange_add_header(x, "Vary", "Origin");
    if (origin && origin_listed(allowed, origin))
        exchange_add_header(x, NAME, origin);
}

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
    add_origin(x);
    if (x->backend->readiness == BACKEND_STOPPING)
        exchange_add_header(x, "Connection", "close");
}

void exchange_give(struct exchange *x, struct MHD_Response *response, int status, int64_t len,
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
    exchange_give(x, MHD_create_response_from_buffer(text->len, text->bytes, MHD_RESPMEM_MUST_COPY), status,
                  (int64_t)text->len, text->len ? content_type : NULL);
}

void exchange_send_json(struct exchange *x, int status)
{
    json_end(&x->server->text);
    exchange_send(x, status, "application/json");
}

void exchange_send_file(struct exchange *x, int fd, int64_t len, const char *content_type)
{
    exchange_give(x, MHD_create_response_from_fd64((uint64_t)len, fd), 200, len, content_type);
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

enum MHD_Result exchange_queue(struct exchange *x)
{
    enum MHD_Result result = MHD_queue_response(x->connection, (unsigned)x->status, x->response);
    MHD_destroy_response(x->response);
    x->response = NULL;
    x->deadline = loop_now(x->server->loop) + ANSWER_TIME + x->response_bytes * (NSEC_PER_SEC / 10000);
    return result;
}

static void on_hold_over(struct timer *timer)
{
    exchange_release(CONTAINER(struct exchange, hold_timer, timer));
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

void exchange_leave(struct exchange *x)
{
    if (!x->held_by)
        return;
    *(x->held_prev ? &x->held_prev->held_next : x->held_by) = x->held_next;
    if (x->held_next)
        x->held_next->held_prev = x->held_prev;
    x->held_by = NULL;
    timer_cancel(x->server->loop, &x->hold_timer);
}

void exchange_suspend(struct exchange *x)
{
    struct server *s = x->server;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = x};
    epoll_ctl(s->held_epoll, EPOLL_CTL_ADD, x->fd, &event);
    MHD_suspend_connection(x->connection);
    x->suspended = true;
    x->deadline = NSEC_NEVER;
    s->held += !x->streaming;
}

void exchange_release(struct exchange *x)
{
    struct server *s = x->server;
    exchange_leave(x);
    if (!x->suspended)
        return;
    x->suspended = false;
    s->held -= !x->streaming;
    if (!x->gone && !x->streaming)
        x->handler->resume(x); /* now, not when MHD comes to it: the job may be another by then */
    epoll_ctl(s->held_epoll, EPOLL_CTL_DEL, x->fd, NULL);
    MHD_resume_connection(x->connection);
    timer_set(s->loop, &s->pump, loop_now(s->loop));
}

void exchange_clients_left(struct watch_fd *watch)
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
