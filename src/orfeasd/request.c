#include "server_impl.h"

#include "auth.h"
#include "families.h"
#include "request_limits.h"
#include "request_metrics.h"
#include "route.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const nsec IDLE_TIME = 60 * NSEC_PER_SEC, BODY_TIME = 20 * NSEC_PER_SEC,
                  BODY_TIME_MAX = 120 * NSEC_PER_SEC;

enum {
    METHOD_AND_VERSION = sizeof "GET  HTTP/1.1" - 1,
    BODY_DROP_FACTOR =
        4, /* a body too large is read and dropped up to this multiple of an upload, then cut off */
};

static enum method method_parse(const char *name)
{
    for (int i = 0; i < METHOD_OTHER; i++)
        if (strcmp(name, method_name((enum method)i)) == 0)
            return (enum method)i;
    return METHOD_OTHER;
}

static void refuse_method(struct exchange *x)
{
    if (x->method == METHOD_OPTIONS) {
        exchange_text(x);
        exchange_send(x, 204, NULL);
        exchange_add_header(x, "Access-Control-Allow-Methods", route_allow(x->route));
        exchange_add_header(x, "Access-Control-Allow-Headers", "Authorization, Content-Type, Prefer");
        exchange_add_header(x, "Access-Control-Max-Age", "600");
    } else {
        exchange_send_error(x, 405, "Method not allowed");
    }
    exchange_add_header(x, "Allow", route_allow(x->route));
}

/* A browser's WebSocket or EventSource can send no header, but a query (RFC 6750, section 2.3). */
static bool shows_token(const struct exchange *x)
{
    const struct auth *auth = &x->backend->auth;
    const char *query =
        x->route && x->route->access == ACCESS_QUERY ? exchange_query(x, "access_token") : NULL;
    return query ? auth_check_token(auth, query) : auth_check(auth, exchange_header(x, "Authorization"));
}

static bool is_open(const struct exchange *x)
{
    if (!x->route)
        return false;
    bool near = ntohl(exchange_address(x)) >> 24 == 127;
    return x->route->access == ACCESS_OPEN || (x->route->access == ACCESS_LOOPBACK && near) ||
           x->method == METHOD_OPTIONS; /* a browser asks first, and without the token */
}

/* Nothing is read of what a stranger sends behind the header, and nothing else said about it. */
static bool check_token(struct exchange *x)
{
    if (is_open(x) || shows_token(x))
        return true;
    metric_add(metrics_series(x->backend->metrics, F_AUTH_REJECTIONS, NULL), 1);
    exchange_send_error(x, 401, "Authorization: Bearer TOKEN is needed");
    exchange_add_header(x, "WWW-Authenticate", "Bearer realm=\"orfeasd\"");
    exchange_add_header(x, "Connection", "close");
    return false;
}

struct head {
    int lines, hosts;
    size_t bytes;
    bool broken;
};

/* RFC 9110, section 5.6.2. MHD takes "Content-Length " for another name than "Content-Length", and a proxy in
 * front may not. */
static bool is_name(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && (!name[i] || !strchr("!#$%&'*+-.^_`|~", name[i])))
            return false;
    return len > 0;
}

static bool is_value(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
            return false;
    return true;
}

static enum MHD_Result on_header_line(void *context, enum MHD_ValueKind kind, const char *name,
                                      size_t name_len, const char *value, size_t value_len)
{
    (void)kind;
    struct head *head = context;
    head->lines++;
    head->hosts += name_len == 4 && strncasecmp(name, "Host", 4) == 0;
    head->bytes += name_len + value_len + sizeof ": \r\n" - 1;
    head->broken |= !is_name(name, name_len) || !is_value(value, value_len);
    return MHD_YES;
}

/* The library refuses a head that does not fit into a connection's memory, with a page of its own; what fits
 * is refused here. */
