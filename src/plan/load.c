#include "load.h"

/* The k-th of `count` that are spread over the duration. */
static nsec spread(nsec duration, int k, int count)
{
    return (nsec)((__int128_t)duration * k / count);
}

/* When the k-th of the missing ones joins; -1: not before the phase's end. */
static nsec join_time(const struct plan_phase *phase, int k, int missing)
{
    if (phase->ramp)
        return spread(phase->duration, k, missing);
    __int128_t at = (__int128_t)phase->start_every * k;
    return at < phase->duration ? (nsec)at : -1;
}

/* How many of the missing ones join before the phase's end. */
static int joiners(const struct plan_phase *phase, int missing)
{
    if (phase->ramp || phase->start_every == 0)
        return missing;
    nsec most = (phase->duration - 1) / phase->start_every + 1;
    return most < missing ? (int)most : missing;
}

static int users_after(const struct plan_phase *phase, int here)
{
    return phase->users > here ? here + joiners(phase, phase->users - here) : phase->users;
}

int load_users_most(const struct plan_load_model *load)
{
    int most = 0;
    for (int i = 0; i < load->phase_count; i++)
        most = load->phases[i].users > most ? load->phases[i].users : most;
    return most;
}

int load_users_before(const struct plan_load_model *load, int phase)
{
    int here = 0;
    for (int i = 0; i < phase; i++)
        here = users_after(&load->phases[i], here);
    return here;
}

nsec load_join_time(const struct plan_load_model *load, int phase, int user)
{
    const struct plan_phase *p = &load->phases[phase];
    int here = load_users_before(load, phase);
    if (user < here || user >= p->users)
        return -1;
    return join_time(p, user - here, p->users - here);
}

nsec load_leave_time(const struct plan_load_model *load, int phase, int user)
{
    const struct plan_phase *p = &load->phases[phase];
    int here = load_users_before(load, phase);
    if (user >= here || user < p->users)
        return -1;
    return p->ramp ? spread(p->duration, here - user, here - p->users) : 0;
}
