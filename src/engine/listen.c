#include "listen_private.h"

#include "answer.h"
#include "container.h"
#include "json_skim.h"

#include <stdlib.h>
#include <string.h>

static const struct listen_way *const ways[] = {
    [STEP_EVENTS] = &listen_events, [STEP_WEBSOCKET] = &listen_websocket, [STEP_SOCKETIO] = &listen_socketio};

/* ---- life ---- */

static void on_timer(struct timer *timer);

static struct listen *create(struct listens *all)
{
    struct listen *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->all = all;
    l->next = all->made;
    all->made = l;
    l->timer.fire = on_timer;
    channel_init(&l->pull, l);
    channel_init(&l->push, l);
    channel_init(&l->socket, l);
    buf_init(&l->text, LISTEN_MESSAGE_MAX);
    sse_reader_init(&l->sse, LISTEN_MESSAGE_MAX);
    socket_init(l);
    listen_socketio_init(l);
    return l;
}

static void drop_all_but(struct listen *l, const struct listen_channel *one)
{
    struct listen_channel *const channels[] = {&l->pull, &l->push, &l->socket};
    timer_cancel(l->all->worker->loop, &l->timer);
    for (int i = 0; i < 3; i++)
        if (channels[i] != one)
            channel_drop(channels[i]);
    l->socket_stands = false;
}

static void drop_all(struct listen *l)
{
    drop_all_but(l, NULL);
}

static void destroy(struct listen *l)
{
    channel_finish(&l->pull);
    channel_finish(&l->push);
    channel_finish(&l->socket);
    buf_finish(&l->text);
    sse_reader_finish(&l->sse);
    socket_finish(l);
    listen_socketio_finish(l);
    free(l);
}

void listens_init(struct listens *all, struct worker *w)
{
    all->worker = w;
    all->again_after = (nsec)((double)NSEC_PER_SEC / w->plan->time_scale);
}

void listens_finish(struct listens *all)
{
    for (struct listen *l = all->made, *next; l; l = next) {
        next = l->next;
        drop_all(l); /* one that is saying goodbye */
        destroy(l);
    }
    all->made = all->stock = NULL;
}

void listen_slim(struct buf *b)
{
    enum { KEEP = 16 << 10 };
    if (b->capacity > KEEP)
        buf_finish(b);
}

/* What a target has said must not stay with us, once for each job that ever listened at a time. */
static void put_back_when_free(struct listen *l)
{
    if (l->job || l->held || l->pull.busy || l->push.busy || l->socket.busy)
        return;
    struct buf *const large[] = {&l->sse.line,      &l->sse.data, &l->going,
                                 &l->websocket.out, &l->outbox,   &l->text};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
        listen_slim(large[i]);
    l->next_in_stock = l->all->stock;
    l->all->stock = l;
}

void listen_hold(struct listen *l)
{
    l->held++;
}

void listen_let_go(struct listen *l)
{
    l->held--;
    put_back_when_free(l);
}

struct listen *listen_start(struct listens *all, struct job *job, const struct plan_step *step,
                            const char *const *values, char *error)
{
    struct listen *l = all->stock;
    if (l)
        all->stock = l->next_in_stock;
    else
        l = create(all);
    l->job = job;
    l->step = step;
    l->values = values;
    l->way = ways[step->kind];
    l->stood = l->again = false;
    sse_reader_clear(&l->sse);
    if (l->way->start(l, error))
        return l;
    listen_stop(l);
    return NULL;
}

void listen_stop(struct listen *l)
{
    if (!l)
        return;
    bool leaving = l->way->leave && l->way->leave(l);
    l->job = NULL;
    drop_all_but(l, leaving ? &l->push : NULL);
    put_back_when_free(l);
}

/* ---- loss, and return ---- */

/* What another try may make good: not that the target says something that cannot be understood. */
static bool may_pass(enum fail_kind kind)
{
    return kind != FAIL_PROTOCOL && kind != FAIL_BODY && kind != FAIL_TOO_LARGE;
}

static void lose(struct listen *l, const struct listen_end *end)
{
    struct worker *w = l->all->worker;
    if (!l->job)
        return;
    drop_all(l);
    if (!l->stood || l->again || !may_pass(end->fail)) {
        l->all->lost(l->job, end);
        return;
    }
    l->again = true;
    nsec told = l->step->kind == STEP_EVENTS && l->sse.retry_ms >= 0 ? l->sse.retry_ms * NSEC_PER_MSEC : -1;
    timer_set(w->loop, &l->timer, loop_now(w->loop) + (told >= 0 ? told : l->all->again_after));
}