static bool check_head(struct exchange *x)
{
    struct head head = {0};
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, on_header_line, &head);
    if (x->long_line)
        exchange_send_error(x, 414, "Request line too long (max %dKB)", REQUEST_LINE_MAX >> 10);
    else if (head.lines > REQUEST_HEADERS_MAX)
        exchange_send_error(x, 431, "Too many header lines (max %d)", REQUEST_HEADERS_MAX);
    else if (head.bytes > REQUEST_HEADER_BYTES_MAX)
        exchange_send_error(x, 431, "Header too large (max %dKB)", REQUEST_HEADER_BYTES_MAX >> 10);
    else if (head.broken)
        exchange_send_error(x, 400, "Malformed header line");
    else if (head.hosts > 1)
        exchange_send_error(x, 400, "More than one Host");
    else
        return true;
    exchange_add_header(x, "Connection", "close");
    return false;
}

static int64_t body_limit(const struct exchange *x)
{
    if (x->route && x->route->body_max)
        return x->route->body_max;
    bool upload = x->handler && x->route->upload && !exchange_is_json(x);
    return upload ? x->server->max_body : SERVER_BODY_SMALL;
}

static int64_t drop_limit(const struct exchange *x)
{
    return BODY_DROP_FACTOR * x->server->max_body;
}

static void refuse_body(struct exchange *x)
{
    if (body_limit(x) < x->server->max_body)
        exchange_send_error(x, 413, "Request body too large (max %dKB)", (int)(body_limit(x) >> 10));
    else
        exchange_send_error(x, 413, "File too large (max %dMB)",
                            (int)(x->server->settings->max_upload_bytes >> 20));
}

struct lengths {
    const char *first;
    bool differ;
};

static void on_length(void *context, const char *value)
{
    struct lengths *lengths = context;
    if (!lengths->first)
        lengths->first = value;
    lengths->differ |= strcmp(lengths->first, value) != 0;
}

/* Where the body ends is not to be argued about: what one of us takes for the next request could be anything.
 */
static bool check_framing(struct exchange *x)
{
    struct lengths lengths = {0};
    const char *coding = exchange_header(x, "Transfer-Encoding");
    exchange_each_header(x, "Content-Length", on_length, &lengths);
    x->in_chunks = coding;
    if (lengths.differ)
        exchange_send_error(x, 400, "More than one Content-Length");
    else if (lengths.first && coding)
        exchange_send_error(x, 400, "Both Content-Length and Transfer-Encoding");
    else if (coding && strcasecmp(coding, "chunked") != 0) /* MHD would take all that follows for the body */
        exchange_send_error(x, 501, "Transfer-Encoding has to be chunked");
    else
        return true;
    exchange_add_header(x, "Connection", "close");
    return false;
}

/* Content-Length as MHD has checked it: a number or absent. */
static int64_t declared_length(const struct exchange *x)
{
    const char *text = exchange_header(x, "Content-Length");
    return text ? strtoll(text, NULL, 10) : 0;
}

/* Returns false when the answer must go out at once, without the body: nobody knows where it ends, the client
 * waits for leave to send it, or it is too long to be read and dropped. The connection is closed behind it.
 */
static bool check_header(struct exchange *x)
{
    int64_t length = declared_length(x);
    if (!check_head(x) || !check_framing(x) || !check_token(x))
        return false;
    if (!x->route)
        exchange_send_error(x, 404, "Not found");
    else if (!x->handler)
        refuse_method(x);
    else if (length > body_limit(x))
        refuse_body(x);
    else if (x->handler->begin)
        x->handler->begin(x);
    return !x->response || (!exchange_header(x, "Expect") && length <= drop_limit(x));
}

static enum MHD_Result on_header(struct exchange *x, const char *url, const char *method)
{
    x->first_call_done = true;
    x->in_request = true;
    x->method = method_parse(method);
    x->route = x->nul_in_path ? NULL : route_find(x->backend->routes, url, x->params);
    x->handler = x->route ? route_handler(x->route, x->method) : NULL;
    request_metrics_began(x);
    x->body_began = loop_now(x->server->loop);
    x->deadline = x->body_began + BODY_TIME;
    return check_header(x) ? MHD_YES : exchange_queue(x);
}

