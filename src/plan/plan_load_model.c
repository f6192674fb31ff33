#include "plan_compile.h"

#include <string.h>

static const struct conf_key load_keys[] = {
    {"users", "users: paced (submit, think, submit again) or users: closed (wait for the job)", true},
    {"concurrent"},
    {"jobs"},
    {"duration"},
    {"think"},
    {"start_every"},
    {"phases"},
    {"timeout"},
    {"max_in_flight"},
    {"warmup_jobs"},
    {"unique_images"},
};

static const struct conf_key phase_keys[] = {
    {"name", "name: spike", true},
    {"users", "users: 10", true},
    {"duration", "duration: 5m", true},
    {"think"},
    {"start_every"},
};

static const nsec day = 86400 * NSEC_PER_SEC;

/* False when the model is not known, so that nothing is to be concluded from it. */
static bool read_users(struct compile *c, const struct conf_node *n)
{
    static const char *const names[] = {[USERS_PACED] = "paced", [USERS_CLOSED] = "closed"};
    int choice = USERS_PACED;
    bool ok = false;
    bool is_count = n && n->kind == CONF_SCALAR && n->len && strspn(n->text, "0123456789") == n->len;
    if (is_count)
        conf_error(n, c->diags, "write users: closed and concurrent: 4, or phases with users",
                   "'users' says how users behave, not how many there are");
    else if (n && n->kind == CONF_SCALAR && strcmp(n->text, "open") == 0)
        conf_error(n, c->diags, "write paced or closed",
                   "users that arrive at a rate ('open') are not supported");
    else
        ok = conf_choice(n, c->diags, names, 2, &choice);
    c->plan->load.users = (enum user_model)choice;
    return ok && n;
}

/* What stands in the load and in each phase alike. */
static void read_pace(struct compile *c, const struct conf_node *n, struct plan_phase *phase)
{
    plan_read_range(c, conf_get(n, "think"), &phase->think);
    plan_read_duration(c, conf_get(n, "start_every"), 0, day, &phase->start_every);
}

static void read_user_count(struct compile *c, const struct conf_node *n, int *ret)
{
    int64_t users = *ret;
    conf_int(n, c->diags, 1, PLAN_USERS_MAX, &users);
    *ret = (int)users;
}

static void read_phase(struct compile *c, const struct conf_node *n, struct plan_phase *phase, int index)
{
    if (!conf_expect_kind(n, CONF_MAPPING, "write {name: spike, users: 20, duration: 1m}", c->diags))
        return;
    conf_expect_keys(n, phase_keys, sizeof phase_keys / sizeof phase_keys[0], c->diags);
    const struct conf_node *name = conf_get(n, "name");
    conf_name(name, c->diags, &phase->name);
    for (int i = 0; i < index && phase->name; i++) {
        const char *other = c->plan->load.phases[i].name;
        if (other && strcmp(other, phase->name) == 0)
            conf_error(name, c->diags, "give each phase a name of its own", "there is a phase '%s' already",
                       other);
    }
    read_user_count(c, conf_get(n, "users"), &phase->users);
    plan_read_duration(c, conf_get(n, "duration"), PLAN_DURATION_MIN, PLAN_DURATION_MAX, &phase->duration);
    read_pace(c, n, phase);
}

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

static void refuse_beside_phases(struct compile *c, const struct conf_node *load, const char *key,
                                 const char *hint)
{
    const struct conf_node *n = conf_get(load, key);
    if (n)
        conf_error_key(n, c->diags, hint, "'%s' is for a load without phases", key);
}

static void read_phases(struct compile *c, const struct conf_node *load, const struct conf_node *list,
                        const struct plan_phase *usual)
{
    static const char hint[] = "write phases: and below it '- {name: spike, users: 20, duration: 1m}'";
    struct plan_load_model *l = &c->plan->load;
    refuse_beside_phases(c, load, "concurrent", "write users: in each phase");
    refuse_beside_phases(c, load, "duration", "write duration: in each phase");
    if (!conf_expect_kind(list, CONF_SEQUENCE, hint, c->diags))
        return;
    if (list->count < 1 || list->count > PLAN_PHASES_MAX) {
        conf_error(list, c->diags, hint, "'phases' must hold 1 to %d phases, not %d", PLAN_PHASES_MAX,
                   list->count);
        return;
    }
    l->phases = arena_new(c->arena, struct plan_phase, list->count);
    for (const struct conf_node *n = list->first; n; n = n->next) {
        l->phases[l->phase_count] = *usual;
        read_phase(c, n, &l->phases[l->phase_count], l->phase_count);
        l->phase_count++;
    }
    check_total(c, list);
}

