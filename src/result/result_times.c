#include "result_times.h"

#include "completion.h"
#include "json_value.h"
#include "record_parts.h"
#include "sample.h"

#include <math.h>
#include <stdio.h>

/* ---- completion ---- */

static json_t *seconds_json(const struct completion *c)
{
    json_t *out = json_object();
    for (int i = 0; i < COMPLETION_PERCENTILES; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%g", completion_percents[i]);
        json_object_set_new(
            out, name,
            json_pack("[o, o]", json_value_number(c->seconds[i].low), json_value_number(c->seconds[i].high)));
    }
    return out;
}

static json_t *clock_json(const struct completion *c)
{
    if (!c->has_clock)
        return json_null();
    return json_pack("{s:[o, o], s:o, s:i, s:i}", "offset", json_value_number(nsec_to_sec(c->clock.low)),
                     json_value_number(nsec_to_sec(c->clock.high)), "width",
                     json_value_seconds(c->clock_width), "steps", c->clock_steps, "evidence",
                     c->clock_evidence);
}

json_t *result_completion(const struct plan *p, const struct record *r)
{
    struct completion c;
    completion_measure(p, r, &c);
    return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "method",
                     completion_method_names[c.method], "why", json_value_text(c.why), "jobs",
                     (json_int_t)c.jobs, "told", (json_int_t)c.told, "contradicted",
                     (json_int_t)c.contradicted, "implausible", (json_int_t)c.implausible, "bound",
                     json_value_number(c.bound), "bound_most", json_value_number(c.bound_most), "generation",
                     seconds_json(&c), "clock", clock_json(&c));
}

/* ---- stages ---- */

struct gathered { /* of one stage */
    double *values;
    int64_t count;
    double sum;
};

static double gather(const struct record *r, struct arena *arena, struct gathered *stages)
{
    double processing = 0;
    for (int pass = 0; pass < 2; pass++) { /* how many there are, then what they are */
        for (int i = 0; i < r->stage_count; i++) {
            stages[i].values = pass ? arena_new(arena, double, stages[i].count) : NULL;
            stages[i].count = 0;
        }
        for (int i = 0; i < r->job_count; i++) {
            const struct record_job *job = r->jobs[i];
            if (job->phase < 0 || !job->stage_count || record_step_took(job, job->waited) < 0)
                continue;
            processing += pass ? nsec_to_sec(job->processing) : 0;
            for (int n = 0; n < job->stage_count; n++) {
                struct gathered *g = &stages[job->stages[n].name];
                double seconds = nsec_to_sec(job->stages[n].end - job->stages[n].start);
                if (pass)
                    g->values[g->count] = seconds;
                g->sum += pass ? seconds : 0;
                g->count++;
            }
        }
    }
    return processing;
}

json_t *result_stages(const struct record *r, struct arena *arena)
{
    struct gathered stages[RECORD_STAGES_MAX] = {0};
    double processing = gather(r, arena, stages);
    json_t *out = json_array();
    for (int i = 0; i < r->stage_count; i++) {
        struct sample s = sample_of(stages[i].values, stages[i].count);
        struct sample_summary of;
        sample_summarise(&s, &of);
        json_array_append_new(
            out, json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "name", json_value_text(r->stages[i]),
                           "count", (json_int_t)of.count, "avg", json_value_number(of.mean), "p50",
                           json_value_number(of.p50), "p95", json_value_number(of.p95), "p99",
                           json_value_number(of.p99), "share",
                           json_value_number(processing > 0 ? 100 * stages[i].sum / processing : NAN)));
    }
    return out;
}

/* ---- jobs ---- */

/* Of one in which the job ended: until then. */
static json_t *steps_json(const struct plan *p, const struct record_job *job)
{
    json_t *out = json_object();
    for (int i = 0; i < p->workflow.step_count; i++) {
        struct record_span s = job->steps[i];
        if (s.start >= 0)
            json_object_set_new(out, p->workflow.steps[i].name,
                                json_value_seconds((s.end >= 0 ? s.end : job->ended) - s.start));
    }
    return out;
}

static json_t *job_stages_json(const struct record *r, const struct record_job *job)
{
    json_t *out = json_array();
    for (int i = 0; i < job->stage_count; i++)
        json_array_append_new(out, json_pack("[o, o, o]", json_value_text(r->stages[job->stages[i].name]),
                                             json_value_seconds(job->stages[i].start),
                                             json_value_seconds(job->stages[i].end)));
    return out;
}

static json_t *job_json(const struct plan *p, const struct record *r, const struct record_job *job)
{
    static const char *const outcomes[] = {[JOB_RUNNING] = "unfinished",
                                           [JOB_OK] = "ok",
                                           [JOB_FAILED] = "failed",
                                           [JOB_UNFINISHED] = "unfinished"};
    return json_pack("{s:i, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "number",
                     job->number, "phase", json_value_text(p->load.phases[job->phase].name), "outcome",
                     outcomes[job->outcome], "due", json_value_seconds(job->due), "whole",
                     json_value_seconds(job->ended - job->due), "lag",
                     json_value_seconds(job->sent - job->due), "steps", steps_json(p, job), "between",
                     json_value_seconds(record_parts_between(&r->shape, job)), "queue",
                     json_value_seconds(job->queue), "processing", json_value_seconds(job->processing),
                     "notice", json_value_seconds(record_parts_notice(job)), "unseen",
                     json_value_seconds(job->unseen), "stages", job_stages_json(r, job));
}

json_t *result_jobs(const struct plan *p, const struct record *r)
{
    json_t *rows = json_array();
    int left_out = 0;
    for (int i = 0; i < r->job_count; i++) {
        if (r->jobs[i]->phase < 0)
            continue;
        if (json_array_size(rows) < RESULT_JOBS_MAX)
            json_array_append_new(rows, job_json(p, r, r->jobs[i]));
        else
            left_out++;
    }
    return json_pack("{s:o, s:i}", "rows", rows, "left_out", left_out);
}
