#include "doctor_needs.h"

#include "load.h"

#include <math.h>

static int64_t least_of(int64_t a, int64_t limit)
{
    return limit && limit < a ? limit : a;
}

/* How many jobs of a paced user overlap when each lasts until its timeout. */
static double overlap(const struct plan_load_model *load)
{
    nsec think = NSEC_NEVER;
    for (int i = 0; i < load->phase_count; i++)
        if (load->phases[i].users && load->phases[i].think.low < think)
            think = load->phases[i].think.low;
    return think > 0 ? 1 + (double)load->timeout / (double)think : 1e6;
}

static double highest_rate(const struct plan_load_model *load)
{
    double rate = 0;
    for (int i = 0; i < load->phase_count; i++)
        rate = fmax(rate, load->phases[i].rate);
    return rate;
}

static int64_t whole(double number)
{
    return number < 1e9 ? (int64_t)ceil(number) : 1000000000;
}

static int64_t limited(const struct plan_load_model *load, int64_t connections)
{
    connections = least_of(connections, load->max_in_flight);
    connections = least_of(connections, load->users == USERS_OPEN ? load->concurrent : 0);
    connections = least_of(connections, load->jobs);
    return least_of(connections, load->connections);
}

/* Questions of a job that waits, a second. */
static double questions(const struct plan *plan)
{
    int wait = workflow_wait(&plan->workflow);
    nsec every = wait >= 0 ? plan->workflow.steps[wait].every : 0;
    return every > 0 ? (double)NSEC_PER_SEC / (double)every : 0;
}

void doctor_needs_of(const struct plan *plan, struct doctor_needs *ret)
{
    const struct plan_load_model *load = &plan->load;
    double rate = highest_rate(load), seconds = (double)load->timeout / NSEC_PER_SEC;
    int64_t users = load_users_most(load);
    bool open = load->users == USERS_OPEN;
    int64_t least = open ? whole(fmax(1, rate)) : users;
    int64_t most = open                         ? whole(rate * seconds)
                   : load->users == USERS_PACED ? whole((double)users * overlap(load))
                                                : users;
    ret->least = limited(load, least);
    ret->most = limited(load, most > least ? most : least);
    ret->a_second = questions(plan) * (double)ret->least + (open ? rate * plan->workflow.step_count : 0);
}