/* A load without phases is one phase, named as the scenario. */
static void read_single(struct compile *c, const struct conf_node *load, const struct plan_phase *usual)
{
    struct plan_load_model *l = &c->plan->load;
    l->phases = arena_new(c->arena, struct plan_phase, 1);
    l->phase_count = 1;
    l->phases[0] = *usual;
    l->phases[0].name = c->plan->scenario;
    l->phases[0].duration = NSEC_NEVER;
    read_user_count(c, conf_get(load, "concurrent"), &l->phases[0].users);
    plan_read_duration(c, conf_get(load, "duration"), PLAN_DURATION_MIN, PLAN_DURATION_MAX,
                       &l->phases[0].duration);
    if (conf_get(load, "duration") || conf_get(load, "jobs"))
        return;
    bool paced = l->users == USERS_PACED;
    conf_error(load, c->diags, paced ? "write phases:, or duration: 5m" : "write jobs: 5, or duration: 5m",
               "this load has no end");
}

/* A paced user that does not think would start jobs without end at one point in time. A think time with a
 * mistake in it has been told already: then there are more `mistakes` than before the load was read. */
static void check_think(struct compile *c, const struct conf_node *load, bool mistakes)
{
    const struct plan_load_model *l = &c->plan->load;
    const struct conf_node *think = conf_get(load, "think");
    for (int i = 0; i < l->phase_count && !(think && mistakes); i++) {
        if (l->phases[i].think.high > 0)
            continue;
        conf_error(think ? think : load, c->diags,
                   "write think: uniform 20s..60s, or users: closed for one job after the other",
                   "paced users need time to think between two jobs");
        return;
    }
}

static void read_jobs(struct compile *c, const struct conf_node *n, bool model_known)
{
    struct plan_load_model *l = &c->plan->load;
    conf_int(n, c->diags, 1, 1000000000, &l->jobs);
    if (n && model_known && l->users == USERS_PACED)
        conf_error_key(n, c->diags, "write users: closed, or give the load a duration",
                       "'jobs' is for closed users; paced users go by time");
}

void plan_load_model_compile(struct compile *c, const struct conf_node *load)
{
    static const char hint[] = "load: {users: closed, jobs: 5}";
    struct plan_load_model *l = &c->plan->load;
    struct plan_phase usual = {.users = 1};
    int64_t warmup = 0;
    int before = c->diags->count;
    if (!load || !conf_expect_kind(load, CONF_MAPPING, hint, c->diags))
        return;
    conf_expect_keys(load, load_keys, sizeof load_keys / sizeof load_keys[0], c->diags);
    bool model_known = read_users(c, conf_get(load, "users"));
    read_jobs(c, conf_get(load, "jobs"), model_known);
    read_pace(c, load, &usual);
    plan_read_duration(c, conf_get(load, "timeout"), PLAN_DURATION_MIN, PLAN_DURATION_MAX, &l->timeout);
    conf_int(conf_get(load, "max_in_flight"), c->diags, 1, PLAN_USERS_MAX, &l->max_in_flight);
    conf_int(conf_get(load, "warmup_jobs"), c->diags, 0, 10000, &warmup);
    l->warmup_jobs = (int)warmup;
    conf_bool(conf_get(load, "unique_images"), c->diags, &l->unique_images);
    const struct conf_node *phases = conf_get(load, "phases");
    if (phases)
        read_phases(c, load, phases, &usual);
    else
        read_single(c, load, &usual);
    if (model_known && l->users == USERS_PACED)
        check_think(c, load, c->diags->count > before);
}
