#include "find.h"

#include <inttypes.h>
#include <math.h>

/* Where a workflow expects nothing of them, a target need not have any. */
bool find_unreadable_metrics(const struct find *f, struct finding *ret)
{
    const struct record_metrics *m = &f->record->metrics;
    bool asked = f->metrics.count || f->plan->workflow.families;
    if (!asked || !m->scrapes || m->readable)
        return false;
    ret->says = "the target's metrics could not be read";
    ret->evidence = m->why;
    return true;
}

bool find_wrong_metrics(const struct find *f, struct finding *ret)
{
    const struct metric_check *m = f->metrics.items;
    if (!f->metrics.wrong)
        return false;
    while (!m->wrong)
        m++;
    ret->says = "the target's metrics are wrong, whatever became of its jobs";
    ret->next = m->next;
    ret->evidence = arena_printf(f->arena, "%s: %s", m->expected->selector->text, m->wrong);
    if (f->metrics.wrong > 1)
        ret->evidence =
            arena_printf(f->arena, "%d of %d; %s", f->metrics.wrong, f->metrics.count, ret->evidence);
    return true;
}

bool find_few_families(const struct find *f, struct finding *ret)
{
    if (!f->metrics.few_families)
        return false;
    ret->says = "the target has too few metrics";
    ret->evidence = arena_printf(f->arena, "%d families, %d are expected", f->record->metrics.families,
                                 f->plan->workflow.families);
    return true;
}

bool find_malformed_metrics(const struct find *f, struct finding *ret)
{
    const struct record_metrics *m = &f->record->metrics;
    if (!m->readable || !m->mistakes)
        return false;
    ret->says = "the target's metrics break the format's rules";
    ret->evidence = arena_printf(f->arena, "%s; %s", find_count(f, m->mistakes, "line"), m->mistake);
    return true;
}

bool find_many_series(const struct find *f, struct finding *ret)
{
    const struct record_metrics *m = &f->record->metrics;
    if (!m->unread && !m->unkept)
        return false;
    ret->says = "the target's metrics have more series than are kept";
    ret->evidence =
        m->unread
            ? arena_printf(f->arena, "%" PRId64 " series are beyond what is read", m->unread)
            : arena_printf(f->arena, "%" PRId64 " samples of expected metrics found no room", m->unkept);
    return true;
}

bool find_other_clients(const struct find *f, struct finding *ret)
{
    for (int i = 0; i < f->metrics.count; i++) {
        const struct metric_check *m = &f->metrics.items[i];
        if (!metric_check_has_others(m))
            continue;
        ret->says = "somebody else uses the target";
        ret->evidence =
            arena_printf(f->arena, "%s grew by %.15g, with %s of ours", m->expected->selector->text,
                         m->seen->grew, find_count(f, m->most, "job"));
        return true;
    }
    return false;
}

bool find_simulated(const struct find *f, struct finding *ret)
{
    for (int i = 0; i < f->record->series_count; i++) {
        if (!f->record->series[i].simulated)
            continue;
        ret->says = "figures are simulated by the target";
        ret->evidence = f->record->series[i].name;
        return true;
    }
    return false;
}
