#include "plan_compile.h"

#include <string.h>

static const struct conf_key phase_keys[] = {
    {"name", "name: spike", true},      {"users"}, {"rate"},        {"ramp"},
    {"duration", "duration: 5m", true}, {"think"}, {"start_every"},
};

/* What the phases are read with. */
struct phases {
    struct compile *c;
    const struct conf_node *load;
    bool model_known;
    bool open, replay;
    struct plan_phase usual; /* what the load says of all of them */
    int mistakes;            /* before any of them was read */
};

static const nsec day = 86400 * NSEC_PER_SEC;

static bool is_right(const struct phases *p)
{
    return p->c->diags->count == p->mistakes;
}

/* ---- keys of the one model or the other ---- */

static const struct {
    const char *key;
    bool open;
    bool in_load, in_phase; /* where it means that */
} owners[] = {
    {"users", false, false, true}, {"think", false, true, true},    {"start_every", false, true, true},
    {"rate", true, true, true},    {"arrivals", true, true, false},
};

static void check_keys_of_model(const struct phases *p, const struct conf_node *n, bool in_phase)
{
    for (size_t i = 0; i < sizeof owners / sizeof owners[0] && p->model_known; i++) {
        const struct conf_node *entry = conf_get(n, owners[i].key);
        bool means_that = in_phase ? owners[i].in_phase : owners[i].in_load;
        if (!entry || !means_that || owners[i].open == p->open)
            continue;
        if (p->open)
            conf_error_key(entry, p->c->diags, "leave it out, or write users: paced",
                           "'%s' is for users; the jobs of an open load arrive at a rate", entry->key);
        else
            conf_error_key(entry, p->c->diags, "write users: open for jobs that arrive at a rate",
                           "'%s' is for an open load", entry->key);
    }
}

static void refuse_beside_phases(const struct phases *p, const char *key, const char *hint)
{
    const struct conf_node *n = conf_get(p->load, key);
    if (n)
        conf_error_key(n, p->c->diags, hint, "'%s' is for a load without phases", key);
}

/* ---- pieces of a phase ---- */

/* What stands in the load and in each phase alike. */
static void read_pace(const struct phases *p, const struct conf_node *n, struct plan_phase *phase)
{
    check_keys_of_model(p, n, n != p->load);
    plan_read_range(p->c, conf_get(n, "think"), &phase->think);
    plan_read_duration(p->c, conf_get(n, "start_every"), 0, day, &phase->start_every);
}

static void read_user_count(const struct phases *p, const struct conf_node *n, int least, int *ret)
{
    int64_t users = *ret;
    conf_int(n, p->c->diags, least, PLAN_USERS_MAX, &users);
    *ret = (int)users;
}

static void read_duration(const struct phases *p, const struct conf_node *n, nsec *ret)
{
    plan_read_duration(p->c, conf_get(n, "duration"), PLAN_DURATION_MIN, PLAN_DURATION_MAX, ret);
}

/* How many users, or which rate; none at all is a pause, or where a ramp ends. */
static void read_level(const struct phases *p, const struct conf_node *n, struct plan_phase *phase)
{
    const char *key = p->open ? "rate" : "users";
    const struct conf_node *level = conf_get(n, key);
    if (!level && p->model_known)
        conf_error(n, p->c->diags, p->open ? "write rate: 20/s" : "write users: 10", "'%s' is missing", key);
    if (p->open)
        plan_read_rate(p->c, level, true, &phase->rate);
    else
        read_user_count(p, level, 0, &phase->users);
}

static void read_name(const struct phases *p, const struct conf_node *n, struct plan_phase *phase, int index)
{
    conf_name(n, p->c->diags, &phase->name);
    for (int i = 0; i < index && phase->name; i++) {
        const char *other = p->c->plan->load.phases[i].name;
        if (other && strcmp(other, phase->name) == 0)
            conf_error(n, p->c->diags, "give each phase a name of its own", "there is a phase '%s' already",
                       other);
    }
}

static void read_phase(const struct phases *p, const struct conf_node *n, struct plan_phase *phase, int index)
{
    struct diag_list *diags = p->c->diags;
    if (!conf_expect_kind(n, CONF_MAPPING, "write {name: spike, users: 20, duration: 1m}", diags))
        return;
    conf_expect_keys(n, phase_keys, sizeof phase_keys / sizeof phase_keys[0], diags);
    read_name(p, conf_get(n, "name"), phase, index);
    read_level(p, n, phase);
    conf_bool(conf_get(n, "ramp"), diags, &phase->ramp);
    read_duration(p, n, &phase->duration);
    read_pace(p, n, phase);
}

/* ---- several phases ---- */

/* So that sums of durations stay far from the end of nsec. */
static void check_total(struct compile *c, const struct conf_node *list)
{
    const struct plan_load_model *load = &c->plan->load;
    nsec longest = plan_scaled(c, PLAN_DURATION_MAX), left = longest;
    for (int i = 0; i < load->phase_count; i++) {
        if (load->phases[i].duration > left) {
            conf_error(list, c->diags, NULL, "the phases last longer than 30 days");
            return;
        }
        left -= load->phases[i].duration;
    }
}

static void check_someone_comes(const struct phases *p, const struct conf_node *list)
{
    const struct plan_load_model *l = &p->c->plan->load;
    for (int i = 0; i < l->phase_count; i++)
        if (l->phases[i].users > 0 || l->phases[i].rate > 0)
            return;
    conf_error(list, p->c->diags,
               p->open ? "write rate: 20/s in one of them" : "write users: 10 in one of them",
               p->open ? "no job ever arrives" : "no user ever comes");
}

