#include "find.h"

#include <inttypes.h>

bool find_late_generator(const struct find *f, struct finding *ret)
{
    const struct verdict_generator *g = &f->verdict->generator;
    if (g->fit)
        return false;
    ret->says = "the generator was late: the figures are this machine's";
    ret->evidence = arena_printf(f->arena, "p99 of the start lag of %s is %s, at most %s is allowed",
                                 find_count(f, g->starts, "start"), find_seconds(f, g->start_lag_p99),
                                 find_seconds(f, g->allowed));
    return true;
}

bool find_local_limit(const struct find *f, struct finding *ret)
{
    const struct record_generator *g = &f->record->generator;
    if (!find_kind(f, ret, FAIL_LOCAL, "this machine had no connection left to make"))
        return false;
    if (g->fd_limit)
        ret->evidence = arena_printf(f->arena, "%s; %" PRId64 " of %" PRId64 " descriptors were in use",
                                     ret->evidence, g->fd_most, g->fd_limit);
    return true;
}

bool find_stolen_time(const struct find *f, struct finding *ret)
{
    double steal = f->record->generator.steal_percent;
    if (!(steal > 5))
        return false;
    ret->says = "this machine's time was taken by its host";
    ret->evidence = arena_printf(f->arena, "%.1f %%", steal);
    return true;
}

bool find_interrupted(const struct find *f, struct finding *ret)
{
    if (!f->record->interrupted)
        return false;
    ret->says = "the run was interrupted";
    ret->evidence = arena_printf(f->arena, "the load ended at %s", find_time(f, f->record->load_ended));
    return true;
}

bool find_skipped(const struct find *f, struct finding *ret)
{
    int64_t skipped = f->record->generator.skipped;
    if (skipped <= 0)
        return false;
    ret->says = "starts were skipped: the target held too many jobs";
    ret->evidence = arena_printf(f->arena, "%s, with %" PRId64 " jobs under way",
                                 find_count(f, skipped, "start"), f->plan->load.max_in_flight);
    return true;
}

bool find_abandoned(const struct find *f, struct finding *ret)
{
    int64_t abandoned = f->record->generator.abandoned;
    if (abandoned <= 0)
        return false;
    ret->says = "starts waited for their turn when the run was interrupted: how long is in no percentile";
    ret->evidence = find_count(f, abandoned, "start");
    return true;
}
