#include "record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void rename_stages(struct record_job *job, const int *stage_map)
{
    for (int i = 0; i < job->stage_count; i++)
        job->stages[i].name = stage_map[job->stages[i].name];
}

static void merge_rows(struct record *into, struct record *from, const int *message_map)
{
    int stage_map[RECORD_STAGES_MAX] = {0};
    for (int i = 0; i < from->stage_count; i++)
        stage_map[i] = record_stage_name(into, from->stages[i]);
    int count = into->job_count + from->job_count;
    struct record_job **jobs = arena_new(&into->arena, struct record_job *, count);
    if (into->job_count)
        memcpy(jobs, into->jobs, (size_t)into->job_count * sizeof(struct record_job *));
    for (int i = 0; i < from->job_count; i++) {
        struct record_job *job = from->jobs[i];
        if (job->error >= 0)
            job->error = message_map[job->error];
        rename_stages(job, stage_map);
        jobs[into->job_count + i] = job;
    }
    into->jobs = jobs;
    into->job_count = into->job_capacity = count;
}

static void merge_tallies(struct record *into, struct record *from, const int *message_map)
{
    for (int i = 0; i < into->shape.phases; i++)
        record_tally_merge(&into->tallies[i], &from->tallies[i], message_map);
    record_intervals_merge(&into->intervals, &from->intervals);
    if (!into->broken)
        into->broken = from->broken;
}

static void merge_jobs(struct record *into, struct record *from)
{
    int message_map[RECORD_MESSAGES_MAX] = {0};
    for (int i = 0; i < from->message_count; i++)
        message_map[i] = record_message(into, from->messages[i]);
    if (into->shape.keeping == RECORD_ROWS)
        merge_rows(into, from, message_map);
    else
        merge_tallies(into, from, message_map);
}

/* Each time that either changes, the sum of what both are then. */
static void merge_users(struct record *into, const struct record *from)
{
    int count = into->user_changes + from->user_changes, a = 0, b = 0, used = 0;
    struct record_point *users = arena_new(&into->arena, struct record_point, count);
    double ours = 0, theirs = 0;
    while (a < into->user_changes || b < from->user_changes) {
        nsec our_next = a < into->user_changes ? into->users[a].at : NSEC_NEVER;
        nsec their_next = b < from->user_changes ? from->users[b].at : NSEC_NEVER;
        if (our_next <= their_next)
            ours = into->users[a++].value;
        else
            theirs = from->users[b++].value;
        users[used++] = (struct record_point){our_next <= their_next ? our_next : their_next, ours + theirs};
    }
    into->users = users;
    into->user_changes = into->user_capacity = count;
}

static nsec later(nsec a, nsec b)
{
    return a > b ? a : b;
}

static nsec earlier(nsec a, nsec b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void merge_times(struct record *into, const struct record *from)
{
    if (!into->started_wall)
        into->started_wall = from->started_wall;
    into->load_ended = later(into->load_ended, from->load_ended);
    into->ended = later(into->ended, from->ended);
    into->interrupted |= from->interrupted;
    for (int i = 0; i < into->shape.phases; i++) {
        into->phases[i].start = earlier(into->phases[i].start, from->phases[i].start);
        into->phases[i].end = later(into->phases[i].end, from->phases[i].end);
    }
}

static void merge_traffic(struct record_traffic *into, const struct record_traffic *from)
{
    into->requests += from->requests;
    into->polls += from->polls;
    into->resent += from->resent;
    into->messages += from->messages;
    into->reconnects += from->reconnects;
    into->out_of_order += from->out_of_order;
    into->contradicted += from->contradicted;
    into->backwards += from->backwards;
    into->missed += from->missed;
    into->late += from->late;
    into->latest = into->latest > from->latest ? into->latest : from->latest;
    into->throttled += from->throttled;
    into->retries += from->retries;
    into->connects += from->connects;
    into->bytes_sent += from->bytes_sent;
    into->bytes_received += from->bytes_received;
}

static void merge_generator(struct record_generator *into, const struct record_generator *from)
{
    into->workers += from->workers;
    into->cpu += from->cpu;
    into->scheduled += from->scheduled;
    into->abandoned += from->abandoned;
    into->skipped += from->skipped;
    if (from->steal_percent > into->steal_percent)
        into->steal_percent = from->steal_percent;
    into->fd_limit = later(into->fd_limit, from->fd_limit);
    into->fd_most = later(into->fd_most, from->fd_most);
    hist_merge(into->start_lag, from->start_lag);
    hist_merge(into->loop_lag, from->loop_lag);
}

static void *joined(struct arena *arena, const void *a, int a_count, const void *b, int b_count, size_t size)
{
    char *out = arena_alloc(arena, (size_t)(a_count + b_count), size);
    if (a_count)
        memcpy(out, a, (size_t)a_count * size);
    if (b_count)
        memcpy(out + (size_t)a_count * size, b, (size_t)b_count * size);
    return out;
}

static void merge_clock(struct record *into, const struct record *from)
{
    into->clock = joined(&into->arena, into->clock, into->clock_count, from->clock, from->clock_count,
                         sizeof *into->clock);
    into->clock_count += from->clock_count;
    into->clock_capacity = into->clock_count;
}

/* What the watcher saw, which writes into one record as a rule. */
static void merge_watch(struct record *into, const struct record *from)
{
    into->series = joined(&into->arena, into->series, into->series_count, from->series, from->series_count,
                          sizeof *into->series);
    into->series_count += from->series_count;
    into->series_capacity = into->series_count;
    into->probes = joined(&into->arena, into->probes, into->probe_count, from->probes, from->probe_count,
                          sizeof *into->probes);
    into->probe_count += from->probe_count;
    into->probe_capacity = into->probe_count;
    if (from->metrics.scrapes)
        into->metrics = from->metrics;
}

void record_merge(struct record *into, struct record *from)
{
    assert(into->shape.steps == from->shape.steps && into->shape.phases == from->shape.phases &&
           into->shape.keeping == from->shape.keeping);
    merge_jobs(into, from);
    merge_users(into, from);
    merge_times(into, from);
    merge_traffic(&into->traffic, &from->traffic);
    record_words_merge(&into->unknown, &from->unknown);
    record_contact_merge(&into->contact, &from->contact);
    merge_generator(&into->generator, &from->generator);
    merge_clock(into, from);
    merge_watch(into, from);
    arena_adopt(&into->arena, &from->arena);
    record_finish(from);
}

static int by_start(const void *left, const void *right)
{
    const struct record_job *a = *(struct record_job *const *)left, *b = *(struct record_job *const *)right;
    if (a->sent != b->sent)
        return a->sent < b->sent ? -1 : 1;
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

void record_sort(struct record *r)
{
    if (r->job_count)
        qsort(r->jobs, (size_t)r->job_count, sizeof(struct record_job *), by_start);
}
