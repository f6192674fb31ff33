#include "describe.h"

static void add_think(const struct plan_phase *phase, struct buf *out)
{
    char low[DURATION_TEXT], high[DURATION_TEXT];
    if (phase->think.high == 0)
        return;
    buf_printf(out, ", thinking %s", duration_text(phase->think.low, low));
    if (phase->think.high != phase->think.low)
        buf_printf(out, " to %s", duration_text(phase->think.high, high));
}

static void add_users(const struct plan *plan, const struct plan_phase *phase, struct buf *out)
{
    buf_printf(out, "%s%d %s user%s", phase->ramp ? "along a ramp to " : "", phase->users,
               user_model_name(plan->load.users), phase->users == 1 ? "" : "s");
}

static void add_rate(const struct plan *plan, const struct plan_phase *phase, struct buf *out)
{
    const struct plan_load_model *load = &plan->load;
    if (load->arrivals == ARRIVALS_REPLAY)
        buf_printf(out, "%lld jobs, replayed", (long long)load->replay_count);
    else
        buf_printf(out, "%s%.6g jobs a second, %s", phase->ramp ? "along a ramp to " : "", phase->rate,
                   arrival_kind_name(load->arrivals));
}

static void add_phase(const struct plan *plan, const struct plan_phase *phase, struct buf *out)
{
    char text[DURATION_TEXT];
    buf_printf(out, "  %-10s", phase->name);
    (plan->load.users == USERS_OPEN ? add_rate : add_users)(plan, phase, out);
    if (phase->duration != NSEC_NEVER)
        buf_printf(out, " for %s", duration_text(phase->duration, text));
    if (plan->load.jobs)
        buf_printf(out, ", %lld jobs in all", (long long)plan->load.jobs);
    add_think(phase, out);
    if (phase->start_every && !phase->ramp)
        buf_printf(out, ", one more every %s", duration_text(phase->start_every, text));
    buf_add_text(out, "\n");
}

static void add_limits(const struct plan_load_model *load, struct buf *out)
{
    char text[DURATION_TEXT];
    buf_printf(out, "  limits    %lld jobs in flight", (long long)load->max_in_flight);
    if (load->concurrent)
        buf_printf(out, ", %lld of them under way", (long long)load->concurrent);
    if (load->connections)
        buf_printf(out, ", %d connections", load->connections);
    buf_printf(out, ", connected within %s", duration_text(load->connect_timeout, text));
    if (load->first_byte_timeout)
        buf_printf(out, ", first byte within %s", duration_text(load->first_byte_timeout, text));
    if (load->idle_timeout)
        buf_printf(out, ", standing still for %s", duration_text(load->idle_timeout, text));
    buf_printf(out, ", name looked up %s\n", load->resolve_each ? "for each connection" : "once");
}

static void add_steps(const struct workflow *w, struct buf *out)
{
    buf_printf(out, "  each job  %s:", w->name);
    for (int i = 0; i < w->step_count; i++)
        buf_printf(out, "%s%s", i ? " → " : " ", w->steps[i].name);
}

static void add_retry(const struct plan_step *step, struct buf *out)
{
    char wait[DURATION_TEXT];
    if (step->retry.status_count == 0)
        return;
    buf_printf(out, "  retry     %s on", step->name);
    for (int i = 0; i < step->retry.status_count; i++)
        buf_printf(out, "%s %d", i ? "," : "", step->retry.statuses[i]);
    buf_printf(out, ", %d time%s, after %s or what the answer says\n", step->retry.times,
               step->retry.times == 1 ? "" : "s", duration_text(step->retry.wait, wait));
}

static void add_retries(const struct workflow *w, struct buf *out)
{
    for (int i = 0; i < w->step_count; i++)
        add_retry(&w->steps[i], out);
}

void describe_plan(const struct plan *plan, const struct payload *payload, const struct preflight *preflight,
                   struct buf *out)
{
    char timeout[DURATION_TEXT];
    buf_printf(out, "%s: %s\n", plan->scenario, plan->about);
    for (int i = 0; i < plan->load.phase_count; i++)
        add_phase(plan, &plan->load.phases[i], out);
    add_steps(&plan->workflow, out);
    buf_printf(out, ", within %s\n", duration_text(plan->load.timeout, timeout));
    add_retries(&plan->workflow, out);
    add_limits(&plan->load, out);
    if (payload)
        buf_printf(out, "  picture   %zu bytes, %s\n", payload_bytes(payload),
                   payload->unique ? "other pixels in every upload" : "the same in every upload");
    buf_printf(out, "  target    %s%s%s\n", preflight->health[0] ? preflight->health : "listens",
               preflight->server[0] ? ", " : "", preflight->server);
    for (int i = 0; i < plan->criterion_count; i++)
        buf_printf(out, "  %s %s: %s\n", i ? "         " : "criteria ", plan->criteria[i].name,
                   plan->criteria[i].expression);
}
