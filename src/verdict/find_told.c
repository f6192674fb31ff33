#include "find.h"

#include <inttypes.h>

enum { NAMED_MAX = 3 }; /* states that a finding names */

bool find_untold(const struct find *f, struct finding *ret)
{
    if (!f->record->traffic.missed)
        return false;
    ret->says = "jobs ended untold: only a poll saw it";
    ret->evidence = find_count(f, f->record->traffic.missed, "job");
    return true;
}

bool find_late_ends(const struct find *f, struct finding *ret)
{
    const struct record_traffic *t = &f->record->traffic;
    if (!t->late)
        return false;
    ret->says = "ends were told after a poll had seen them";
    ret->evidence =
        arena_printf(f->arena, "%s, up to %s later", find_count(f, t->late, "end"), find_time(f, t->latest));
    return true;
}

bool find_backwards(const struct find *f, struct finding *ret)
{
    if (!f->record->traffic.backwards)
        return false;
    ret->says = "the progress that was told went backwards";
    ret->evidence = find_count(f, f->record->traffic.backwards, "time");
    return true;
}

/* ---- states ---- */

bool find_unknown_states(const struct find *f, struct finding *ret)
{
    const struct record_words *w = &f->record->unknown;
    if (!w->count)
        return false;
    ret->says = "the target says states that the workflow does not know";
    ret->evidence = "";
    for (int i = 0; i < w->count && i < NAMED_MAX; i++)
        ret->evidence = arena_printf(f->arena, "%s%s'%s' (%s)", ret->evidence, i ? ", " : "", w->items[i].text,
                                     find_count(f, w->items[i].times, "time"));
    if (w->count > NAMED_MAX)
        ret->evidence = arena_printf(f->arena, "%s and others", ret->evidence);
    return true;
}

bool find_out_of_order(const struct find *f, struct finding *ret)
{
    if (!f->record->traffic.out_of_order)
        return false;
    ret->says = "the target said less than it had said before";
    ret->evidence = find_count(f, f->record->traffic.out_of_order, "message or poll");
    return true;
}

bool find_contradicted(const struct find *f, struct finding *ret)
{
    if (!f->record->traffic.contradicted)
        return false;
    ret->says = "jobs were told of one way and polled another: both cannot be true";
    ret->evidence = find_count(f, f->record->traffic.contradicted, "job");
    return true;
}
