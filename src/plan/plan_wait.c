#include "plan_compile.h"

#include "jsonptr.h"

#include <string.h>

enum { NAME_MAX_BYTES = 120 }; /* of an event, of a namespace */

#define KIND(kind) (1u << (kind))
#define LISTENS (KIND(STEP_EVENTS) | KIND(STEP_WEBSOCKET) | KIND(STEP_SOCKETIO))
#define WAITS (KIND(STEP_POLL) | LISTENS)
#define NAMED (KIND(STEP_EVENTS) | KIND(STEP_SOCKETIO))

/* Whose keys they are. */
static const struct {
    const char *key;
    unsigned kinds;
    const char *whose, *hint;
} only[] = {
    {"every", KIND(STEP_POLL), "a poll", "write poll: in place of the method"},
    {"jitter", KIND(STEP_POLL), "a poll", "write poll: in place of the method"},
    {"states", WAITS, "a step that waits",
     "write poll:, events:, websocket: or socketio: in place of the method"},
    {"until", WAITS, "a step that waits",
     "write poll:, events:, websocket: or socketio: in place of the method"},
    {"fail", WAITS, "a step that waits",
     "write poll:, events:, websocket: or socketio: in place of the method"},
    {"running", WAITS, "a step that waits",
     "write poll:, events:, websocket: or socketio: in place of the method"},
    {"on", NAMED, "events and socketio", "of other messages 'match' says which count"},
    {"match", LISTENS, "events, websocket and socketio", "an answer to a request is its own"},
    {"send", KIND(STEP_WEBSOCKET), "a websocket", "Socket.IO has emit: {event: subscribe, data: {...}}"},
    {"emit", KIND(STEP_SOCKETIO), "socketio", "a WebSocket has send: {...}"},
    {"transport", KIND(STEP_SOCKETIO), "socketio", NULL},
    {"namespace", KIND(STEP_SOCKETIO), "socketio", NULL},
    {"auth", KIND(STEP_SOCKETIO), "socketio", NULL},
    {"progress", LISTENS, "events, websocket and socketio", NULL},
    {"check", LISTENS, "events, websocket and socketio", "a poll needs no other beside it"},
};

static void refuse_foreign_keys(struct compile *c, const struct conf_node *n, const struct plan_step *s)
{
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++) {
        const struct conf_node *entry = conf_get(n, only[i].key);
        if (entry && !(only[i].kinds & KIND(s->kind)))
            conf_error_key(entry, c->diags, only[i].hint, "'%s' belongs to %s", only[i].key, only[i].whose);
    }
}

/* ---- how it waits ---- */

static const char *const wait_names[] = {[STEP_POLL] = "a poll",
                                         [STEP_EVENTS] = "a stream of events",
                                         [STEP_WEBSOCKET] = "a WebSocket",
                                         [STEP_SOCKETIO] = "a wait by Socket.IO"};

static void read_every(struct compile *c, const struct conf_node *n, struct plan_step *s)
{
    s->every = plan_scaled(c, NSEC_PER_SEC);
    plan_read_duration(c, conf_get(n, "every"), PLAN_DURATION_MIN, 3600 * NSEC_PER_SEC, &s->every);
    s->jitter = 0.1;
    conf_percent(conf_get(n, "jitter"), c->diags, &s->jitter);
}

/* ---- which messages count ---- */

static void read_name(struct compile *c, const struct conf_node *n, const char **ret)
{
    if (!conf_string(n, c->diags, ret))
        return;
    if (n->len == 0 || n->len > NAME_MAX_BYTES)
        conf_error(n, c->diags, "write the name that the server uses: job_update",
                   "an event has a name of 1 to %d bytes", NAME_MAX_BYTES);
}

static void read_on(struct compile *c, const struct conf_node *n, struct plan_listen *l)
{
    if (!n)
        return;
    if (n->kind == CONF_MAPPING ||
        (n->kind == CONF_SEQUENCE && (n->count == 0 || n->count > PLAN_MATCHES_MAX))) {
        conf_error(n, c->diags, "write on: job_update, or on: [job_update, job_done]",
                   "'on' must hold 1 to %d names of events", PLAN_MATCHES_MAX);
        return;
    }
    l->on = arena_new(c->arena, const char *, PLAN_MATCHES_MAX);
    const struct conf_node *item = n->kind == CONF_SEQUENCE ? n->first : n;
    for (; item; item = n->kind == CONF_SEQUENCE ? item->next : NULL)
        read_name(c, item, &l->on[l->on_count++]);
}

static void read_match(struct compile *c, const struct conf_node *n, int step, struct plan_listen *l)
{
    static const char hint[] = "write match: {/job_id: \"{job}\"}";
    const char *text;
    if (!n || !conf_expect_kind(n, CONF_MAPPING, hint, c->diags))
        return;
    if (n->count == 0 || n->count > PLAN_MATCHES_MAX) {
        conf_error(n, c->diags, hint, "'match' must hold 1 to %d pointers", PLAN_MATCHES_MAX);
        return;
    }
    l->match = arena_new(c->arena, struct plan_same, n->count);
    for (const struct conf_node *entry = n->first; entry; entry = entry->next) {
        struct plan_same *same = &l->match[l->match_count++];
        same->pointer = entry->key;
        if (entry->key[0] != '/' || !jsonptr_valid(entry->key))
            conf_error_key(entry, c->diags, hint, "the key must be a JSON pointer");
        if (conf_string(entry, c->diags, &text))
            plan_step_text(c, entry, step, &same->value);
    }
}