static enum MHD_Result on_body(struct exchange *x, const char *bytes, size_t len)
{
    x->body_bytes += (int64_t)len;
    nsec grace = BODY_TIME + x->body_bytes * (NSEC_PER_SEC / 1000);
    x->deadline = x->body_began + (grace < BODY_TIME_MAX ? grace : BODY_TIME_MAX);
    int64_t limit = body_limit(x);
    if (x->body_bytes > drop_limit(x))
        return MHD_NO;
    if (!x->response && x->body_bytes > limit)
        refuse_body(x);
    if (!x->response && x->handler->body)
        x->handler->body(x, bytes, len);
    return MHD_YES;
}

static enum MHD_Result on_complete(struct exchange *x)
{
    x->in_chunks = false;
    if (x->gone)
        return MHD_NO;
    if (!x->response)
        x->handler->finish(x);
    if (x->response)
        return exchange_queue(x);
    assert(x->held_by);
    exchange_suspend(x);
    return MHD_YES;
}

enum MHD_Result request_access(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *bytes, size_t *len,
                               void **request)
{
    (void)connection;
    (void)version;
    const struct server *s = context;
    struct exchange *x = *request;
    if (s->ending)
        return MHD_NO;
    if (!x->first_call_done)
        return on_header(x, url, method);
    if (*len == 0)
        return on_complete(x);
    size_t taken = *len;
    *len = 0;
    return on_body(x, bytes, taken);
}

static struct exchange *exchange_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line is there: the first moment that MHD tells of, and the last at which the path is as it
 * came. The handler gets it decoded and as a C string, in which "model.stl%00" has become "model.stl". */
void *request_line(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct server *s = context;
    struct exchange *x = exchange_of(connection);
    size_t path = strcspn(uri, "?");
    x->nul_in_path = memmem(uri, path, "%00", 3);
    x->long_line = strlen(uri) + METHOD_AND_VERSION > REQUEST_LINE_MAX;
    snprintf(x->path, sizeof x->path, "%.*s", (int)(path < sizeof x->path ? path : sizeof x->path), uri);
    x->began = loop_now(s->loop);
    if (x->deadline > x->began + server_header_time)
        x->deadline = x->began + server_header_time;
    return x;
}

/* ---- its end ---- */

static void log_request(const struct exchange *x)
{
    static const struct uuid none;
    if (!x->backend->log)
        return;
    char job[UUID_TEXT] = "";
    if (memcmp(&x->job, &none, sizeof none) != 0)
        uuid_text(&x->job, job);
    const struct request_log_line line = {.address = exchange_address(x),
                                          .method = method_name(x->method),
                                          .path = x->path,
                                          .status = x->status,
                                          .bytes = x->response_bytes,
                                          .lasted = loop_now(x->server->loop) - x->began,
                                          .job = job};
    request_log_add(x->backend->log, &line);
}

static void request_over(struct exchange *x)
{
    request_metrics_ended(x);
    log_request(x);
}

void request_upgraded(struct exchange *x)
{
    request_over(x);
    x->upgraded = true;
    x->deadline = NSEC_NEVER;
}

void request_end(struct exchange *x)
{
    exchange_leave(x);
    if (x->handler && x->handler->end)
        x->handler->end(x);
    if (x->response)
        MHD_destroy_response(x->response);
    if (!x->upgraded)
        request_over(x);
    buf_finish(&x->stream);
    struct exchange clean = {.server = x->server,
                             .backend = x->backend,
                             .connection = x->connection,
                             .fd = x->fd,
                             .next = x->next,
                             .prev = x->prev};
    clean.deadline = loop_now(x->server->loop) + IDLE_TIME;
    *x = clean;
}

void request_completed(void *context, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    struct exchange *x = *request;
    if (!x || !x->in_request)
        return;
    if (x->suspended) {
        x->gone = true;
        exchange_release(x);
    }
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK || x->gone)
        x->status = 499;
    request_end(x);
}
