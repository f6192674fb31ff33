/*
 * metered - metrics of the target for a plan and a record made by hand.
 */
#pragma once

#include "made.h"

enum { METERED_MAX = 8 };

struct metered {
    struct made made;
    struct promtext_selector selectors[METERED_MAX];
    struct plan_metric expected[METERED_MAX];
    struct record_metric seen[METERED_MAX];
};

/* `jobs` that succeed, and metrics that were read before the first and after the last of them. */
static inline void metered_init(struct metered *m, int jobs)
{
    *m = (struct metered){0};
    made_init(&m->made, 1, 1000);
    for (int i = 0; i < jobs; i++)
        made_job(&m->made, 0, i, 82);
    m->made.record.metrics = (struct record_metrics){
        .readable = true, .why = "", .mistake = "", .families = 60, .scrapes = 5, .first = 0, .last = made_time(5000), .items = m->seen};
    m->made.plan.workflow.metrics = m->expected;
}

/* A counter that the workflow expects and that grew by so much; to be changed. */
static inline int metered_add(struct metered *m, const char *name, double grew)
{
    int i = m->made.plan.workflow.metric_count++;
    m->made.record.metrics.count++;
    m->selectors[i] = (struct promtext_selector){.name = name, .text = name};
    m->expected[i] = (struct plan_metric){.selector = &m->selectors[i], .typed = true, .type = PROMTEXT_COUNTER};
    m->seen[i] = (struct record_metric){
        .name = name, .type = "counter", .series = 1, .moved = grew != 0, .first = 100, .last = 100 + grew, .grew = grew,
        .p50 = NAN, .p95 = NAN, .p99 = NAN};
    return i;
}
