#include "listen_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 200 };

static bool is_stream(const struct listen *l)
{
    static const char type[] = "text/event-stream";
    const char *told = l->names.content_type;
    size_t len = sizeof type - 1;
    return l->pull.exchange.status == OK && strncasecmp(told, type, len) == 0 &&
           (told[len] == '\0' || strchr("; \t", told[len]));
}

static void on_headed(struct http_exchange *x)
{
    struct listen *l = ((struct listen_channel *)x)->listen;
    x->take = is_stream(l) ? channel_feed : channel_keep;
    l->stood |= is_stream(l);
}

/* Ids that are whole numbers count the events. */
static void note_number(struct listen *l, const char *id)
{
    enum { DIGITS_MAX = 18 };
    size_t len = id ? strlen(id) : 0;
    if (len == 0 || len > DIGITS_MAX || strspn(id, "0123456789") != len)
        return;
    int64_t number = strtoll(id, NULL, 10);
    if (number <= l->number)
        l->all->jumbled(l->job);
    l->number = number;
}

static bool on_event(void *context, const struct sse_event *e)
{
    struct listen *l = context;
    note_number(l, e->id);
    listen_hear_text(l, e->name, e->data, e->len);
    return l->job && !l->pull.dropped;
}

static bool feed(struct listen *l, const char *bytes, size_t len)
{
    if (sse_feed(&l->sse, bytes, len, on_event, l))
        return true;
    if (sse_too_long(&l->sse))
        listen_lost(l, FAIL_TOO_LARGE, "an event is larger than is taken");
    return false;
}

static void on_done(struct listen *l)
{
    const struct http_exchange *x = &l->pull.exchange;
    char why[200];
    snprintf(why, sizeof why, "the answer is no stream of events but '%.80s'", l->names.content_type);
    if (x->fail != FAIL_NONE)
        listen_lost(l, x->fail, x->error);
    else if (x->status != OK)
        listen_refused(l, &l->pull);
    else if (!is_stream(l))
        listen_lost(l, FAIL_PROTOCOL, why);
    else
        listen_lost(l, FAIL_RESET, "the stream of events ended before the job did");
}

static bool start(struct listen *l, char *error)
{
    char headers[120 + SSE_ID_MAX];
    const char *id = l->sse.id;
    struct http_exchange *x = &l->pull.exchange;
    sse_reader_restart(&l->sse);
    l->number = -1;
    snprintf(headers, sizeof headers, "Accept: text/event-stream\r\nCache-Control: no-store\r\n%s%s%s",
             id[0] ? "Last-Event-ID: " : "", id, id[0] ? "\r\n" : "");
    l->pull.feed = feed;
    l->pull.done = on_done;
    x->names = &l->names;
    x->headed = on_headed;
    x->idempotent = true;
    x->patience = HTTP_PATIENT_IN_BODY;
    const struct request_form form = {
        .method = METHOD_GET, .path = &l->step->path, .query = "", .headers = headers};
    return channel_start(&l->pull, &form, error);
}

const struct listen_way listen_events = {.start = start};
