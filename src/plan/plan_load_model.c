#include "plan_compile.h"

#include <string.h>

static const struct conf_key load_keys[] = {
    {"users",
     "users: paced (submit, think, submit again), users: closed (wait for the job) or users: open (jobs "
     "arrive "
     "at a rate)",
     true},
    {"rate"},
    {"arrivals"},
    {"concurrent"},
    {"jobs"},
    {"duration"},
    {"think"},
    {"start_every"},
    {"phases"},
    {"timeout"},
    {"connect_timeout"},
    {"first_byte_timeout"},
    {"idle_timeout"},
    {"connections"},
    {"resolve"},
    {"max_in_flight"},
    {"warmup_jobs"},
    {"unique_images"},
};

enum { JOBS_MAX = 1000000000 };

/* False when the model is not known, so that nothing is to be concluded from it. */
static bool read_users(struct compile *c, const struct conf_node *n)
{
    static const char *const names[] = {
        [USERS_PACED] = "paced", [USERS_CLOSED] = "closed", [USERS_OPEN] = "open"};
    int choice = USERS_PACED;
    bool ok = false;
    bool is_count = n && n->kind == CONF_SCALAR && n->len && strspn(n->text, "0123456789") == n->len;
    if (is_count)
        conf_error(n, c->diags, "write users: closed and concurrent: 4, or phases with users",
                   "'users' says how users behave, not how many there are");
    else
        ok = conf_choice(n, c->diags, names, 3, &choice);
    c->plan->load.users = (enum user_model)choice;
    return ok && n;
}

static void read_jobs(struct compile *c, const struct conf_node *n, bool model_known)
{
    struct plan_load_model *l = &c->plan->load;
    conf_int(n, c->diags, 1, JOBS_MAX, &l->jobs);
    if (n && model_known && l->users == USERS_PACED)
        conf_error_key(n, c->diags, "write users: closed, or give the load a duration",
                       "'jobs' is for closed users and open loads; paced users go by time");
}

/* Those that wait for a model are followed, each with a row of its own; plain requests are many and brief. */
static int64_t usual_in_flight(const struct workflow *w)
{
    return workflow_wait(w) >= 0 ? 10000 : 1000000;
}

static void read_limits(struct compile *c, const struct conf_node *load)
{
    static const char *const resolve[] = {"once", "connection"};
    struct plan_load_model *l = &c->plan->load;
    int64_t warmup = 0, connections = 0;
    int each = 0;
    l->max_in_flight = usual_in_flight(&c->plan->workflow);
    conf_int(conf_get(load, "max_in_flight"), c->diags, 1, PLAN_IN_FLIGHT_MAX, &l->max_in_flight);
    if (l->users == USERS_OPEN)
        conf_int(conf_get(load, "concurrent"), c->diags, 1, PLAN_IN_FLIGHT_MAX, &l->concurrent);
    conf_int(conf_get(load, "warmup_jobs"), c->diags, 0, 10000, &warmup);
    conf_int(conf_get(load, "connections"), c->diags, 1, PLAN_USERS_MAX, &connections);
    conf_choice(conf_get(load, "resolve"), c->diags, resolve, 2, &each);
    conf_bool(conf_get(load, "unique_images"), c->diags, &l->unique_images);
    l->warmup_jobs = (int)warmup;
    l->connections = (int)connections;
    l->resolve_each = each;
}

static void read_timeouts(struct compile *c, const struct conf_node *load)
{
    struct plan_load_model *l = &c->plan->load;
    const struct {
        const char *key;
        nsec *ret;
    } scaled[] = {{"timeout", &l->timeout},
                  {"first_byte_timeout", &l->first_byte_timeout},
                  {"idle_timeout", &l->idle_timeout}};
    for (size_t i = 0; i < sizeof scaled / sizeof scaled[0]; i++)
        plan_read_duration(c, conf_get(load, scaled[i].key), PLAN_DURATION_MIN, PLAN_DURATION_MAX,
                           scaled[i].ret);
    /* The network is no faster when the scenario is. */
    conf_duration(conf_get(load, "connect_timeout"), c->diags, PLAN_DURATION_MIN, PLAN_DURATION_MAX,
                  &l->connect_timeout);
}

void plan_load_model_compile(struct compile *c, const struct conf_node *load)
{
    if (!load || !conf_expect_kind(load, CONF_MAPPING, "load: {users: closed, jobs: 5}", c->diags))
        return;
    conf_expect_keys(load, load_keys, sizeof load_keys / sizeof load_keys[0], c->diags);
    bool model_known = read_users(c, conf_get(load, "users"));
    read_jobs(c, conf_get(load, "jobs"), model_known);
    read_timeouts(c, load);
    read_limits(c, load);
    plan_arrivals_compile(c, load);
    plan_phases_compile(c, load, model_known);
}
