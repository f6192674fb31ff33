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

static void add_phase(const struct plan *plan, const struct plan_phase *phase, struct buf *out)
{
    char text[DURATION_TEXT];
    buf_printf(out, "  %-10s%d %s user%s", phase->name, phase->users, user_model_name(plan->load.users),
               phase->users == 1 ? "" : "s");
    if (phase->duration != NSEC_NEVER)
        buf_printf(out, " for %s", duration_text(phase->duration, text));
    if (plan->load.jobs)
        buf_printf(out, ", %lld jobs in all", (long long)plan->load.jobs);
    add_think(phase, out);
    if (phase->start_every)
        buf_printf(out, ", one more every %s", duration_text(phase->start_every, text));
    buf_add_text(out, "\n");
}

static void add_steps(const struct workflow *w, struct buf *out)
{
    buf_printf(out, "  each job  %s:", w->name);
    for (int i = 0; i < w->step_count; i++)
        buf_printf(out, "%s%s", i ? " → " : " ", w->steps[i].name);
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
    if (payload)
        buf_printf(out, "  picture   %zu bytes, %s\n", payload_bytes(payload),
                   payload->unique ? "other pixels in every upload" : "the same in every upload");
    buf_printf(out, "  target    %s%s%s\n", preflight->health[0] ? preflight->health : "listens",
               preflight->server[0] ? ", " : "", preflight->server);
    for (int i = 0; i < plan->criterion_count; i++)
        buf_printf(out, "  %s %s: %s\n", i ? "         " : "criteria ", plan->criteria[i].name,
                   plan->criteria[i].expression);
}
