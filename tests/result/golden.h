/*
 * golden - the guide's example as a run: five generations one after the other, in 410.5 s.
 */
#pragma once

#include "made.h"
#include "result_json.h"

/* The spans between the generations are taken out: 410.5 s from the first start to the last end. */
static inline void golden_fill(struct made *m)
{
    static const double seconds[] = {79.5, 80.9, 82.0, 82.8, 85.3};
    made_init(m, 1, 410.5);
    m->plan.scenario = "baseline";
    m->plan.load.users = USERS_CLOSED;
    /* The whole job, so that nothing lies between them. */
    m->plan.workflow.generation_first = m->record.shape.generation_first = MADE_UPLOAD;
    m->plan.workflow.generation_last = m->record.shape.generation_last = MADE_DOWNLOAD;
    double at = 0;
    for (int i = 0; i < 5; i++) {
        struct record_job *j = made_job(m, 0, at, seconds[i] - 0.3);
        made_parts(j, 0.5, seconds[i] - 2);
        j->validate = made_time(0.004);
        j->polls = 80;
        at += seconds[i];
    }
    m->record.load_ended = m->record.ended;
    m->record.started_wall = 1769860800 * NSEC_PER_SEC; /* 2026-01-31T12:00:00Z */
    m->record.generator.workers = 1;
    m->record.generator.cpu = made_time(0.82);
    m->record.generator.steal_percent = 0.1;
    made_criterion(m, "avg_time_ok", MEASURE_AVG, COMPARE_RANGE, 75)->limit_high = 90;
    made_criterion(m, "zero_errors", MEASURE_ERROR_RATE, COMPARE_AT_MOST, 0);
    made_criterion(m, "full_success", MEASURE_SUCCESS_RATE, COMPARE_AT_LEAST, 100);
    made_criterion(m, "all_completed", MEASURE_COMPLETED, COMPARE_AT_LEAST, 5);
}

static inline struct result_context golden_context(void)
{
    return (struct result_context){
        .version = "0.1.0",
        .command = "orfeas run baseline",
        .seed = 42,
        .target_url = "http://localhost:5000",
        .target_server = "orfeasd/0.1.0",
        .target_health = "{\"status\":\"healthy\"}",
        .environment = {.cpus = 2, .system = "Linux", .kernel = "6.1.0", .arch = "x86_64"},
    };
}
