#include "record.h"

void record_tally_init(struct record_tally *t, struct record_step_tally *steps, int step_count)
{
    *t = (struct record_tally){.first_sent = -1,
                               .last_ended = -1,
                               .generation = hist_create(),
                               .validate = hist_create(),
                               .steps = steps,
                               .step_count = step_count};
    for (int i = 0; i < step_count; i++)
        steps[i] = (struct record_step_tally){.took = hist_create()};
}

void record_tally_finish(struct record_tally *t)
{
    hist_destroy(t->generation);
    hist_destroy(t->validate);
    for (int i = 0; i < t->step_count; i++)
        hist_destroy(t->steps[i].took);
}

void record_tally_started(struct record_tally *t, const struct record_job *job)
{
    t->attempted++;
    if (t->first_sent < 0 || job->sent < t->first_sent)
        t->first_sent = job->sent;
}

static void count_failure(struct record_tally *t, const struct record_job *job)
{
    bool told = job->error >= 0 && job->error < RECORD_MESSAGES_MAX;
    t->failed++;
    t->kinds[job->fail]++;
    t->errors[job->fail][told ? job->error : RECORD_MESSAGES_MAX]++;
    t->censored += job->fail == FAIL_TIMEOUT;
    if (job->failed_step >= 0)
        t->steps[job->failed_step].failed++;
}

static void count_outcome(struct record_tally *t, const struct record_job *job)
{
    if (job->outcome == JOB_FAILED)
        count_failure(t, job);
    t->ok += job->outcome == JOB_OK;
    t->unfinished += job->outcome == JOB_UNFINISHED;
}

void record_tally_ended(struct record_tally *t, const struct record_job *job, nsec generation)
{
    count_outcome(t, job);
    t->accepted += job->accepted;
    t->models_checked += job->model_checked;
    t->models_valid += job->model_valid;
    t->polls += job->polls;
    t->throttled += job->throttled;
    t->retries += job->retries;
    if (job->ended > t->last_ended)
        t->last_ended = job->ended;
    if (generation >= 0 && job->outcome == JOB_OK)
        hist_add(t->generation, generation);
    if (job->validate >= 0)
        hist_add(t->validate, job->validate);
    for (int i = 0; i < t->step_count; i++) {
        nsec took = record_step_took(job, i);
        if (took >= 0)
            hist_add(t->steps[i].took, took);
        t->steps[i].censored += record_timed_out_in(job, i);
    }
}

static void merge_failures(struct record_tally *into, const struct record_tally *from, const int *message_map)
{
    for (int kind = 0; kind < FAIL_KINDS; kind++) {
        into->kinds[kind] += from->kinds[kind];
        into->errors[kind][RECORD_MESSAGES_MAX] += from->errors[kind][RECORD_MESSAGES_MAX];
        for (int i = 0; i < RECORD_MESSAGES_MAX; i++)
            if (from->errors[kind][i])
                into->errors[kind][message_map[i]] += from->errors[kind][i];
    }
}

static void merge_times(struct record_tally *into, const struct record_tally *from)
{
    if (into->first_sent < 0 || (from->first_sent >= 0 && from->first_sent < into->first_sent))
        into->first_sent = from->first_sent;
    if (from->last_ended > into->last_ended)
        into->last_ended = from->last_ended;
}

void record_tally_merge(struct record_tally *into, const struct record_tally *from, const int *message_map)
{
    into->attempted += from->attempted;
    into->accepted += from->accepted;
    into->ok += from->ok;
    into->failed += from->failed;
    into->unfinished += from->unfinished;
    into->censored += from->censored;
    into->models_checked += from->models_checked;
    into->models_valid += from->models_valid;
    into->polls += from->polls;
    into->throttled += from->throttled;
    into->retries += from->retries;
    merge_failures(into, from, message_map);
    merge_times(into, from);
    hist_merge(into->generation, from->generation);
    hist_merge(into->validate, from->validate);
    for (int i = 0; i < into->step_count; i++) {
        hist_merge(into->steps[i].took, from->steps[i].took);
        into->steps[i].failed += from->steps[i].failed;
        into->steps[i].censored += from->steps[i].censored;
    }
}

const char *record_tally_check(const struct record_tally *t)
{
    int64_t kinds = 0, errors = 0;
    for (int kind = 0; kind < FAIL_KINDS; kind++) {
        kinds += t->kinds[kind];
        for (int i = 0; i <= RECORD_MESSAGES_MAX; i++)
            errors += t->errors[kind][i];
    }
    if (t->kinds[FAIL_NONE] || t->failed != kinds || t->failed != errors)
        return "a failed job, and no other, has a kind of failure";
    if (t->attempted != t->ok + t->failed + t->unfinished)
        return "attempted = ok + failed + unfinished";
    if (t->step_count && hist_count(t->generation) != t->ok)
        return "every job that succeeded has a generation";
    for (int i = 0; i < t->step_count; i++)
        if (hist_count(t->steps[i].took) > t->attempted)
            return "a job does a step once";
    return NULL;
}