/* ---- what is said ---- */

static void read_send(struct compile *c, const struct conf_node *n, int step, struct plan_listen *l)
{
    struct template_builder b;
    if (!n)
        return;
    l->says = true;
    template_begin(&b, c, step);
    plan_json_add(&b, n);
    template_end(&b, n, &l->message);
}

/* ["name", argument], as it stands in the packet. */
static void build_event(struct compile *c, const struct conf_node *place, const char *name,
                        const struct conf_node *data, int step, struct plan_listen *l)
{
    struct template_builder b;
    l->says = true;
    template_begin(&b, c, step);
    template_add(&b, "[\"", 2);
    plan_json_escape(&b, name, strlen(name));
    template_add(&b, "\"", 1);
    if (data) {
        template_add(&b, ",", 1);
        plan_json_add(&b, data);
    }
    template_add(&b, "]", 1);
    template_end(&b, place, &l->message);
}

static void read_emit(struct compile *c, const struct conf_node *n, int step, struct plan_listen *l)
{
    static const struct conf_key keys[] = {{"event", "event: subscribe", true}, {"data"}};
    const char *name = "";
    if (!n)
        return;
    if (n->kind == CONF_SEQUENCE) {
        conf_expect_kind(n, CONF_MAPPING, "write emit: {event: subscribe, data: {job_id: \"{job}\"}}",
                         c->diags);
        return;
    }
    if (n->kind == CONF_MAPPING && !conf_expect_keys(n, keys, 2, c->diags))
        return;
    read_name(c, n->kind == CONF_MAPPING ? conf_get(n, "event") : n, &name);
    build_event(c, n, name, conf_get(n, "data"), step, l);
}

static void read_namespace(struct compile *c, const struct conf_node *n, struct plan_listen *l)
{
    l->namespace = "/";
    if (!conf_string(n, c->diags, &l->namespace) || !n)
        return;
    if (n->text[0] != '/' || n->len > NAME_MAX_BYTES || strpbrk(n->text, ", \"{}"))
        conf_error(n, c->diags, "write namespace: /jobs", "this is no namespace");
}

static void read_transport(struct compile *c, const struct conf_node *n, struct plan_listen *l)
{
    static const char *const names[] = {[TRANSPORT_UPGRADE] = "upgrade",
                                        [TRANSPORT_WEBSOCKET] = "websocket",
                                        [TRANSPORT_POLLING] = "polling"};
    int choice;
    if (n && conf_choice(n, c->diags, names, 3, &choice))
        l->transport = (enum plan_transport)choice;
}

static void read_listen(struct compile *c, const struct conf_node *n, int step, struct plan_listen *l)
{
    const struct conf_node *auth = conf_get(n, "auth");
    read_on(c, conf_get(n, "on"), l);
    read_match(c, conf_get(n, "match"), step, l);
    read_send(c, conf_get(n, "send"), step, l);
    read_emit(c, conf_get(n, "emit"), step, l);
    read_namespace(c, conf_get(n, "namespace"), l);
    read_transport(c, conf_get(n, "transport"), l);
    plan_step_pointer(c, conf_get(n, "progress"), &l->progress);
    if (auth && conf_expect_kind(auth, CONF_MAPPING, "write auth: {token: \"...\"}", c->diags)) {
        l->has_auth = true;
        plan_json_compile(c, auth, step, &l->auth);
    }
}

/* ---- a poll beside ---- */

/* Its states are the step's, unless it has its own. */
static void read_witness(struct compile *c, const struct conf_node *n, int step, struct plan_step *s)
{
    static const struct conf_key keys[] = {{"poll", "poll: \"/v1/jobs/{id}\"", true},
                                           {"every"},
                                           {"jitter"},
                                           {"states"},
                                           {"until"},
                                           {"fail"},
                                           {"running"}};
    if (n->kind == CONF_SEQUENCE) {
        conf_expect_kind(n, CONF_MAPPING, "write check: {poll: \"/v1/jobs/{id}\", every: 2s}", c->diags);
        return;
    }
    struct plan_step *w = s->listen.witness = arena_new(c->arena, struct plan_step, 1);
    *w = (struct plan_step){.name = s->name, .kind = STEP_POLL, .method = METHOD_GET};
    w->states = s->states;
    plan_step_expect_usual(w);
    read_every(c, n, w);
    if (n->kind == CONF_SCALAR) {
        plan_step_path(c, n, step, &w->path);
        return;
    }
    if (!conf_expect_keys(n, keys, sizeof keys / sizeof keys[0], c->diags))
        return;
    plan_step_path(c, conf_get(n, "poll"), step, &w->path);
    if (plan_states_given(n))
        plan_states_compile(c, n, "a poll beside", &w->states);
}

void plan_wait_compile(struct compile *c, const struct conf_node *n, int index, struct plan_step *s)
{
    refuse_foreign_keys(c, n, s);
    if (!step_waits(s))
        return;
    plan_states_compile(c, n, wait_names[s->kind], &s->states);
    if (s->kind == STEP_POLL) {
        read_every(c, n, s);
        return;
    }
    read_listen(c, n, index, &s->listen);
    if (conf_get(n, "check"))
        read_witness(c, conf_get(n, "check"), index, s);
}
