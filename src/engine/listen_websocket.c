#include "listen_private.h"

static bool start(struct listen *l, char *error)
{
    return socket_open(l, "", error);
}

static void opened(struct listen *l)
{
    const struct plan_listen *p = &l->step->listen;
    l->stood = true;
    if (!p->says)
        return;
    buf_clear(&l->text);
    request_text(&l->text, &p->message, l->values);
    socket_send(l, buf_text(&l->text), l->text.len);
}

static void message(struct listen *l, bool text, const char *bytes, size_t len)
{
    (void)text; /* JSON in a binary message is JSON */
    listen_hear_text(l, NULL, bytes, len);
}

static void closed(struct listen *l, enum fail_kind kind, const char *why)
{
    if (kind == FAIL_STATUS)
        listen_refused(l, &l->socket);
    else
        listen_lost(l, kind, why);
}

const struct listen_way listen_websocket = {
    .start = start, .leave = socket_leave, .opened = opened, .message = message, .closed = closed};