static void refuse_others(const struct phases *p)
{
    refuse_beside_phases(p, "duration", "write duration: in each phase");
    if (p->open)
        refuse_beside_phases(p, "rate", "write rate: in each phase");
    else
        refuse_beside_phases(p, "concurrent", "write users: in each phase");
}

static void read_phases(const struct phases *p, const struct conf_node *list)
{
    const char *hint = p->open ? "write phases: and below it '- {name: spike, rate: 20/s, duration: 1m}'"
                               : "write phases: and below it '- {name: spike, users: 20, duration: 1m}'";
    struct compile *c = p->c;
    struct plan_load_model *l = &c->plan->load;
    refuse_others(p);
    if (!conf_expect_kind(list, CONF_SEQUENCE, hint, c->diags))
        return;
    if (list->count < 1 || list->count > PLAN_PHASES_MAX) {
        conf_error(list, c->diags, hint, "'phases' must hold 1 to %d phases, not %d", PLAN_PHASES_MAX,
                   list->count);
        return;
    }
    l->phases = arena_new(c->arena, struct plan_phase, list->count);
    for (const struct conf_node *n = list->first; n; n = n->next) {
        l->phases[l->phase_count] = p->usual;
        read_phase(p, n, &l->phases[l->phase_count], l->phase_count);
        l->phase_count++;
    }
    check_total(c, list);
    if (p->model_known && is_right(p))
        check_someone_comes(p, list);
}

/* ---- a load without phases is one phase, named as the scenario ---- */

static struct plan_phase *single_phase(const struct phases *p)
{
    struct compile *c = p->c;
    struct plan_load_model *l = &c->plan->load;
    l->phases = arena_new(c->arena, struct plan_phase, 1);
    l->phase_count = 1;
    l->phases[0] = p->usual;
    l->phases[0].name = c->plan->scenario;
    l->phases[0].duration = NSEC_NEVER;
    read_duration(p, p->load, &l->phases[0].duration);
    return &l->phases[0];
}

static void check_end(const struct phases *p)
{
    static const char *const hints[] = {[USERS_PACED] = "write phases:, or duration: 5m",
                                        [USERS_CLOSED] = "write jobs: 5, or duration: 5m",
                                        [USERS_OPEN] = "write duration: 5m, phases:, or jobs: 1000"};
    if (!conf_get(p->load, "duration") && !conf_get(p->load, "jobs"))
        conf_error(p->load, p->c->diags, hints[p->c->plan->load.users], "this load has no end");
}

static void read_single(const struct phases *p)
{
    struct plan_phase *phase = single_phase(p);
    const struct conf_node *rate = conf_get(p->load, "rate");
    if (!p->open)
        read_user_count(p, conf_get(p->load, "concurrent"), 1, &phase->users);
    else if (rate)
        plan_read_rate(p->c, rate, false, &phase->rate);
    else
        conf_error(p->load, p->c->diags, "write rate: 100/s, phases: with rates, or arrivals: replay FILE",
                   "'rate' is missing");
    check_end(p);
}

/* The list says when; it ends just after its last arrival, or where a duration cuts it. */
static void read_replay(const struct phases *p)
{
    struct plan_load_model *l = &p->c->plan->load;
    const struct conf_node *rate = conf_get(p->load, "rate"), *phases = conf_get(p->load, "phases");
    if (rate)
        conf_error_key(rate, p->c->diags, "leave it out, or write arrivals: constant",
                       "a replay has no rate");
    if (phases)
        conf_error_key(phases, p->c->diags, "leave them out; duration: 5m cuts the replay",
                       "a replay has no phases: its list says when");
    struct plan_phase *phase = single_phase(p);
    while (l->replay_count && l->replay[l->replay_count - 1] >= phase->duration)
        l->replay_count--;
    if (l->jobs && l->jobs < l->replay_count)
        l->replay_count = l->jobs;
    nsec end = l->replay_count ? l->replay[l->replay_count - 1] + 1 : 1;
    phase->duration = end < phase->duration ? end : phase->duration;
}

/* ---- all ---- */

/* A paced user that does not think would start jobs without end at one point in time. A think time with a
 * mistake in it has been told already. */
static void check_think(const struct phases *p)
{
    const struct plan_load_model *l = &p->c->plan->load;
    const struct conf_node *think = conf_get(p->load, "think");
    for (int i = 0; i < l->phase_count && !(think && !is_right(p)); i++) {
        bool is_pause = l->phases[i].users == 0 && !l->phases[i].ramp;
        if (l->phases[i].think.high > 0 || is_pause)
            continue;
        conf_error(think ? think : p->load, p->c->diags,
                   "write think: uniform 20s..60s, or users: closed for one job after the other",
                   "paced users need time to think between two jobs");
        return;
    }
}

void plan_phases_compile(struct compile *c, const struct conf_node *load, bool model_known)
{
    const struct plan_load_model *l = &c->plan->load;
    struct phases p = {.c = c, .load = load, .model_known = model_known, .mistakes = c->diags->count};
    const struct conf_node *list = conf_get(load, "phases");
    p.open = l->users == USERS_OPEN;
    p.replay = p.open && l->arrivals == ARRIVALS_REPLAY;
    p.usual.users = p.open ? 0 : 1;
    read_pace(&p, load, &p.usual);
    if (p.replay)
        read_replay(&p);
    else if (list)
        read_phases(&p, list);
    else
        read_single(&p);
    if (model_known && l->users == USERS_PACED)
        check_think(&p);
}