static void come_back(struct listen *l)
{
    char error[REQUEST_ERROR_TEXT];
    l->all->worker->record.traffic.reconnects++;
    l->all->again(l->job);
    if (!l->way->start(l, error))
        listen_lost(l, FAIL_BODY, error);
}

void listen_expect(struct listen *l, nsec patience)
{
    struct loop *loop = l->all->worker->loop;
    l->due = loop_now(loop) + patience;
    if (!timer_armed(&l->timer) || l->timer.node.due > l->due)
        timer_set(loop, &l->timer, l->due);
}

/* Either it is time to try again, or the server was silent for longer than it promised; unless it has been
 * heard meanwhile: the timer is not set anew for each message. */
static void on_timer(struct timer *timer)
{
    struct listen *l = CONTAINER(struct listen, timer, timer);
    bool listening = l->pull.busy || l->push.busy || l->socket.busy;
    listen_hold(l);
    if (!listening)
        come_back(l);
    else if (loop_now(l->all->worker->loop) < l->due)
        timer_set(l->all->worker->loop, timer, l->due);
    else
        listen_lost(l, FAIL_IDLE, "no ping came in time");
    listen_let_go(l);
}

void listen_lost(struct listen *l, enum fail_kind kind, const char *why)
{
    lose(l, &(struct listen_end){.fail = kind, .why = why});
}

void listen_refused(struct listen *l, const struct listen_channel *channel)
{
    lose(l, &(struct listen_end){FAIL_STATUS, "", &channel->exchange, &channel->body});
}

/* ---- what a message means ---- */

static bool is_wanted(const struct listen *l, const char *name)
{
    const struct plan_listen *p = &l->step->listen;
    for (int i = 0; i < p->on_count; i++)
        if (strcmp(p->on[i], name) == 0)
            return true;
    return p->on_count == 0;
}

static const char *matching_text(struct listen *l, const struct plan_same *match)
{
    buf_clear(&l->text);
    request_text(&l->text, &match->value, l->values);
    return buf_text(&l->text);
}

static bool is_ours(struct listen *l, const json_t *root)
{
    const struct plan_listen *p = &l->step->listen;
    for (int i = 0; i < p->match_count; i++) {
        struct jsonptr_match match = {p->match[i].pointer, matching_text(l, &p->match[i])};
        if (!jsonptr_any(root, &match, 1))
            return false;
    }
    return true;
}

static void note(struct listen *l)
{
    l->again = false;
    l->all->messaged(l->job);
}

static void tell(struct listen *l, const json_t *root)
{
    if (is_ours(l, root))
        l->all->told(l->job, root);
}

/* Of another job, or one that goes on: then there is no more to know. */
static bool skim(struct listen *l, const char *text, size_t len)
{
    const struct plan_listen *p = &l->step->listen;
    struct json_skim found[PLAN_MATCHES_MAX];
    for (int i = 0; i < p->match_count; i++)
        found[i].pointer = p->match[i].pointer;
    if (p->match_count && !json_skim(text, len, found, p->match_count))
        return false;
    for (int i = 0; i < p->match_count; i++)
        if (!json_skim_is(&found[i], matching_text(l, &p->match[i])))
            return !found[i].found || found[i].plain;
    return l->all->goes_on(l->job, text, len);
}

bool listen_glimpse(struct listen *l, const char *name, const char *text, size_t len)
{
    if (!l->job)
        return true;
    if (is_wanted(l, name) && !skim(l, text, len))
        return false;
    note(l);
    return true;
}

void listen_hear(struct listen *l, const char *name, const json_t *root)
{
    if (!l->job)
        return;
    note(l);
    if (is_wanted(l, name) && root)
        tell(l, root);
}

void listen_hear_text(struct listen *l, const char *name, const char *text, size_t len)
{
    char why[ANSWER_ERROR];
    if (listen_glimpse(l, name, text, len))
        return;
    json_t *root = answer_parse(text, len, why);
    listen_hear(l, name, root);
    if (!root)
        listen_lost(l, FAIL_BODY, why);
    json_decref(root);
}
