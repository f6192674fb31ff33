#include "plan_compile.h"

#include "jsonptr.h"

#include <string.h>

enum { SIGNS_MAX = STATES * PLAN_MATCHES_MAX };

bool state_is_end(enum plan_state state)
{
    return state >= STATE_DONE;
}

static void add_sign(struct plan_states *states, struct jsonptr_match is, enum plan_state state)
{
    states->signs[states->count++] = (struct plan_sign){is, state};
}

/* ---- one value says it ---- */

static const char *const state_keys[STATES] = {[STATE_QUEUED] = "queued",
                                               [STATE_RUNNING] = "running",
                                               [STATE_DONE] = "done",
                                               [STATE_FAILED] = "failed",
                                               [STATE_CANCELLED] = "cancelled"};

static const struct plan_sign *find_value(const struct plan_states *states, const char *value)
{
    for (int i = 0; i < states->count; i++)
        if (strcmp(states->signs[i].is.value, value) == 0)
            return &states->signs[i];
    return NULL;
}

static void read_value(struct compile *c, const struct conf_node *n, enum plan_state state,
                       struct plan_states *ret)
{
    const char *value = NULL;
    char shown[CONF_SHOWN];
    if (!conf_string(n, c->diags, &value))
        return;
    const struct plan_sign *other = find_value(ret, value);
    if (other)
        conf_error(n, c->diags, "a value stands for one state", "'%s' is '%s' already",
                   conf_shown(value, shown), state_keys[other->state]);
    else
        add_sign(ret, (struct jsonptr_match){ret->at, value}, state);
}

static void read_values(struct compile *c, const struct conf_node *n, enum plan_state state,
                        struct plan_states *ret)
{
    if (n->kind == CONF_MAPPING ||
        (n->kind == CONF_SEQUENCE && (n->count == 0 || n->count > PLAN_MATCHES_MAX))) {
        conf_error(n, c->diags, "write running: processing, or running: [loading, processing]",
                   "'%s' must hold 1 to %d values", n->key, PLAN_MATCHES_MAX);
        return;
    }
    const struct conf_node *item = n->kind == CONF_SEQUENCE ? n->first : n;
    for (; item; item = n->kind == CONF_SEQUENCE ? item->next : NULL)
        read_value(c, item, state, ret);
}

static void read_map(struct compile *c, const struct conf_node *n, struct plan_states *ret)
{
    static const char hint[] = "write states: {at: /status, queued: queued, running: processing, done: "
                               "completed, failed: failed, cancelled: cancelled}";
    static const struct conf_key keys[] = {{"at", "at: /status", true},       {"queued"}, {"running"},
                                           {"done", "done: completed", true}, {"failed"}, {"cancelled"}};
    if (!conf_expect_kind(n, CONF_MAPPING, hint, c->diags))
        return;
    conf_expect_keys(n, keys, sizeof keys / sizeof keys[0], c->diags);
    ret->at = "";
    plan_step_pointer(c, conf_get(n, "at"), &ret->at);
    for (enum plan_state state = STATE_QUEUED; state < STATES; state++) {
        const struct conf_node *values = conf_get(n, state_keys[state]);
        if (values)
            read_values(c, values, state, ret);
    }
}

/* ---- several places do ---- */

/* In the order in which they count: what has failed is not done. */
static const struct {
    const char *key;
    enum plan_state state;
} places[] = {{"fail", STATE_FAILED}, {"until", STATE_DONE}, {"running", STATE_RUNNING}};

enum { PLACES = sizeof places / sizeof places[0] };

static void read_place(struct compile *c, const struct conf_node *n, enum plan_state state,
                       struct plan_states *ret)
{
    int count = 0;
    const struct jsonptr_match *matches = plan_step_matches(c, n, &count);
    for (int i = 0; i < count; i++)
        add_sign(ret, matches[i], state);
}

static void refuse_places(struct compile *c, const struct conf_node *n)
{
    for (int i = 0; i < PLACES; i++) {
        const struct conf_node *entry = conf_get(n, places[i].key);
        if (entry)
            conf_error_key(entry, c->diags, "where one value says all, 'states' names all of them",
                           "'%s' stands beside 'states'", places[i].key);
    }
}

/* ---- both ---- */

bool plan_states_given(const struct conf_node *n)
{
    bool given = conf_get(n, "states");
    for (int i = 0; i < PLACES; i++)
        given |= conf_get(n, places[i].key) != NULL;
    return given;
}

void plan_states_compile(struct compile *c, const struct conf_node *n, const char *whose,
                         struct plan_states *ret)
{
    const struct conf_node *map = conf_get(n, "states");
    *ret = (struct plan_states){.signs = arena_new(c->arena, struct plan_sign, SIGNS_MAX)};
    if (map) {
        refuse_places(c, n);
        read_map(c, map, ret);
        return;
    }
    if (!conf_get(n, "until"))
        conf_error(n, c->diags,
                   "write states: {at: /status, done: completed}, or until: {/status: completed}",
                   "%s needs 'states' or 'until': when is it done?", whose);
    for (int i = 0; i < PLACES; i++) {
        const struct conf_node *entry = conf_get(n, places[i].key);
        if (entry)
            read_place(c, entry, places[i].state, ret);
    }
}
