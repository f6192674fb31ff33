#include "api.h"

#include "backend.h"
#include "json_out.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RETRY_FULL = 10 };

static const struct {
    int status;
    const char *message, *metric;
} ERRORS[] = {
    [SESSION_UNKNOWN_TRANSPORT] = {400, "Transport unknown", "unknown_transport"},
    [SESSION_UNKNOWN_SID] = {400, "Session ID unknown", "unknown_sid"},
    [SESSION_BAD_METHOD] = {400, "Bad handshake method", "bad_method"},
    [SESSION_BAD_REQUEST] = {400, "Bad request", "bad_request"},
    [SESSION_BAD_VERSION] = {400, "Unsupported protocol version", "bad_version"},
};

static void refuse(struct exchange *x, enum session_error error)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_int(b, "code", error);
    json_text(b, "message", ERRORS[error].message);
    json_close(b, '}');
    exchange_send_json(x, ERRORS[error].status);
    feed_error(x->backend->metrics, ERRORS[error].metric);
}

struct query {
    bool websocket;  /* the transport that the client names */
    bool fourth;     /* the version that we speak */
    const char *sid; /* NULL: a new session */
    struct session *session;
};

static enum session_error read_query(struct exchange *x, struct query *ret)
{
    const char *transport = exchange_query(x, "transport"), *version = exchange_query(x, "EIO");
    if (!transport)
        return SESSION_UNKNOWN_TRANSPORT;
    ret->websocket = strcmp(transport, "websocket") == 0;
    if (!ret->websocket && strcmp(transport, "polling") != 0)
        return SESSION_UNKNOWN_TRANSPORT;
    ret->fourth = version && strcmp(version, "4") == 0;
    ret->sid = exchange_query(x, "sid");
    ret->session = ret->sid ? session_find(x->backend->sessions, ret->sid) : NULL;
    return SESSION_OK;
}

static enum session_error check(struct exchange *x, struct query *ret)
{
    enum session_error error = read_query(x, ret);
    if (error != SESSION_OK)
        return error;
    if (ret->sid && !ret->session)
        return SESSION_UNKNOWN_SID;
    if (!ret->sid && x->method != METHOD_GET)
        return SESSION_BAD_METHOD;
    if (!ret->sid && !ret->fourth)
        return SESSION_BAD_VERSION;
    if (ret->websocket != ws_conn_wanted(x) || (x->method != METHOD_GET && x->method != METHOD_POST))
        return SESSION_BAD_REQUEST;
    return SESSION_OK;
}

static void refuse_more(struct exchange *x)
{
    api_send_retry(x, 503, "Too much is under way, please try again later", "sessions_full", RETRY_FULL);
}

/* A WebSocket for a session of its own, or for one that polls; a second one is not wanted. */
static void open_socket(struct exchange *x, const struct query *query)
{
    struct sessions *all = x->backend->sessions;
    if (!query->sid && (all->closed || all->count == SESSIONS_MAX)) {
        refuse_more(x);
        return;
    }
    struct ws_conn *socket = ws_conn_open(x, SESSION_PAYLOAD_MAX, &session_socket_events, query->session);
    if (!socket)
        return;
    if (!query->sid)
        ws_conn_give(socket, &session_socket_events, session_open(all, socket));
    else if (query->session->polling && !query->session->socket)
        session_probe(query->session, socket);
    else
        ws_conn_close(socket, WEBSOCKET_POLICY);
}

static void open_polling(struct exchange *x)
{
    struct session *s = session_open(x->backend->sessions, NULL);
    if (s)
        session_poll(s, x); /* the open packet waits already */
    else
        refuse_more(x);
}

static void poll(struct exchange *x, struct session *s)
{
    if (!s->polling) {
        refuse(x, SESSION_BAD_REQUEST);
    } else if (s->poll) {
        session_close(s, "double_poll");
        refuse(x, SESSION_BAD_REQUEST);
    } else {
        memcpy(x->params[0], s->sid, sizeof s->sid); /* the session may end while the GET is on its way out */
        session_poll(s, x);
    }
}

static void get_finish(struct exchange *x)
{
    struct query query;
    enum session_error error = check(x, &query);
    if (error != SESSION_OK)
        refuse(x, error);
    else if (query.websocket)
        open_socket(x, &query);
    else if (query.session)
        poll(x, query.session);
    else
        open_polling(x);
}

static void get_resume(struct exchange *x)
{
    session_poll_answer(session_find(x->backend->sessions, x->params[0]), x);
}

static void get_end(struct exchange *x)
{
    if (x->taken)
        ws_conn_end(x);
    else if (x->gone && session_find(x->backend->sessions, x->params[0]))
        session_poll_lost(session_find(x->backend->sessions, x->params[0]));
}

const struct handler api_socketio = {.finish = get_finish, .resume = get_resume, .end = get_end};

/* ---- POST: packets of the client ---- */

static bool is_binary(const struct exchange *x)
{
    const char *type = exchange_header(x, "Content-Type");
    return type && strncasecmp(type, "application/octet-stream", 24) == 0;
}

static void post_begin(struct exchange *x)
{
    struct query query;
    enum session_error error = check(x, &query);
    struct session *s = error == SESSION_OK ? query.session : NULL;
    if (s && (!s->polling || s->posting || is_binary(x))) {
        if (s->polling)
            session_close(s, s->posting ? "double_post" : "bad_packet");
        error = SESSION_BAD_REQUEST;
    }
    if (error != SESSION_OK) {
        refuse(x, error);
        return;
    }
    struct buf *body = calloc(1, sizeof *body);
    if (!body)
        abort();
    buf_init(body, SESSION_PAYLOAD_MAX);
    x->state = body;
    memcpy(x->params[0], s->sid, sizeof s->sid);
    s->posting = true;
}

static void post_body(struct exchange *x, const char *bytes, size_t len)
{
    struct buf *body = x->state;
    size_t before = body->len;
    buf_add(body, bytes, len);
    x->backend->inbound += (int64_t)(body->len - before);
    if (x->backend->inbound > FEED_INBOUND_MAX)
        refuse_more(x);
}

static void post_finish(struct exchange *x)
{
    struct buf *body = x->state;
    struct session *s = session_find(x->backend->sessions, x->params[0]);
    bool polling = s && s->polling; /* the upgrade came between its packets and us: their order is lost */
    if (!s)
        refuse(x, SESSION_UNKNOWN_SID);
    else if (!polling || !session_payload(s, buf_text(body), body->len))
        refuse(x, SESSION_BAD_REQUEST);
    if (x->response)
        return;
    buf_add_text(exchange_text(x), "ok");
    exchange_send(x, 200, "text/plain; charset=UTF-8");
    exchange_add_header(x, "Cache-Control", "no-store");
}

static void post_end(struct exchange *x)
{
    struct buf *body = x->state;
    if (!body)
        return;
    struct session *s = session_find(x->backend->sessions, x->params[0]);
    if (s)
        s->posting = false;
    x->backend->inbound -= (int64_t)body->len;
    buf_finish(body);
    free(body);
    x->state = NULL;
}

const struct handler api_socketio_post = {
    .begin = post_begin, .body = post_body, .finish = post_finish, .end = post_end};
